"""The bell: once for each card, on the desktop by a program of its own, and in a terminal."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from factotum.model import Lost
from factotum.views.notify import Bell, desktop, terminal_bell
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


def test_a_card_rings_once(house: House, desk: dict[str, str]) -> None:
    bell = Bell(io.StringIO(), desk)
    first = house.card("Send this reply to Ada <b>Rossi</b> & Co?")
    for _ in range(3):
        bell.ring([first], house.now, house.mono)
        house.go(20)
    signs(desk, 1)
    second = house.card("Send another?")
    bell.ring([first, second], house.now, house.mono)
    shown = signs(desk, 2)
    assert len(shown) == 2
    assert shown[0][:4] == [
        "--app-name=Factotum",
        "--",
        "Something waits for you",
        "Send this reply to Ada (b)Rossi(/b) + Co?",
    ]
    assert shown[1][3] == "Send another?"


def test_the_program_gets_no_key(house: House, desk: dict[str, str]) -> None:
    Bell(io.StringIO(), desk).ring([house.card()], house.now, house.mono)
    (shown,) = signs(desk, 1)
    assert "DBUS_SESSION_BUS_ADDRESS=unix:path=bus" in shown
    assert not any("hunter2" in word or "FACTOTUM" in word for word in shown)


def test_many_at_once_are_one_sign(house: House, desk: dict[str, str]) -> None:
    bell = Bell(io.StringIO(), desk)
    cards = [house.card(f"Send {n}?") for n in range(30)]
    bell.ring(cards[:20], house.now, house.mono)
    signs(desk, 1)
    house.go(3)
    bell.ring(cards, house.now, house.mono)
    house.go(7)
    bell.ring(cards, house.now, house.mono)
    assert [sign[3] for sign in signs(desk, 2)] == [
        "20 things wait: Send 0? …",
        "10 things wait: Send 20? …",
    ]


def test_an_unknown_outcome_rings_again(house: House, desk: dict[str, str]) -> None:
    bell = Bell(io.StringIO(), desk)
    card = house.card()
    bell.ring([card], house.now, house.mono)
    signs(desk, 1)
    house.go(3600)
    bell.ring([house.end(card, Lost("no answer"))], house.now, house.mono)
    assert signs(desk, 2)[1][3].startswith("Unknown whether it happened: Send this mail")


def test_a_restart_does_not_ring_again(house: House, desk: dict[str, str]) -> None:
    card = house.card()
    house.go(3600)
    bell = Bell(io.StringIO(), desk)
    bell.ring([card], house.now, house.mono)
    bell.ring([card, house.card("A new one?")], house.now, house.mono)
    assert [sign[3] for sign in signs(desk, 1)] == ["A new one?"]


def test_what_was_decided_meanwhile_is_not_told(house: House, desk: dict[str, str]) -> None:
    bell = Bell(io.StringIO(), desk)
    first, second, third = (house.card(f"Send {n}?") for n in range(3))
    bell.ring([first], house.now, house.mono)
    signs(desk, 1)
    bell.ring([first, second, third], house.now, house.mono)
    house.go(10)
    bell.ring([first, house.approve(second), third], house.now, house.mono)
    assert signs(desk, 2)[1][3] == "Send 2?"


@pytest.mark.parametrize("without", ["DBUS_SESSION_BUS_ADDRESS", "PATH"])
def test_where_there_is_no_desktop_nothing_is_started(desk: dict[str, str], without: str) -> None:
    del desk[without]
    assert not desktop("text", desk)


def test_a_program_that_fails_harms_nobody(house: House, desk: dict[str, str]) -> None:
    program = Path(desk["PATH"].partition(":")[0]) / "notify-send"
    program.write_text("#!/nowhere/at/all\n")
    assert desktop("text", desk)
    program.write_text('#!/bin/sh\ntouch "$HOME/ran"; exit 3\n')
    assert desktop("text", desk)
    until((Path(desk["HOME"]) / "ran").exists)


def test_a_terminal_rings_and_says_what_to_type(house: House) -> None:
    ours, theirs = os.openpty()
    card = house.card("Send \x1b[31mthis\nnow?")
    question = house.card("Which invoice?", kind="question", tool="ask_owner", args={})
    with open(theirs, "w", encoding="utf-8") as stream:
        assert terminal_bell(stream, [card, question])
        shown = os.read(ours, 4096).decode().replace("\r\n", "\n")
    os.close(ours)
    assert shown == (
        f"\aWaiting for you: Send \\u001b[31mthis now? (factotum approve {card.id})\n"
        f"Waiting for you: Which invoice? (factotum answer {question.id})\n"
    )


def test_a_log_file_is_no_terminal(house: House) -> None:
    out = io.StringIO()
    assert not terminal_bell(out, [house.card()])
    assert out.getvalue() == ""


def test_a_terminal_that_has_gone_harms_nobody(house: House) -> None:
    ours, theirs = os.openpty()
    os.close(ours)
    with open(theirs, "w", encoding="utf-8", buffering=1) as stream:
        terminal_bell(stream, [house.card()])
