"""Only the owner's own mail server vouches for a sender, and only in words that are clear."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factotum.mailauth import HEADER_MOST_BYTES, verify

OWN = ("mx.marco.example",)
ADA = "From: Ada Rossi <ada@rossi.example>"
RECEIVED = "Received: from mail.rossi.example by mx.marco.example with ESMTPS id 1; Mon, 1 Jan"


def mail(*headers: str, body: str = "Hi") -> bytes:
    return "\r\n".join([*headers, "Subject: Invoice", "", body]).encode("latin-1")


def results(said: str, by: str = "mx.marco.example") -> str:
    return f"Authentication-Results: {by}; {said}"


DMARC = results("dmarc=pass header.from=rossi.example")
FORGED = "Authentication-Results: mx.marco.example; dmarc=pass header.from=rossi.example"


@pytest.mark.parametrize(
    ("said", "by"),
    [
        ("dmarc=pass header.from=rossi.example", "dmarc"),
        ("dmarc=pass (p=none dis=none) header.from=ROSSI.example", "dmarc"),
        ("dkim=pass header.d=rossi.example header.s=s1 header.b=ab12==", "dkim"),
        ("dkim=pass (2048-bit key; ok) header.i=@mail.rossi.example", "dkim"),
        ("dkim=fail header.d=list.example; dkim=pass header.d=rossi.example", "dkim"),
        ("spf=pass smtp.mailfrom=bounce@rossi.example", "spf"),
        ("spf=pass smtp.mailfrom=rossi.example; dmarc=none header.from=rossi.example", "spf"),
        ('spf=pass reason="fine; really" smtp.mailfrom="ada@rossi.example"', "spf"),
        ("iprev=pass policy.iprev=192.0.2.1;\r\n\tdkim=pass\r\n header.d=rossi.example", "dkim"),
        ("spf/1 = pass smtp . mailfrom = rossi.example", "spf"),
    ],
)
def test_what_the_own_server_proved_counts(said: str, by: str) -> None:
    found = verify(mail(RECEIVED, results(said), ADA), OWN)
    assert (found.address, found.verified, found.by) == ("ada@rossi.example", True, by), found.why


@pytest.mark.parametrize(
    "said",
    [
        "none",
        "dmarc=fail header.from=rossi.example",
        "dmarc=pass header.from=evil.example",
        "dmarc=pass",  # of whom?
        "dmarc=pass header.from=rossi.example header.from=evil.example",
        "dmarc=fail (dmarc=pass header.from=rossi.example) header.from=rossi.example",
        'dmarc=fail reason="; dmarc=pass header.from=rossi.example"',
        "dmarc=fail header.from=rossi.example; dkim=pass header.d=rossi.example",
        "dmarc=pass header.from=rossi.example; dmarc=fail header.from=rossi.example",
        "dkim=pass header.d=example",  # above it others live too
        "dkim=pass header.d=evilrossi.example",
        "dkim=pass header.d=rossi.example.evil.example",
        "dkim=pass header.i=rossi.example@evil.example",
        "dkim=none header.d=rossi.example",
        "dkim=passing header.d=rossi.example",
        "spf=pass smtp.helo=rossi.example",  # says nothing of the envelope
        "spf=pass smtp.mailfrom=rossi.example@evil.example",
        "spf=softfail smtp.mailfrom=rossi.example",
        "arc=pass header.d=rossi.example",
        "x-dkim=pass header.d=rossi.example",
        "dkim=pass header.d=rossi.example garbage=",
        "dkim=pass (header.d=rossi.example",  # a comment that does not end
        'dkim=pass "header.d=rossi.example',
        "dkim=pass\\; header.d=rossi.example",
    ],
)
def test_what_the_own_server_did_not_prove_does_not_count(said: str) -> None:
    assert not verify(mail(RECEIVED, results(said), ADA), OWN).verified


@pytest.mark.parametrize(
    "headers",
    [
        (RECEIVED, ADA),
        (RECEIVED, results("dmarc=pass header.from=rossi.example", "mx.evil.example"), ADA),
        (RECEIVED, results("dmarc=pass header.from=rossi.example", "mx.marco.example.evil"), ADA),
        (RECEIVED, results("dmarc=pass header.from=rossi.example", ""), ADA),
        (RECEIVED, results("dmarc=pass header.from=rossi.example", "(mx.marco.example)"), ADA),
        (RECEIVED, results("dmarc=pass header.from=rossi.example", "mx.marco.example evil"), ADA),
        # below a stop at a foreign server
        (RECEIVED, "Received: from x by mx.evil.example; 1 Jan", FORGED, ADA),
        ("Received: from x by mx.evil.example (by mx.marco.example); 1 Jan", FORGED, ADA),
        # above it the own server says otherwise
        (RECEIVED, results("dmarc=fail header.from=rossi.example"), FORGED, ADA),
        (
            RECEIVED,
            results("dkim=none; spf=fail; dmarc=fail header.from=rossi.example"),
            FORGED,
            ADA,
        ),
        (RECEIVED, results("none"), FORGED, ADA),
        (DMARC, results("dmarc=fail header.from=rossi.example"), ADA),  # two that disagree
        (RECEIVED, DMARC, ADA, "From: eve@evil.example"),
        (RECEIVED, DMARC, "From: eve@evil.example", ADA),
        (RECEIVED, DMARC, "From : eve@evil.example", ADA),
        (RECEIVED, DMARC, "from: ada@rossi.example, eve@evil.example"),
        (RECEIVED, DMARC, "From: ada@rossi.example <eve@evil.example>"),
        (RECEIVED, DMARC, 'From: "ada@rossi.example" <eve@evil.example>'),
        (RECEIVED, DMARC, 'From: "eve@evil.example" <ada@rossi.example>'),
        (RECEIVED, DMARC, "From: ada@rossi.example (eve@evil.example)"),
        (RECEIVED, DMARC, "From: Ada (really) <ada@rossi.example>"),
        (RECEIVED, DMARC, "From: <@evil.example:ada@rossi.example>"),
        (RECEIVED, DMARC, "From: team: ada@rossi.example;"),
        (RECEIVED, DMARC, "From: <ada@rossi.example> <eve@evil.example>"),
        (RECEIVED, DMARC, "From: ada@rossi.example\0"),
        (RECEIVED, DMARC, "From: \xe4da@rossi.example"),
        (RECEIVED, DMARC, "From: ada@rossi.example@evil.example"),
        (RECEIVED, DMARC, "From: ada"),
        (RECEIVED, DMARC, "Sender: ada@rossi.example"),
        (RECEIVED, DMARC, "no header at all", ADA),
        (RECEIVED, DMARC, "X: 1\rFrom: eve@evil.example", ADA),
        (RECEIVED, f"{DMARC} ({'x' * HEADER_MOST_BYTES})", ADA),
        (RECEIVED, DMARC, f'From: "{"x" * HEADER_MOST_BYTES}" <ada@rossi.example>'),
        (RECEIVED, DMARC, *(["X-A: 1"] * 600), ADA),
        ("\r\n", DMARC, ADA),  # the headers end before they begin
    ],
)
def test_a_forged_mail_is_never_verified(headers: tuple[str, ...]) -> None:
    found = verify(mail(*headers), OWN)
    assert not found.verified and found.why


def test_a_mail_that_goes_round_in_our_house_is_still_verified() -> None:
    inside = "Received: by localhost (Postfix); 1 Jan"
    host = "Received: from mx.marco.example by imap.marco.example with LMTP; 1 Jan"
    later = "Received: from x by mx.rossi.example; 1 Jan"
    found = verify(mail(host, inside, RECEIVED, DMARC, later, ADA), OWN)
    assert found.verified
    gmail = "Received: by 2002:a05:6358:700b:b0:1a with SMTP id 1; 1 Jan"
    own = "Received: from mail.rossi.example by mx.google.com with ESMTPS; 1 Jan"
    said = results("dmarc=pass header.from=rossi.example", "mx.google.com")
    assert verify(mail(gmail, own, said, ADA), ("mx.google.com",)).verified


def test_without_a_server_of_ones_own_nobody_is_verified_and_it_says_so() -> None:
    for names in ((), ("",), (" ",)):
        found = verify(mail(RECEIVED, DMARC, ADA), names)
        assert not found.verified and "FACTOTUM_MAIL_AUTHSERV" in found.why


def test_what_a_mail_claims_is_told_whether_it_counts_or_not() -> None:
    other = results("spf=pass smtp.mailfrom=x; dkim=fail; dmarc=pass", "mx.evil.example")
    found = verify(mail(RECEIVED, other, ADA), OWN)
    assert (found.claimed, found.verified) == ("dmarc=pass, dkim=fail, spf=pass", False)


BITS = [RECEIVED, DMARC, FORGED, ADA, "From: ", "\r\n\r\n", "\n ", '"', "(", ";", "\\", "\xff", "="]


@given(st.binary(max_size=400) | st.lists(st.sampled_from(BITS)).map(lambda t: "".join(t).encode()))
def test_no_bytes_break_it(raw: bytes) -> None:
    found = verify(raw, OWN)
    assert found.verified or found.why


@given(st.text(alphabet='"\\@<>(),;: ada.rossi\t\n', max_size=60))
def test_a_from_line_that_is_verified_names_one_address_alone(text: str) -> None:
    found = verify(mail(RECEIVED, DMARC, f"From: {text}").replace(b"\r\n", b"\n"), OWN)
    assert not found.verified or text.count("@") == 1


@pytest.mark.parametrize(
    "bit", [" ", "(", '"', ";", "\\", "a=", "a.b=c ", "dkim=pass ", "a;", '";', "\n ", "<", "a "]
)
def test_a_hostile_header_takes_no_time(bit: str) -> None:
    long = bit * (HEADER_MOST_BYTES // len(bit) - 40)
    began = time.process_time()
    verify(mail(RECEIVED, results(long), f"From: {long}"), OWN)
    verify(mail(RECEIVED, f"Received: {long}", f"From: {long}"), OWN)
    assert time.process_time() - began < 1
