"""What must stand in no log does not, in none of its forms."""

from __future__ import annotations

import base64
import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factotum import log, redaction
from factotum.ledger import Ledger
from factotum.model import FailedClean
from factotum.redaction import BLACKED_OUT, black_out, forms
from factotum.views import audit, links
from factotum.views.journal import Journal
from tests.views.house import House, houses, utc

CANARY = 'Canary/7 "été"+quarante'

WRITTEN = {
    "plain": CANARY,
    "quoted": quote(CANARY, safe=""),
    "as a path": quote(CANARY),
    "in a form": quote_plus(CANARY),
    "hex": CANARY.encode().hex(),
    "HEX": CANARY.encode().hex().upper(),
    "base64": base64.b64encode(CANARY.encode()).decode(),
    "of a login": base64.b64encode(f"ann:{CANARY}".encode()).decode(),
    "of two": base64.b64encode(f"\0marco\0{CANARY}\0".encode()).decode(),
    "for an address": base64.urlsafe_b64encode(f"x{CANARY}".encode()).decode(),
}

KEYS = {
    "a model": "sk-ant-api03-" + "aB3" * 20,
    "a bill": "sk_live_" + "4eC39" * 5,
    "a chat": "xoxb-2465-abcDEF123456",
    "a bot": "123456789:" + "AAF-x" * 7,
    "an invoice": "lnbc2500u1pvjluezpp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqf",
    "a macaroon": "0201036c6e6402f801030a10" + "b3bf6906c01937139ac0684ac4417139" * 4,
    "a token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9",
    "a repository": "ghp_" + "aB3d" * 9,
    "a cloud": "AKIAIOSFODNN7EXAMPLE",
    "a private key": "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1r\n-----END OPENSSH "
    "PRIVATE KEY-----",
    "half a private key": "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA",
}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    yield from houses(tmp_path)


@pytest.fixture(autouse=True)
def _hidden() -> None:
    redaction.hide([CANARY])


@pytest.mark.parametrize("form", WRITTEN)
def test_a_secret_is_found_in_every_form(form: str) -> None:
    told = black_out(f"before {WRITTEN[form]} behind")
    assert BLACKED_OUT in told
    assert told.startswith("before ") and told.endswith(" behind")
    assert not any(piece in told for piece in forms(CANARY))


@pytest.mark.parametrize("kind", KEYS)
def test_what_looks_like_a_key_is_blacked_out(kind: str) -> None:
    told = black_out(f"the server said: {KEYS[kind]}")
    assert told == f"the server said: {BLACKED_OUT}"


@pytest.mark.parametrize(
    "text",
    [
        "Invoice 1042 of Studio Bianchi, 1.200,00 EUR, due 2026-12-01",
        "t-7f3k a-9xk2 invoice-1042_ada_mail_7f3k.md",
        "https://example.org/a/very/long/path?with=a&query=of-its-own#and-more",
        "4111 1111 1111 1111, +39 02 1234 5678, IT60X0542811101000000123456",
        "skeleton task-list sky-high-tower-of-babel-and-more",
    ],
)
def test_what_people_write_is_left_as_it_is(text: str) -> None:
    assert black_out(text) == text


@given(st.text(min_size=8, max_size=40), st.binary(max_size=20), st.binary(max_size=20))
def test_base64_hides_a_secret_nowhere(secret: str, before: bytes, behind: bytes) -> None:
    try:
        data = secret.encode()
    except UnicodeEncodeError:
        return
    text = base64.b64encode(before + data + behind).decode()
    assert any(piece in text for piece in forms(secret))


def test_a_short_secret_blacks_out_nothing() -> None:
    assert forms("abc") == forms("") == set()


def test_no_log_tells_a_secret(house: House) -> None:
    """The canary goes into every field that an outsider or an error can fill."""
    kept = {**WRITTEN, **KEYS}
    for text in kept.values():
        task = house.task(f"Pay {text} now")
        card = house.card(f"Send {text}?", task=task)
        house.end(card, FailedClean(f"535 login {text} refused"))
        house.ledger.event("ended", house.now, task=task, result="failed", reason=text, more=[text])
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(log.Lines())
    for text in kept.values():
        record = logging.makeLogRecord({"msg": f"login with {text} failed", "reason": text})
        handler.emit(record)
    Journal(house.vault, house.ledger, utc).write()
    wholes = [path.read_text() for path in house.logs.iterdir()] + [stream.getvalue()]
    pieces = {*forms(CANARY), *(text[:60] for text in kept.values())}
    for path in house.logs.glob("*.jsonl"):  # and what a reader of JSON sees
        wholes += [str(json.loads(line)) for line in path.read_text().splitlines()]
    assert not [piece for piece in pieces if any(piece in whole for whole in wholes)]
    assert all("secret" in whole for whole in wholes[:3])
    assert audit.verify(house.logs, house.ledger) == []


def test_a_line_is_the_same_where_the_secret_is_not_known(house: House) -> None:
    house.ledger.event("ended", house.now, result="failed", reason=f"login {CANARY} refused")
    (event,) = house.ledger.events()
    assert CANARY not in str(event.data)
    path = house.ledger.path
    other = Ledger(path)
    assert links.line(event, other) == links.line(event, house.ledger)
    other.close()
