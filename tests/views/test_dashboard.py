"""The Dashboard: only between our markers, only when something changed, and seldom."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factotum.model import FailedClean, Lost, Succeeded
from factotum.scan import Problem
from factotum.views.dashboard import NEWS_S, Dashboard, block, markers, recent, with_block
from factotum.views.saying import plain
from tests.tries import tries
from tests.views.house import House, utc, written

BEGIN, END = markers("pi")


@pytest.fixture
def dashboard(house: House) -> Dashboard:
    return Dashboard(house.vault, house.ledger, utc)


def show(house: House, dashboard: Dashboard, rev: int = 1, *problems: Problem, **more: Any) -> bool:
    return dashboard.update(house.snapshot(*problems, rev=rev, **more), house.now, house.mono)


def text(house: House) -> str:
    return (house.root / "Dashboard.md").read_text()


def test_it_says_what_waits_since_when_and_where(house: House, dashboard: Dashboard) -> None:
    card = house.card("Send this reply to Ada Rossi?")
    assert show(house, dashboard)
    stem = card.name.removesuffix(".md")
    line = next(line for line in text(house).splitlines() if "Ada" in line)
    assert line.startswith(f"- Send this reply to Ada Rossi? · [[{stem}]] · since ")
    assert re.fullmatch(r".* · since \w{3} \d+ Nov \d\d:\d\d · till \w{3} \d+ Nov \d\d:\d\d", line)


def test_what_is_unknown_stands_first(house: House, dashboard: Dashboard) -> None:
    house.card("Send the first?")
    house.end(house.card("Send the second?"), Lost("no answer"))
    show(house, dashboard)
    waits = text(house).partition("## Waits for you")[2].partition("\n## ")[0].strip()
    assert waits.splitlines()[0].startswith("- **Unknown whether it happened:** Send the second?")


def test_a_problem_is_told_with_its_remedy(house: House, dashboard: Dashboard) -> None:
    show(house, dashboard, 1, Problem(house.root / "Inbox/huge.md", "is too large. Split it"))
    assert "## Needs attention\n\n- **Inbox/huge.md** is too large. Split it\n" in text(house)


def permitted(house: House) -> list[str]:
    part = text(house).partition("## Permissions that stand\n\n")[2].partition("\n## ")[0]
    return part.strip().splitlines()


def test_permissions_that_stand_are_listed_with_their_end(
    house: House, dashboard: Dashboard
) -> None:
    show(house, dashboard)
    assert "Permissions" not in text(house)
    for n in range(7):
        card = house.card(f"Send letter {n}?", args={"to": [f"a{n}@b.example"], "body": "Hi."})
        digest = card.seal.digest
        house.register.decide(card.id, digest, "approve", "cli", "you", house.now, also="tonight")
    house.go(60)
    show(house, dashboard, 2)
    rows = permitted(house)
    assert re.fullmatch(
        r"- mail\\_\\_send: the same till tonight, a\d@b\.example"
        r" · till \w{3} \d+ Nov \d\d:\d\d · to end it: `factotum policy revoke g-\S+`",
        rows[0],
    )
    assert rows[5:] == ["- … and 2 more", "", "All of them: `factotum policy grants`."]
    house.go(2 * 86_400)
    show(house, dashboard, 3)
    assert permitted(house) == []


def test_a_stop_is_said_at_the_top(house: House, dashboard: Dashboard) -> None:
    show(house, dashboard, stopped="STOP.md lies in the vault: remove it and I go on")
    assert text(house).startswith(f"{BEGIN}\n> [!warning] Nothing is sent now. STOP.md lies")


def test_the_last_outcomes_are_listed_newest_first(house: House) -> None:
    house.end(house.card("Send one?"), Succeeded({"to": ["ada@rossi.example"]}))
    house.go(60)
    house.end(house.card("Send two?"), FailedClean("the relay said 550 no"))
    lines = recent(house.ledger, utc)
    assert re.fullmatch(
        r"- \[Fri 27 Nov 2026 14:03\] Failed, nothing left the house: Send two\? · "
        r"\[\[send-two_\w+\]\] · the relay said 550 no",
        lines[0],
    )
    assert lines[1].startswith("- [Fri 27 Nov 2026 14:02] Done: Send one? · [[send-one_")
    for n in range(20):
        house.end(house.card(f"Send more {n}?"), Succeeded({}))
    assert len(recent(house.ledger, utc)) == 10


def test_a_long_list_is_cut(house: House, dashboard: Dashboard) -> None:
    for n in range(25):
        house.card(f"Send {n}?")
    show(house, dashboard)
    assert text(house).count("- Send ") == 20
    assert "- … and 5 more" in text(house)


def test_the_persons_note_is_kept_to_the_byte(house: House, dashboard: Dashboard) -> None:
    mine = b"\xef\xbb\xbf# My day\r\n\r\n- [ ] water the plants \xff\r\nno newline"
    (house.root / "Dashboard.md").write_bytes(mine)
    show(house, dashboard)
    now = (house.root / "Dashboard.md").read_bytes()
    assert now.startswith(mine)
    assert b"\n" not in now[len(mine) :].replace(b"\r\n", b"")


def test_only_what_stands_between_the_markers_changes(house: House, dashboard: Dashboard) -> None:
    before, after = "Mine above\n", "\nMine below, no newline"
    (house.root / "Dashboard.md").write_text(f"{before}{BEGIN}\nold\n{END}{after}")
    show(house, dashboard)
    found = text(house)
    assert found.startswith(before + BEGIN) and found.endswith(END + after)
    assert "\nold\n" not in found


@pytest.mark.parametrize(
    "mine",
    [
        f"{BEGIN}\nthe end is gone\n",
        f"{END}\nstray end, then text\n",
        f"{END}\n{BEGIN}\n",
        f"quoted {BEGIN} and {END} in a line\n",
        f"a\n{BEGIN}\nlost\n{markers('laptop')[0]}\ntheirs\n{markers('laptop')[1]}\n",
    ],
)
def test_a_marker_without_its_partner_costs_the_person_nothing(mine: str) -> None:
    once = with_block(mine.encode(), "pi", "new")
    assert once.startswith(mine.encode())
    twice = with_block(once, "pi", "newer")
    assert twice == once.replace(b"\nnew\n", b"\nnewer\n")


def test_idle_writes_nothing(house: House, dashboard: Dashboard) -> None:
    house.card()
    assert show(house, dashboard)
    before = written(house.root / "Dashboard.md")
    for _ in range(10):
        house.go(86_400)
        assert not show(house, dashboard)
    assert written(house.root / "Dashboard.md") == before


def test_a_restart_writes_nothing_new(house: House, dashboard: Dashboard) -> None:
    house.card()
    show(house, dashboard)
    assert not show(house, Dashboard(house.vault, house.ledger, utc))


def test_news_comes_at_once_and_the_rest_within_a_minute(
    house: House, dashboard: Dashboard
) -> None:
    card = house.card("Send one?")
    assert show(house, dashboard)
    house.go(5)
    house.card("Send two?")
    assert show(house, dashboard, rev=2)
    house.go(5)
    house.approve(card)
    assert not show(house, dashboard, rev=3)
    house.go(54)
    assert not show(house, dashboard, rev=3)
    house.go(1)
    assert show(house, dashboard, rev=3)


def test_a_burst_of_cards_is_not_a_burst_of_writes(house: House, dashboard: Dashboard) -> None:
    wrote = 0
    for n in range(20):
        house.card(f"Send {n}?")
        wrote += show(house, dashboard, rev=n + 1)
        house.go(0.5)
    assert wrote == 2
    assert dashboard.flush(house.mono)
    assert not dashboard.flush(house.mono)
    assert "20" in str(text(house).count("- Send "))


def test_an_edit_by_a_person_wins_and_the_block_comes_later(
    house: House, dashboard: Dashboard
) -> None:
    path = house.root / "Dashboard.md"
    show(house, dashboard)
    mine = text(house).replace("## Being worked on", "## My own heading") + "and a line of mine\n"
    path.write_text(mine)
    house.go(60)
    assert not show(house, dashboard)
    assert text(house) == mine
    house.card("Send one?")
    assert show(house, dashboard, rev=2)
    assert text(house).endswith("and a line of mine\n")


@pytest.mark.parametrize("kind", ["link", "folder", "binary"])
def test_what_is_no_note_is_left_alone(
    house: House, dashboard: Dashboard, tmp_path: Path, kind: str
) -> None:
    path = house.root / "Dashboard.md"
    other = tmp_path / "other.md"
    other.write_text("not yours\n")
    match kind:
        case "link":
            path.symlink_to(other)
        case "folder":
            path.mkdir()
        case _:
            path.write_bytes(b"\0\1\2")
    assert not show(house, dashboard)
    assert other.read_text() == "not yours\n"
    assert kind != "binary" or path.read_bytes() == b"\0\1\2"


HOSTILE = st.one_of(
    st.text(max_size=80),
    st.lists(
        st.sampled_from(
            [
                *(
                    BEGIN,
                    END,
                    "\n",
                    "\r",
                    "\u2028",
                    "## Receipts",
                    "![x](http://a.b/c)",
                    "%%",
                    "[[a]]",
                ),
                *(
                    "<iframe src=x>",
                    "`",
                    "```dataviewjs",
                    "- [x] go",
                    "obsidian://x",
                    "$=",
                    "\u202e",
                ),
            ]
        ),
        max_size=6,
    ).map("".join),
)


def content(title: str, name: str, reason: str) -> dict[str, Any]:
    at = "2026-11-27T14:02:00+00:00"
    card = {"id": "a", "title": title, "note": name, "status": "pending", "since": at}
    task = {"title": title, "state": "in_progress", "since": at, "instance": name, "note": name}
    health = {"ok": True, "stopped": reason, "problems": [{"path": name, "reason": reason}]}
    approvals = [{**card, "expires": at, "version": 1}]
    spent = {"today_usd": 0.3, "month_usd": 0.4, "days": [{"day": "2026-11-27", "usd": 0.3}]}
    cost = {**spent, "tasks": [{"id": "t", "title": title, "note": name, "usd": 0.3}]}
    return {"approvals": approvals, "tasks": [task], "counts": {}, "cost": cost, "health": health}


@given(HOSTILE, HOSTILE, HOSTILE, st.binary(max_size=60))
def test_nothing_that_is_told_breaks_out(title: str, name: str, reason: str, mine: bytes) -> None:
    told = block(content(plain(title), plain(name), reason), [], 2026)
    harmless = block(content("t", "n", "r" if reason else ""), [], 2026)
    assert len(told.split("\n")) == len(harmless.split("\n"))
    assert BEGIN not in told and END not in told
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202e]", told)
    assert "<" not in told and "](" not in told and "![" not in told and "%%" not in told
    assert not re.search(r"(?<!\\)`(?!factotum doctor`|$)", told)
    whole = with_block(mine, "pi", told)
    assert whole.startswith(mine)
    assert with_block(whole, "pi", told) == whole


@settings(max_examples=tries(30), deadline=None)
@given(st.lists(HOSTILE, min_size=1, max_size=3))
def test_no_event_writes_a_second_line(tmp_path_factory: Any, words: list[str]) -> None:
    house = House(tmp_path_factory.mktemp("house"))
    try:
        task = house.task(words[0], name="x.md")
        house.end(house.card(words[-1], task=task), FailedClean(words[0]))
        house.ledger.event("ended", house.now, task=task, result="failed", reason=words[-1])
        odd: dict[str, Any] = {"odd key": words[0], "n": 3}
        house.ledger.event("made_up", house.now, **odd)
        for line in recent(house.ledger, utc):
            assert len(line.splitlines()) == 1
            assert BEGIN not in line and "<" not in line
            assert not re.search(r"(?<!\\)\[\[(?!(x|[a-z0-9-]+_[a-z2-7]+)\]\])", line)
    finally:
        house.close()


def due(dashboard: Dashboard) -> float | None:
    return dashboard.due


def test_what_is_held_back_says_when_it_is_due(house: House, dashboard: Dashboard) -> None:
    assert show(house, dashboard) and due(dashboard) is None
    written = house.mono
    house.card("Send this?")
    house.go(1)
    assert not show(house, dashboard, 2)
    assert due(dashboard) == written + NEWS_S
    house.go(NEWS_S)
    assert show(house, dashboard, 2) and due(dashboard) is None
    assert not show(house, dashboard, 2) and due(dashboard) is None
