"""kill -9 while a draft is changed: one new version, its note shows it, and one mail goes out."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from factotum import failpoint
from factotum.gate.redraft import ORDER, TEXT
from tests.gate.test_redraft import OLD, became, wish
from tests.office import smtp
from tests.prove.life import Life
from tests.servers.model import ScriptedModelServer
from tests.servers.smtp import Relay
from tests.test_life import ASK, REPLY

pytestmark = [pytest.mark.prove, pytest.mark.slow]

NEW = "Ada, invoice 1042 comes on Thursday."


@pytest.fixture
def model() -> Iterator[ScriptedModelServer]:
    with ScriptedModelServer([json.dumps({"text": NEW})] * 9) as server:
        yield server


@pytest.fixture
def life(tmp_path: Path, relay: Relay, model: ScriptedModelServer) -> Life:
    """To the card that waits for a yes."""
    life = Life(tmp_path, smtp(relay))
    life.env |= {
        "FACTOTUM_MODEL": "test/scripted",
        "FACTOTUM_MODEL_BASE_URL": model.base_url,
        "FACTOTUM_MODEL_PRICE_IN": "1",
        "FACTOTUM_MODEL_PRICE_OUT": "1",
    }
    life.playbook(REPLY)
    life.drop("ask.eml", ASK)
    life.live()
    return life


def check(life: Life, seq: int, relay: Relay, *, paid: int) -> None:
    """`paid` is how often a model was asked."""
    card = life.card()
    assert (card.version, card.status, card.seal.args["body"]) == (2, "pending", NEW)
    assert became(life, seq).done and became(life, seq).why == ""
    note = life.one("Pending_Approval")
    assert NEW in note.read_text() and OLD not in note.read_text()
    with sqlite3.connect(life.state / "ledger.db") as db:
        assert db.execute("SELECT count(*), count(cost) FROM spend").fetchone() == (paid, paid)
        (resealed,) = db.execute("SELECT count(*) FROM event WHERE kind = 'resealed'").fetchone()
    assert resealed == 1
    assert list((life.root / ".factotum").rglob("aside/*")) == []
    life.move(note, "Approved")
    life.live()
    (sent,) = relay.messages
    assert NEW.encode() in sent.data


#: After these a second answer has to be paid for.
LOST = {"redraft.thought"}
PLACES = sorted(name for name in failpoint.NAMES if name.startswith("redraft."))


@pytest.mark.parametrize("first", [*PLACES, "card.rewritten"])
@pytest.mark.parametrize("second", [*PLACES, "card.rewritten", ""])
def test_killed_while_an_order_is_carried_out(
    life: Life, relay: Relay, model: ScriptedModelServer, first: str, second: str
) -> None:
    seq = wish(life, "shorter, say Thursday", ORDER)
    kills = life.live(*filter(None, (first, second)))
    assert kills >= 1, f"{first} was never passed"
    again = [name for name in (first, second)[:kills] if name in LOST]
    assert len(model.requests) == 1 + len(again)
    check(life, seq, relay, paid=len(model.requests))


@pytest.mark.parametrize("first", ["redraft.sealed", "card.rewritten"])
@pytest.mark.parametrize("second", ["card.rewritten", ""])
def test_killed_while_new_words_are_sealed(
    life: Life, relay: Relay, first: str, second: str
) -> None:
    seq = wish(life, NEW, TEXT)
    assert life.live(*filter(None, (first, second))) >= 1
    check(life, seq, relay, paid=0)


def test_a_yes_to_the_older_version_that_a_kill_left_standing_is_none(
    life: Life, relay: Relay
) -> None:
    seq = wish(life, "shorter", ORDER)
    assert life.child("redraft.sealed")
    note = life.one("Pending_Approval")
    assert OLD in note.read_text()
    life.tick(note, "approve")
    life.live()
    assert relay.messages == []
    check(life, seq, relay, paid=1)
