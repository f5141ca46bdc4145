"""The bell: a sign on the desktop by a program of its own, and words in a terminal."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from factotum.model import Lost
from factotum.views import notices
from factotum.views.notices import Notice
from factotum.views.notify import HEADINGS, Bell, desktop, terminal
from tests.views.house import House, until

STAND_IN = """#!/bin/sh
{ for word in "$@"; do printf '%s\\n' "$word"; done; env | sort; echo .; } >> "$HOME/signs"
"""


@pytest.fixture
def desk(tmp_path: Path) -> dict[str, str]:
    """An environment with a desktop: a program that writes down what it is to show."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "notify-send"
    program.write_text(STAND_IN)
    program.chmod(0o755)
    return {
        "PATH": f"{folder}:/usr/bin:/bin",
        "HOME": str(tmp_path),
        "DBUS_SESSION_BUS_ADDRESS": "unix:path=bus",
        "FACTOTUM_SMTP_PASSWORD": "hunter2hunter2",
    }


def signs(desk: dict[str, str], count: int) -> list[list[str]]:
    """What the desktop was asked to show, once it was asked so often."""
    path = Path(desk["HOME"]) / "signs"
    until(lambda: path.exists() and path.read_text().count("\n.\n") >= count)
    return [sign.split("\n") for sign in path.read_text().split("\n.\n")[:-1]]


def notice(text: str = "Send this mail?", kind: str = notices.ASKS) -> Notice:
    return Notice(1, kind, text, False, "")


def test_a_notice_is_one_sign_without_markup(desk: dict[str, str]) -> None:
    Bell(io.StringIO(), desk).ring([notice("Send this reply to Ada <b>Rossi</b> & Co?")])
    (shown,) = signs(desk, 1)
    assert shown[:4] == [
        "--app-name=Factotum",
        "--",
        "Something waits for you",
        "Send this reply to Ada (b)Rossi(/b) + Co?",
    ]


def test_the_program_gets_no_key(desk: dict[str, str]) -> None:
    Bell(io.StringIO(), desk).ring([notice()])
    (shown,) = signs(desk, 1)
    assert "DBUS_SESSION_BUS_ADDRESS=unix:path=bus" in shown
    assert not any("hunter2" in word or "FACTOTUM" in word for word in shown)


def test_many_at_once_are_one_sign_and_the_first_says_what_it_is(desk: dict[str, str]) -> None:
    many = [notice("The offer", notices.FAILED), *(notice(f"Send {n}?") for n in range(19))]
    Bell(io.StringIO(), desk).ring(many)
    (shown,) = signs(desk, 1)
    assert shown[2:4] == ["Something failed", "20 things: The offer …"]


def test_every_kind_has_a_place_and_headings_are_of_kinds() -> None:
    assert set(HEADINGS) <= set(notices.KINDS)


@pytest.mark.parametrize("without", ["DBUS_SESSION_BUS_ADDRESS", "PATH"])
def test_where_there_is_no_desktop_nothing_is_started(desk: dict[str, str], without: str) -> None:
    del desk[without]
    assert not desktop("head", "text", desk)


def test_a_program_that_fails_harms_nobody(desk: dict[str, str], tmp_path: Path) -> None:
    # Both are there before one is started: what is just being started cannot be written.
    broken = {"#!/nowhere/at/all\n": "one", '#!/bin/sh\ntouch "$HOME/ran"; exit 3\n': "two"}
    for text, name in broken.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "notify-send").write_text(text)
        (tmp_path / name / "notify-send").chmod(0o755)
    for name in broken.values():
        assert desktop("head", "text", {**desk, "PATH": f"{tmp_path / name}:/usr/bin:/bin"})
    until((tmp_path / "ran").exists)


def test_a_terminal_names_each_card_once_and_rings_with_the_sign(house: House) -> None:
    ours, theirs = os.openpty()
    card = house.card("Send \x1b[31mthis\nnow?")
    question = house.card("Which invoice?", kind="question", tool="ask_owner", args={})
    with open(theirs, "w", encoding="utf-8") as stream:
        bell = Bell(stream, {})
        bell.write([card, question])
        bell.write([card, question])
        bell.ring([notice()])
        shown = ""
        while "\a" not in shown:
            shown += os.read(ours, 4096).decode().replace("\r\n", "\n")
    os.close(ours)
    assert shown == (
        f"Waiting for you: Send \\u001b[31mthis now? (factotum approve {card.id})\n"
        f"Waiting for you: Which invoice? (factotum answer {question.id})\n\a"
    )


def test_a_terminal_says_what_the_owner_wanted_to_be_reminded_of() -> None:
    ours, theirs = os.openpty()
    reminder = Notice(1, notices.SCHEDULE, "Pills: the \x1b[31mwhite\nones", True, "")
    with open(theirs, "w", encoding="utf-8") as stream:
        Bell(stream, {}).ring([reminder, Notice(2, notices.DIGEST, "3 wait", False, "")])
        shown = os.read(ours, 4096).decode()
    os.close(ours)
    assert shown == "\aReminder: Pills: the \\u001b[31mwhite ones\r\n"


def test_a_card_whose_outcome_is_lost_is_named_once_more(house: House) -> None:
    ours, theirs = os.openpty()
    card = house.card()
    with open(theirs, "w", encoding="utf-8") as stream:
        bell = Bell(stream, {})
        bell.write([card])
        os.read(ours, 4096)
        bell.write([house.end(card, Lost("no answer"))])
        shown = os.read(ours, 4096).decode()
    os.close(ours)
    assert f"(factotum resolve {card.id})" in shown


def test_a_log_file_is_no_terminal(house: House) -> None:
    out = io.StringIO()
    Bell(out, {}).write([house.card()])
    assert out.getvalue() == ""


def test_a_terminal_that_has_gone_harms_nobody(house: House) -> None:
    ours, theirs = os.openpty()
    os.close(ours)
    with open(theirs, "w", encoding="utf-8", buffering=1) as stream:
        Bell(stream, {}).write([house.card()])
        terminal(stream, "\a")
