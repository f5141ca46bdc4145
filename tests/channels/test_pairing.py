"""A code makes its sender an owner, once and soon; a stranger is reported and never answered."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factotum.channels import owners, pairing
from factotum.channels.pairing import Begun, NotPaired, Paired
from factotum.ledger import Ledger
from factotum.settings import load
from factotum.views.saying import tell

NOW = 1_795_000_000.0
BOT = "42"
TOKEN = f"{BOT}:AAbbCCddEEffGGhhIIjjKKllMMnnOOppQQr"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(tmp_path / "ledger.db")
    yield ledger
    ledger.close()


def begin(ledger: Ledger, now: float = NOW) -> Begun:
    return pairing.begin(ledger, "telegram", BOT, now)


def send(
    ledger: Ledger, text: str, who: str = "4711", now: float = NOW, *,
    bot: str = BOT, alone: bool = True, channel: str = "telegram",
) -> Paired | NotPaired:  # fmt: skip
    return pairing.try_code(ledger, channel, text, who, "Ann", bot, now, alone=alone)


def heard(ledger: Ledger) -> tuple[str, ...]:
    given = load({"FACTOTUM_TELEGRAM_TOKEN": TOKEN})
    return owners.chats_of(given, ledger).owners


def wrong(code: str) -> str:
    return code[:-1] + ("A" if code[-1] != "A" else "B")


@pytest.mark.parametrize(
    "form", ["{0}", "{1}", "/start {0}", "/start@my_bot {1}", " {2} ", "/start {2}", "{3}"]
)
def test_the_code_makes_its_sender_an_owner(ledger: Ledger, form: str) -> None:
    begun = begin(ledger)
    spaced = begun.shown.replace("-", " ")
    text = form.format(begun.shown, begun.code, begun.shown.lower(), spaced)
    assert pairing.state(ledger, begun, NOW) is None
    found = send(ledger, text)
    assert isinstance(found, Paired) and found.owner.said == "Ann (4711)"
    assert heard(ledger) == ("4711",)
    state = pairing.state(ledger, begun, NOW)
    assert isinstance(state, Paired) and state.owner.id == "4711"


def test_a_code_reads_well_and_is_never_the_same(ledger: Ledger) -> None:
    codes = {begin(ledger).code for _ in range(50)}
    assert len(codes) == 50
    assert {len(code) for code in codes} == {8}
    assert not set("".join(codes)) & set("01ILO")
    begun = begin(ledger)
    assert begun.shown == f"{begun.code[:4]}-{begun.code[4:]}"


def test_a_code_of_before_pairs_nobody_and_counts_as_no_wrong_one(ledger: Ledger) -> None:
    before = [begin(ledger) for _ in range(pairing.TRIES)]
    begun = begin(ledger)
    for old in before:
        assert send(ledger, old.code) == NotPaired("a code of before", tried=True)
    assert pairing.wrong(ledger, begun) == 0 and heard(ledger) == ()
    send(ledger, wrong(begun.code))
    assert pairing.wrong(ledger, begun) == 1
    assert isinstance(send(ledger, begun.code), Paired)
    assert not isinstance(send(ledger, begun.code, "4712"), Paired)


def test_the_code_is_kept_nowhere(ledger: Ledger) -> None:
    begun = begin(ledger)
    whole = "\n".join(ledger.db.iterdump())
    assert begun.code not in whole and begun.shown not in whole


def test_it_is_of_use_once(ledger: Ledger) -> None:
    begun = begin(ledger)
    send(ledger, begun.shown, "4711")
    assert isinstance(send(ledger, begun.shown, "666"), NotPaired)
    assert heard(ledger) == ("4711",)


def test_a_second_person_is_paired_by_a_second_code(ledger: Ledger) -> None:
    for who in ("4711", "4712"):
        send(ledger, begin(ledger).shown, who)
    assert heard(ledger) == ("4711", "4712")


@pytest.mark.parametrize("after_s", [pairing.HOLDS_S, pairing.HOLDS_S + 1, -2.0])
def test_it_does_not_hold_for_long_nor_by_a_clock_set_back(ledger: Ledger, after_s: float) -> None:
    begun = begin(ledger)
    assert isinstance(send(ledger, begun.shown, now=NOW + after_s), NotPaired)
    state = pairing.state(ledger, begun, NOW + after_s)
    assert state == NotPaired("its 10 minutes are over")
    assert heard(ledger) == ()


def test_it_holds_till_the_last_second(ledger: Ledger) -> None:
    begun = begin(ledger)
    assert isinstance(send(ledger, begun.shown, now=NOW + pairing.HOLDS_S - 1), Paired)


def test_wrong_tries_by_anybody_void_it(ledger: Ledger) -> None:
    begun = begin(ledger)
    for n in range(pairing.TRIES):
        assert pairing.state(ledger, begun, NOW) is None
        assert isinstance(send(ledger, wrong(begun.shown), f"{n}"), NotPaired)
    assert isinstance(send(ledger, begun.shown), NotPaired)
    state = pairing.state(ledger, begun, NOW)
    assert isinstance(state, NotPaired) and state.why.startswith("5 wrong codes were sent")
    assert heard(ledger) == ()
    kinds = [event.kind for event in ledger.events()]
    assert kinds == ["pairing", "pairing_void"]


def test_one_wrong_try_less_does_not(ledger: Ledger) -> None:
    begun = begin(ledger)
    for _ in range(pairing.TRIES - 1):
        send(ledger, wrong(begun.shown))
    assert isinstance(send(ledger, begun.shown), Paired)


@pytest.mark.parametrize(
    "text", ["Hello", "/start", "/status ABCD-EFGH", "", "My code is ABCDEFGH"]
)
def test_what_is_no_code_is_no_try(ledger: Ledger, text: str) -> None:
    begun = begin(ledger)
    for _ in range(20):
        assert send(ledger, text) == NotPaired("no code")
    assert isinstance(send(ledger, begun.shown), Paired)


def test_a_code_in_a_group_or_for_another_bot_counts_for_nobody(ledger: Ledger) -> None:
    begun = begin(ledger)
    assert isinstance(send(ledger, "ABCD-EFGH", alone=False), NotPaired)
    assert isinstance(send(ledger, begun.shown, bot="43"), NotPaired)
    assert isinstance(send(ledger, begun.shown, channel="discord"), NotPaired)
    assert heard(ledger) == ()
    assert isinstance(send(ledger, begun.shown), Paired)


def test_a_code_that_was_sent_where_others_read_it_is_void(ledger: Ledger) -> None:
    begun = begin(ledger)
    assert isinstance(send(ledger, begun.shown, alone=False), NotPaired)
    assert isinstance(send(ledger, begun.shown, who="666"), NotPaired)  # who has read it there
    assert heard(ledger) == ()


def test_without_a_pairing_under_way_a_code_is_nothing(ledger: Ledger) -> None:
    assert isinstance(send(ledger, "ABCD-EFGH"), NotPaired)
    assert not pairing.waits(ledger, "telegram", NOW)
    ledger.set_meta(pairing.META, "not ours")
    assert isinstance(send(ledger, "ABCD-EFGH"), NotPaired)


def test_a_new_code_ends_the_one_before(ledger: Ledger) -> None:
    first, second = begin(ledger), begin(ledger)
    assert isinstance(send(ledger, first.shown), NotPaired)
    state = pairing.state(ledger, first, NOW)
    assert state == NotPaired("another pairing was begun meanwhile")
    assert isinstance(send(ledger, second.shown), Paired)


def test_a_terminal_that_gives_up_ends_its_own_code_alone(ledger: Ledger) -> None:
    first, second = begin(ledger), begin(ledger)
    pairing.end(ledger, first, "it was given up")
    assert isinstance(send(ledger, second.shown), Paired)


def test_a_terminal_that_gives_up_leaves_no_code_behind(ledger: Ledger) -> None:
    begun = begin(ledger)
    assert pairing.waits(ledger, "telegram", NOW)
    pairing.end(ledger, begun, "it was given up")
    assert not pairing.waits(ledger, "telegram", NOW)
    assert isinstance(send(ledger, begun.shown), NotPaired)
    begun = begin(ledger)
    send(ledger, begun.shown)
    pairing.end(ledger, begun, "too late")
    assert isinstance(pairing.state(ledger, begun, NOW), Paired)


def test_of_many_at_once_one_is_paired(ledger: Ledger, tmp_path: Path) -> None:
    begun, found = begin(ledger), []
    ready = threading.Barrier(6)

    def attempt(n: int) -> None:
        own = Ledger(tmp_path / "ledger.db")
        ready.wait()
        found.append(send(own, begun.shown, str(n)))
        own.close()

    threads = [threading.Thread(target=attempt, args=(n,)) for n in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sum(isinstance(one, Paired) for one in found) == 1
    assert len(heard(ledger)) == 1


def test_a_right_code_works_for_one_who_is_an_owner_already(ledger: Ledger) -> None:
    send(ledger, begin(ledger).shown)
    assert isinstance(send(ledger, begin(ledger).shown), Paired)
    assert heard(ledger) == ("4711",)


def test_no_text_breaks_it(ledger: Ledger) -> None:
    @settings(max_examples=100)
    @given(text=st.text(max_size=60) | st.from_regex(r"/start\s.{0,40}", fullmatch=True))
    def attempt(text: str) -> None:
        begin(ledger)
        assert isinstance(send(ledger, text), NotPaired)

    attempt()


def test_the_log_tells_it_in_words(ledger: Ledger) -> None:
    send(ledger, begin(ledger).shown)
    owners.strong(ledger, load({"FACTOTUM_TELEGRAM_TOKEN": TOKEN}), NOW)
    owners.unpair(ledger, "telegram", NOW)
    owners.strong(ledger, load({"FACTOTUM_TELEGRAM_TOKEN": TOKEN}), NOW)
    assert [tell(event, ledger) for event in ledger.events()] == [
        "A code to pair with telegram was made",
        "Orders are taken by telegram from Ann (4711)",
        "What is risky can be approved by telegram from now on",
        "No more orders by telegram from Ann (4711)",
        "What is risky can be approved by telegram no more",
    ]


# -- strangers


def told(ledger: Ledger) -> list[str]:
    return [row["text"] for row in ledger.db.execute("SELECT text FROM notice ORDER BY seq")]


def report(ledger: Ledger, who: str, name: str = "Eve", now: float = NOW) -> bool:
    return pairing.stranger(ledger, "telegram", who, name, now)


def test_a_stranger_is_reported_once(ledger: Ledger) -> None:
    assert report(ledger, "666")
    assert not report(ledger, "666", now=NOW + 10 * 86400)
    assert told(ledger) == [
        "A stranger wrote to your bot on Telegram: Eve (id 666). It was not answered"
    ]


def test_a_flood_of_strangers_is_a_line(ledger: Ledger) -> None:
    for n in range(500):
        report(ledger, f"{1000 + n}")
    assert len(told(ledger)) == pairing.STRANGERS + 1
    assert (
        told(ledger)[-1] == "More strangers wrote to your bot on Telegram. All of them are ignored"
    )
    assert report(ledger, "1400", now=NOW + 2 * 86400)


@pytest.mark.parametrize("name", ["A\nB", "\u202eevE", "\x1b[31m", "\ud800", "x" * 5000, ""])
def test_a_strangers_name_is_inert(ledger: Ledger, name: str) -> None:
    report(ledger, "1", name)
    (text,) = told(ledger)
    assert text.isprintable() and len(text) < 200
