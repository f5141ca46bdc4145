"""The head of the audit log, told to the owner on Telegram, and given back by them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from factotum.anchor import Head, parse
from factotum.channels.contract import Message
from factotum.ledger import Ledger
from factotum.outbox import Outbox, Row
from tests.cli.terminal import terminal_of
from tests.office import Hands, TestOffice

DAY_S = 86_400.0
TELEGRAM = {
    "FACTOTUM_CHANNELS": "none",
    "FACTOTUM_TELEGRAM_TOKEN": "42:not-a-real-token",
    "FACTOTUM_TELEGRAM_CHAT_ID": "4711",
    "FACTOTUM_ANCHOR_TELEGRAM": "yes",
}


@pytest.fixture
def office(tmp_path: Path) -> TestOffice:
    return TestOffice(tmp_path, env=dict(TELEGRAM), hands=Hands())


@contextmanager
def outbox(office: TestOffice) -> Iterator[Outbox]:
    ledger = Ledger(office.state / "ledger.db")
    try:
        yield Outbox(ledger)
    finally:
        ledger.close()


def told(office: TestOffice) -> list[Row]:
    with outbox(office) as book:
        seqs = book.ledger.db.execute("SELECT seq FROM said WHERE kind = 'anchor' ORDER BY seq")
        return [book.of(row["seq"]) for row in seqs.fetchall()]


def text(row: Row) -> str:
    return Message.from_json(dict(row.wanted)).words.text


def head(row: Row) -> Head:
    said = text(row)
    found = parse(said[said.index("{") : said.rindex("}") + 1])
    assert found is not None
    return found


def work(office: TestOffice, name: str) -> None:
    office.type("Buy milk.\ngo\n", f"{name}.md")
    office.run()


def test_each_day_the_head_is_told_once_without_a_sound(office: TestOffice) -> None:
    work(office, "A")
    work(office, "B")
    (first,) = told(office)
    message = Message.from_json(dict(first.wanted))
    assert (first.chat, message.silent) == ("4711", True)
    assert head(first).text() in [
        message.words.text[one.start : one.end] for one in message.words.spans if one.mark == "code"
    ]
    office.hands.go(DAY_S)
    office.run()
    first, second = told(office)
    assert head(second).count > head(first).count
    assert [row.key for row in (first, second)] == ["anchor 2026-11-18", "anchor 2026-11-19"]


def test_where_it_is_not_wanted_nothing_is_told(office: TestOffice) -> None:
    del office.env["FACTOTUM_ANCHOR_TELEGRAM"]
    work(office, "A")
    assert told(office) == []


def test_where_telegram_is_not_set_up_it_is_said(office: TestOffice) -> None:
    del office.env["FACTOTUM_TELEGRAM_TOKEN"]
    office.run()
    office.run()
    assert "its head is to be told to you on Telegram" in (office.root / "Dashboard.md").read_text()
    assert told(office) == []


@pytest.mark.parametrize(
    ("how", "said"),
    [("failed", "could not be told to you on Telegram"), ("lost", "may not have reached you")],
)
def test_what_did_not_arrive_is_said(office: TestOffice, how: str, said: str) -> None:
    work(office, "A")
    with outbox(office) as book:
        (row,) = book.due("telegram")
        assert book.begin(row)
        if how == "failed":
            book.failed(row, "bot was blocked")
        else:
            book.lost(row, "the line broke", office.hands.wall)
    office.run()
    assert said in (office.root / "Dashboard.md").read_text()


# -- given back


def verify(office: TestOffice, *args: str, given: str = "") -> tuple[int, str]:
    done = terminal_of(office)("audit", "verify", "--offline", *args, given=given)
    return done.code, done.out + done.err


def test_a_head_that_agrees_is_no_finding(office: TestOffice) -> None:
    work(office, "A")
    message = text(told(office)[0])
    code, said = verify(office, "--head", message)
    assert (code, "1 head of yours" in said) == (0, True), said
    code, said = verify(office, "--head", "-", given=f"{message}\n")
    assert (code, "1 head of yours" in said) == (0, True), said
    as_json = verify(office, "--head", head(told(office)[0]).text(), "--json")[1]
    assert json.loads(as_json)["heads"] == 1


WRONG: dict[str, dict[str, object]] = {
    "the anchor that you gave knew 9999 lines": {"count": 9999},
    "the record was made anew": {"mac": "0" * 64},
    "this ledger was begun anew": {"ledger": "other"},
    "a head that you gave is of laptop": {"ledger": "other", "instance": "laptop"},
}


def test_a_head_that_does_not_agree_is_a_finding(office: TestOffice) -> None:
    work(office, "A")
    right = json.loads(head(told(office)[0]).text())
    for said, change in WRONG.items():
        code, out = verify(office, "--head", json.dumps({**right, **change}))
        assert code == 3 and said in out


@pytest.mark.parametrize("text", ["", "nothing", "{}", '{"count": 1}', "} {"])
def test_what_is_no_head_is_refused(office: TestOffice, text: str) -> None:
    code, out = verify(office, "--head", text)
    assert code == 2 and "there is no head in it" in out
