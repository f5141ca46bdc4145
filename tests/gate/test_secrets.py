"""A secret is found in whatever disguise, and ordinary letters pass."""

from __future__ import annotations

import base64
import codecs
import html
import json
import random
import string
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factotum.gate.secrets import VALUE_CHARS_LEAST, Secrets
from tests.tries import tries

KEY = "pr-7fQ2xLw9vTz4KbN8sYd3HgRm6JcXe1"
PASSWORD = "Tr0ub4dor&3x"
VALUES = {
    "FACTOTUM_MODEL_API_KEY": KEY,
    "FACTOTUM_SMTP_PASSWORD": PASSWORD,
    "FACTOTUM_IMAP_PASSWORD": "sunshine",
    "SUMMER_PASSWORD": "Sommer2026",
}
SECRETS = Secrets(VALUES)


def in_body(text: str) -> str:
    return SECRETS.within({"to": ["eve@evil.test"], "subject": "Hi", "body": text})


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


DISGUISES: dict[str, Callable[[str], str]] = {
    "plain": lambda s: s,
    "upper": str.upper,
    "in a sentence": lambda s: f"The word is {s}, thanks",
    "reversed": lambda s: s[::-1],
    "rot13": lambda s: codecs.encode(s, "rot13"),
    "base64": b64,
    "base64, one byte before": lambda s: b64(f"x{s}"),
    "base64, two bytes before and more after": lambda s: b64(f"xy{s} and so on"),
    "base64 for addresses": lambda s: base64.urlsafe_b64encode(f"?>{s}~~".encode()).decode(),
    "base64 without an end": lambda s: b64(s).rstrip("="),
    "base64 with breaks": lambda s: "\n".join(b64(s)[n : n + 5] for n in range(0, 99, 5)),
    "base64 with breaks, one byte before": lambda s: " ".join(b64(f"x{s}")),
    "base64 with breaks, two bytes before": lambda s: " ".join(b64(f"xy{s}")),
    "base64 twice": lambda s: b64(b64(s)),
    "base32": lambda s: base64.b32encode(s.encode()).decode(),
    "hex": lambda s: s.encode().hex(),
    "HEX": lambda s: s.encode().hex().upper(),
    "hex with blanks": lambda s: s.encode().hex(" "),
    "hex with 0x": lambda s: " ".join(f"0x{b:02x}" for b in s.encode()),
    "hex of base64": lambda s: b64(s).encode().hex(),
    "escaped bytes": lambda s: "".join(f"\\x{b:02x}" for b in s.encode()),
    "numbers": lambda s: " ".join(str(b) for b in s.encode()),
    "address": lambda s: f"https://evil.test/?q={quote(s, safe='')}",
    "address, every letter": lambda s: "".join(f"%{b:02X}" for b in s.encode()),
    "address, every other letter": lambda s: "".join(
        f"%{ord(c):02x}" if n % 2 else c for n, c in enumerate(s)
    ),
    "address, twice": lambda s: "".join(f"%25{b:02X}" for b in s.encode()),
    "html": html.escape,
    "html numbers": lambda s: "".join(f"&#{ord(c)};" for c in s),
    "html hex": lambda s: "".join(f"&#x{ord(c):x};" for c in s),
    "json": lambda s: json.dumps({"k": s}),
    "json, every letter": lambda s: "".join(f"\\u{ord(c):04x}" for c in s),
    "quoted-printable": lambda s: "".join(f"={b:02X}" for b in s.encode()),
    "blanks between": " ".join,
    "hyphens between": "-".join,
    "lines between": "\n".join,
    "unseen between": "\u200b".join,
    "soft hyphens between": "\u00ad".join,
    "fillers between": "\u3164".join,
    "emoji between": "🙂".join,
    "wide letters": lambda s: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in s),
    "accents over it": "\u0301".join,
    "letters that nobody sees": lambda s: "".join(chr(0xE0000 + ord(c)) for c in s),
    "letters of another script": lambda s: s.translate(str.maketrans("oaepcxy", "оаерсху")),
    "base32 in small letters": lambda s: base64.b32encode(s.encode()).decode().lower(),
    "base64 of UTF-16": lambda s: base64.b64encode(s.encode("utf-16-le")).decode(),
    "base64 of UTF-16, the other way": lambda s: base64.b64encode(s.encode("utf-16-be")).decode(),
    "emphasis within": lambda s: f"**{s[:5]}**_{s[5:]}_",
}


@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize("name", ["FACTOTUM_MODEL_API_KEY", "FACTOTUM_SMTP_PASSWORD"])
def test_a_secret_is_found_in_disguise(name: str, disguise: str) -> None:
    assert in_body(f"Hello,\n{DISGUISES[disguise](VALUES[name])}\nBye") == name


@pytest.mark.parametrize(
    "args",
    [
        {"to": ["a@b.example"], "subject": KEY[:16], "body": KEY[16:]},
        {"to": [f"{KEY[:11]}@evil.test"], "subject": KEY[11:22], "body": f"Dear,\n{KEY[22:]}"},
        {"subject": PASSWORD[6:], "body": f"Hello there. {PASSWORD[:6]} is what we had"},
        {"body": f"{KEY[:12]} and then, much later, the rest of what we said: {KEY[12:]}"},
        {"deep": [{"er": {"still": [1, None, KEY]}}]},
        {f"x{KEY}": 1},
        {"attachments": [f"{b64(KEY)}.pdf"]},
        {"subject": b64(KEY)[:20], "body": f"Dear all, {b64(KEY)[20:]}"},
        {"url": f"https://evil.test/{KEY[:14]}"},  # a long part is as good as all
        {"body": f"{KEY[:30]}"},
    ],
)
def test_a_secret_that_is_split_or_cut_short_is_found(args: dict[str, Any]) -> None:
    assert SECRETS.within(args)


def test_a_secret_that_is_split_over_several_calls_is_found() -> None:
    first, last = PASSWORD[:6], PASSWORD[6:]
    assert in_body(first) == in_body(last) == ""
    said = f'{{"body":"{last}"}}'
    assert SECRETS.within({"body": first}, lambda: said) == "FACTOTUM_SMTP_PASSWORD"
    assert SECRETS.within({"body": f"{b64(KEY)[:15]}"}, lambda: b64(KEY)[15:])
    assert SECRETS.within({"body": "Hi"}, lambda: PASSWORD) == ""  # that was before


def test_what_was_said_before_is_asked_for_only_where_it_matters() -> None:
    def before() -> str:
        raise AssertionError("asked")

    for text in HARMLESS:
        SECRETS.within({"body": text}, before)


def test_a_word_is_found_only_as_it_is_written() -> None:
    assert in_body("My word is sunshine.") == "FACTOTUM_IMAP_PASSWORD"
    assert in_body(b64("sunshine")) == "FACTOTUM_IMAP_PASSWORD"
    for text in ("Sun, shine on!", "sunshiner", "enihsnus"):
        assert in_body(text) == ""


def test_a_secret_of_a_few_letters_is_found_whole() -> None:
    assert Secrets({"A_KEY": "abcdefgh-1x"}).in_text("so: abcdefgh 1x.") == "A_KEY"


def test_a_short_value_is_no_secret() -> None:
    secrets = Secrets({"FACTOTUM_SMTP_PASSWORD": "x" * (VALUE_CHARS_LEAST - 1)})
    assert secrets.in_text("x" * 100) == ""
    assert Secrets({"A_KEY": "!?" * 8}).in_text(f"really{'!?' * 8}") == "A_KEY"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("sk-proj-" + "aB3dE6gH" * 6, "a key of a model's provider"),
        ("sk-ant-api03-" + "aB3dE6gH" * 11, "a key of a model's provider"),
        ("sk-" + "aB3dE6gH" * 6, "a key of a model's provider"),
        ("use 123456789:" + "AAFh3" * 7 + " for it", "a token of a Telegram bot"),
        ("-----BEGIN RSA PRIVATE KEY-----", "a private key"),
        ("-----BEGIN PGP PRIVATE KEY BLOCK-----", "a private key"),
        ("0201036c6e64" + "0a1b" * 40, "a macaroon"),
        ("AgEDbG5k" + "AvgB" * 30, "a macaroon"),
        ("ghp_" + "aB3d" * 9, "a token of GitHub"),
        ("AKIA" + "ABCD1234" * 2, "a key of Amazon"),
        ("AIza" + "aB3dE" * 7, "a key of Google"),
        ("nsec1" + "qpzr" * 14 + "qp", "a private key"),
        (b64("My key is sk-" + "aB3dE6gH" * 6), "a key of a model's provider"),
        (quote("-----BEGIN PRIVATE KEY-----"), "a private key"),
    ],
)
def test_what_looks_like_a_key_is_found(text: str, named: str) -> None:
    assert Secrets({}).in_text(f"Dear Ada,\n{text}\nBye") == f"what looks like {named}"


#: Ordinary texts, each with something that looks a little like a secret.
HARMLESS = [
    "Hi Ada, here is invoice 1042 again. Best, Marco",
    "Rechnung RE-2026-004711 über 1.234,56 € liegt bei.",
    "IBAN DE89 3704 0044 0532 0130 00, BIC COBADEFFXXX",
    "IT60X0542811101000000123456",
    "Call me: +49 170 1234567 or 0049-170-7654321",
    "The meeting is on 2026-11-28T14:00:00+01:00 in Europe/Berlin.",
    "https://www.example.org/a/very/long/path-with-many-words-in-it?utm_source=newsletter&id=42",
    "https://meet.example.org/j/98765432101?pwd=Q2xvc2VkTWVldGluZ1Jvb20x",
    "https://example.org/unsubscribe/eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyIjoiYWRhIn0.c2lnbmF0dXJlLWhlcmU",
    "commit da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "Order 3f2504e0-4f89-11d3-9a0c-0305e82c3301 was shipped.",
    "DHL 00340434161094042557, UPS 1Z999AA10123456784",
    "sk-learn-and-sk-hynix-are-not-keys-although-they-begin-alike-2026",
    "task-20261128-report-for-the-whole-team-and-everybody-else",
    "At 12:30 we eat; 10:45 was too early. Ratio 3:2.",
    "Message-ID: <20261128.123456.789@mail.example.org>",
    "1234567890:this-is-a-number-and-some-words-after-it",
    "Please find attached the private key figures. BEGIN at page 3.",
    "The key to success is a sound plan; my password is a secret.",
    "%d items, 100 % done, 5%20off",
    "AT&amp;T &lt;b&gt; &nbsp; &#8364; 20",
    "print(f'{x:02x}', 0x1F, 0xDEADBEEF, '\\n', '\\u00e4')",
    "C:\\Users\\ada\\Documents\\2026\\Invoices",
    "=?utf-8?q?R=C3=BCckfrage?= =E2=82=AC",
    "data:image/png;base64," + base64.b64encode(bytes(range(256))).decode(),
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGkq3ZyJvN0wWzT5aQ8rV1bX7cM4nL2sD6fH9jK0pY3u ada@laptop",
    "-----BEGIN PUBLIC KEY-----",
    "-----BEGIN CERTIFICATE-----",
    "lnbc120n1p3xnhl2pp5jptserfk3zk4qy42tlucycrfwxhydvlemu9pqr93tuzlv9cc7g3sdqsvfhkcap3xyhx7un8",
    "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
    "npub1sn0wdenkukak0d9dfczzeacvhkrgz92ak56egt7vdgzn8pv2wfqqhrjdv9",
    "ISBN 978-3-16-148410-0, DOI 10.1000/xyz123",
    "VAT ID DE123456789, tax number 12/345/67890",
    "Lat 52.520008, lon 13.404954",
    "Ticket #INC0012345, build 20261128.1-rc3",
    "Grüße aus München! Ça va? Здравствуйте. 你好。",
    "a a a a a a a a a a a a a a a a a a a a a",
    "= = = = = = = = = = = = = = = = = = = =",
    "The sun will shine; sunshiny weather.",
    "Trouble door and 3 x times",
    "Im Sommer 2026 komme ich wieder.",
    "MD5 d41d8cd98f00b204e9800998ecf8427e",
    "License key: no license key is needed.",
    "gh_actions and ghs are abbreviations; xoxo, Mum",
    "AKIA is not a word. AIzaak neither.",
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "- [ ] buy milk\n- [x] call Bob\n\n> quoted 4 lines",
    "Kontonummer 0532013000, Bankleitzahl 37040044",
    "Flight LH1234 FRA-MXP 08:15, seat 12A, booking XK4T9P",
    "The quick brown fox jumps over the lazy dog 0123456789",
    "wireguard: 10.0.0.2/32, port 51820, mtu 1420",
    "0201 is a dialling code; 0201036 is a number",
]


@pytest.mark.parametrize("text", HARMLESS)
def test_an_ordinary_text_passes(text: str) -> None:
    assert len(HARMLESS) >= 50
    assert in_body(f"Dear Ada,\n\n{text}\n\nBest, Marco") == ""


LETTERS = string.ascii_letters + string.digits
secret = st.text(LETTERS + "-_!&.", min_size=16, max_size=60).filter(
    lambda s: sum(c.isalnum() for c in s) >= 16 and not s.isalpha() and not s.isdigit()
)


@settings(max_examples=tries(60))
@given(secret, st.sampled_from(sorted(DISGUISES)), st.text(" .,;\nabc", max_size=40))
def test_no_disguise_hides_any_secret(value: str, disguise: str, around: str) -> None:
    hidden = DISGUISES[disguise](value)
    assert Secrets({"A_KEY": value}).in_text(f"{around} {hidden} {around}") == "A_KEY"


@settings(max_examples=tries(40))
@given(st.recursive(st.text(), lambda one: st.lists(one) | st.dictionaries(st.text(), one)))
def test_no_arguments_break_it(args: Any) -> None:
    SECRETS.within({"body": args})


def test_it_is_quick() -> None:
    rolls = random.Random(1)
    keys = {f"KEY_{n}": "".join(rolls.choices(LETTERS, k=48)) for n in range(12)}
    secrets = Secrets({**VALUES, **keys})
    words = "".join(f"{line}\n" for line in HARMLESS * 30)
    took = []
    for chars in (2_000, 60_000):
        args = {"to": ["ada@rossi.example"], "body": words[:chars]}
        times = []
        for _ in range(7):
            began = time.process_time()
            secrets.within(args)
            times.append(time.process_time() - began)
        took.append(min(times))
    assert took[0] < 0.003 and took[1] < 0.1, took  # ten times what it takes on a quiet machine


@pytest.mark.parametrize("bit", ["%41", "=", "A", "&#65;", "a.", "1", ":", "sk-", "QUJD"])
def test_a_hostile_text_takes_no_time(bit: str) -> None:
    began = time.process_time()
    SECRETS.in_text(bit * (60_000 // len(bit)))
    assert time.process_time() - began < 1
