"""The other show: the office is killed while it sends, started again, and the mail counted.

It is killed with SIGKILL at a named place, twice: after the whole mail was handed over and
before the answer was read, and before the first byte. What is claimed is checked here, by
the mailbox in this process and by what the vault says.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from factotum.demo import letter, paper
from factotum.demo.house import DemoError, House
from factotum.demo.letterbox import Letterbox
from factotum.demo.stage import Stage
from factotum.note import set_props

#: The wait before sending, shortened: the other show has it.
REGRET_S = 0.3
#: How long a restarted office is watched for a second mail, in seconds: several ticks.
WATCHED_S = 2.5


@dataclass(frozen=True)
class Scene:
    """One place to be killed at, and what must be so afterwards."""

    failpoint: str
    title: str
    folder: str
    status: str
    before: int


SCENES = (
    Scene(
        "mail.dot",
        "Killed after the whole mail was handed over, before the answer was read",
        "Pending_Approval",
        "unknown",
        1,
    ),
    Scene("attempt.begun", "Killed before the first byte was sent", "Done", "succeeded", 0),
)


def play_crash(stage: Stage, *, keep: bool) -> int:
    """Plays both scenes. 0 only if each ended with one mail and the right words."""
    stage.say("The office is killed while it sends (kill -9), twice, and started again.", indent=0)
    stage.say("Whoever repeats blindly sends twice; whoever forgets sends nothing.", indent=0)
    good = [_scene(stage, scene, keep) for scene in SCENES]
    stage.title("What was claimed, and what was seen")
    for scene, seen in zip(SCENES, good, strict=True):
        stage.verdict(f"{scene.title}: {'held' if seen else 'did not hold'}", good=seen)
    return 0 if all(good) else 1


def _scene(stage: Stage, scene: Scene, keep: bool) -> bool:
    stage.title(f"— {scene.title} —")
    with Letterbox() as post, House(post.port, regret_s=REGRET_S, keep=keep) as house:
        card = _killed(stage, house, scene)
        if scene.before:
            _wait(lambda: len(post.letters) >= scene.before)
        held = _check(stage, post, scene.before, "when it was killed")
        stage.say(
            f"The request lies in {card.parent.name}; it is started again, with nothing else."
        )
        house.start()
        try:
            house.until(lambda: bool(house.cards(scene.folder, scene.status)), "an outcome")
        except DemoError:
            return _not_so(stage, house, post, scene)
        stage.say(f"It says: {scene.status}")
        stage.sheet(_shown(house, scene))
        held &= _check(stage, post, 1, "after the restart")
        house.stop()
        house.start()
        time.sleep(WATCHED_S)
        held &= _check(stage, post, 1, f"after another restart, watched for {WATCHED_S:g} s")
        still = bool(house.cards(scene.folder, scene.status))
        stage.verdict(f"it still says: {scene.status if still else 'something else'}", good=still)
        if scene.status == "unknown":
            held &= _resolved(stage, house, post)
        house.stop()
        if keep:
            stage.say(f"The vault stays: {house.root}")
    return held and still


def _resolved(stage: Stage, house: House, post: Letterbox) -> bool:
    """A person looked into the mailbox, and ticks what they found."""
    stage.say("You look into the mailbox, find the mail there, and tick `happened`:")
    (card,) = house.cards("Pending_Approval", "unknown")
    card.write_bytes(set_props(card.read_bytes(), {"happened": True}))
    house.until(lambda: bool(house.cards("Done", "happened")), "your word to count")
    house.until(lambda: bool(house.tasks("Done")), "the finished task")
    stage.sheet(paper.part(house.tasks("Done")[0].read_bytes(), "Receipts"))
    return _check(stage, post, 1, "at the end")


def _killed(stage: Stage, house: House, scene: Scene) -> Path:
    """Brings a request to its yes, and the office to its end; returns the request's note."""
    house.start(scene.failpoint)
    house.drop(letter.FILE, letter.letter(datetime.now().astimezone()))
    house.until(lambda: bool(house.cards("Pending_Approval", "pending")), "a request")
    (card,) = house.cards("Pending_Approval", "pending")
    card = house.move(card, "Approved")
    stage.say(f"A mail came in, and its answer was approved: {card.parent.name}/{card.name}")
    if not house.killed():
        raise DemoError(f"the office was not killed at {scene.failpoint}:\n{house.log()}")
    stage.say(f"The office was killed at {scene.failpoint}.")
    return card


def _wait(is_so: Callable[[], bool]) -> None:
    """Gives what the dead process left in its socket a moment to arrive."""
    end = time.monotonic() + 3.0
    while not is_so() and time.monotonic() < end:
        time.sleep(0.02)


def _check(stage: Stage, post: Letterbox, wanted: int, at: str) -> bool:
    count = len(post.letters)
    stage.verdict(f"mailbox {at}: {count} (expected {wanted})", good=count == wanted)
    return count == wanted


def _shown(house: House, scene: Scene) -> list[str]:
    (card,) = house.cards(scene.folder, scene.status)
    if scene.status == "unknown":
        return [
            *_head(card),
            "",
            f"or: factotum resolve {house.props(card)['id']} happened | did-not | leave",
        ]
    return paper.part(card.read_bytes(), "Receipt")


def _head(card: Path) -> list[str]:
    """The request down to its first part: what is known, and what can be done."""
    lines = paper.readable(card.read_bytes())
    end = lines.index("The mail") if "The mail" in lines else len(lines)
    return lines[:end]


def _not_so(stage: Stage, house: House, post: Letterbox, scene: Scene) -> bool:
    """Says what was seen instead of what was promised."""
    stage.verdict(f"no request became {scene.status}; mailbox: {len(post.letters)}", good=False)
    for path in house.notes("."):
        if "action" in (props := house.props(path)):
            stage.say(f"{path.relative_to(house.root)}: {props.get('status')}")
    stage.sheet(house.log().split("\n"))
    return False
