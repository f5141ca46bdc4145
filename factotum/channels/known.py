"""Which channels there are, which of them are set up, and which are to run here.

Knows their settings and nothing of how they speak. Asks nobody outside.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

from factotum.rooms import DoorError
from factotum.settings import PREFIX, Settings

#: What people ask for that is not there.
NOT_BUILT = ("WhatsApp", "Feishu")


@dataclass(frozen=True)
class Kind:
    """`setting` is the one that sets it up, without FACTOTUM_. `hears`: a person can answer
    there; without that it only tells. `app` is what PM2 calls its process."""

    name: str
    about: str
    setting: str
    hears: bool
    app: str

    def set_up(self, settings: Settings) -> bool:
        return settings.given(self.setting)

    @property
    def needs(self) -> str:
        return PREFIX + self.setting

    @property
    def begin(self) -> str:
        """What a person does to set it up."""
        return f"factotum channels login {self.name}" if self.hears else f"give {self.needs}"


KINDS: tuple[Kind, ...] = (
    Kind("telegram", "approvals and talk, by a bot of your own", "TELEGRAM_TOKEN", True,
         "telegram"),
    Kind("discord", "what you are told, by a webhook; nothing is heard there",
         "DISCORD_WEBHOOK_URL", False, "discord"),
    Kind("apprise", "what you are told, by ntfy, Pushover, mail and others; nothing is heard there",
         "NOTIFY_URLS", False, "apprise"),
)  # fmt: skip

#: The first that is set up is run; those behind it are told by its process when it fails.
NAMES = tuple(kind.name for kind in KINDS)


def kind(name: str) -> Kind:
    """Raises DoorError when there is none of that name."""
    check(name, "channels")
    return next(one for one in KINDS if one.name == name)


def first(settings: Settings) -> str:
    """The one that is run: the first that is set up, empty where none is."""
    return next((kind.name for kind in KINDS if kind.set_up(settings)), "")


def check(named: str, where: str = f"{PREFIX}CHANNELS") -> None:
    """Raises DoorError when `where` names a channel that is not there."""
    for name in _parts(named):
        if name in {"all", "none", *NAMES}:
            continue
        near = get_close_matches(name, NAMES, 1)
        absent = name.casefold() in {one.casefold() for one in NOT_BUILT}
        hint = f"Did you mean {near[0]}? " if near else ""
        why = "is not built yet" if absent else "is not there"
        raise DoorError(
            f"{where}: the channel {name!r} {why}. {hint}There are: {', '.join(NAMES)}. Write "
            f"all, none, or names of these"
        )


def chosen(named: str) -> tuple[str, ...]:
    """The names that FACTOTUM_CHANNELS means: those that run within `factotum up`."""
    parts = tuple(dict.fromkeys(_parts(named)))
    if "none" in parts:
        return ()
    return NAMES if "all" in parts else parts


def wanted(named: str) -> tuple[str, ...]:
    """The names of those that somebody is to run, this process or another: where
    FACTOTUM_CHANNELS is none, others run all that are set up."""
    return chosen(named) or NAMES


def _parts(named: str) -> list[str]:
    return [part.strip() for part in named.split(",") if part.strip()]
