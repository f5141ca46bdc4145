"""An address that could be taken for a known one is told from those that could not."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factotum.gate.lookalike import Lookalikes

ADA = "ada@rossi.example"
KNOWN = [
    ADA,
    "marco.bianchi@gmail.com",
    "billing@studio-bianchi.it",
    "jo@firm.co.uk",
    "kunden@süd-bank.example",
    "a@b.example",
]


@pytest.mark.parametrize(
    ("address", "taken_for"),
    [
        ("ada@rossl.example", ADA),
        ("ada@ross1.example", ADA),
        ("ada@rosi.example", ADA),
        ("ada@rosssi.example", ADA),
        ("ada@rosis.example", ADA),
        ("ada@rossi.test", ADA),
        ("ada@rossi.co.uk", ADA),
        ("ada@rossi-payments.example", ADA),
        ("ada@my-rossi.test", ADA),
        ("ada@rossi.example.evil.test", ADA),
        ("ada@rоssi.example", ADA),  # a Cyrillic o
        ("ada@xn--rssi-55d.example", ADA),  # the same, as servers write it
        ("аdа@rossi.example", ADA),
        ("a.d.a@rossi.example", ADA),
        ("aada@rossi.example", ADA),
        ("accounting@rossl.example", ADA),
        ("marco.blanchi@gmail.com", "marco.bianchi@gmail.com"),
        ("marcobianchi@gmail.com", "marco.bianchi@gmail.com"),
        ("marco.bianchi@gmall.com", "marco.bianchi@gmail.com"),
        ("marco.bianchi@gmail.example", "marco.bianchi@gmail.com"),
        ("marco.bianchi.private@gmail.com", "marco.bianchi@gmail.com"),
        ("marco.biancih@gmail.com", "marco.bianchi@gmail.com"),
        ("billing@studio-blanchi.it", "billing@studio-bianchi.it"),
        ("billing@studiobianchi.it", "billing@studio-bianchi.it"),
        ("invoices@studio-bianchi-pay.it", "billing@studio-bianchi.it"),
        ("billing@studio-bianchl.test", "billing@studio-bianchi.it"),
        ("kunden@sud-bank.example", "kunden@süd-bank.example"),
        ("kunden@xn--sd-bank-n2a.example", ""),  # it is that address
    ],
)
def test_an_address_that_looks_like_a_known_one_is_found(address: str, taken_for: str) -> None:
    assert Lookalikes(KNOWN).of(address) == taken_for


@pytest.mark.parametrize(
    "address",
    [
        *KNOWN,
        "ADA@Rossi.example",
        "ada+news@rossi.example",
        "ada@mail.rossi.example",
        "bob@rossi.example",
        "ada@verdi.example",
        "someone@gmail.com",
        "someone@gmx.de",
        "someone@googlemail.com",
        "bob@rossi.test",
        "info@bossa.example",
        "jo@form.example",
        "b@b.example",
        "c@d.example",
        "nobody",
        "",
        "@",
        "x@",
    ],
)
def test_an_address_of_somebody_else_is_left_alone(address: str) -> None:
    assert Lookalikes(KNOWN).of(address) == ""


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_address_breaks_it_and_a_known_one_is_never_its_own_lookalike(
    one: str, other: str
) -> None:
    alikes = Lookalikes([one, f"{one}@{other}"])
    assert alikes.of(f"{one}@{other}") == "" or "@" not in f"{one}@{other}"[1:]
    alikes.of(other)


def test_two_thousand_addresses_are_looked_through_in_no_time() -> None:
    known = [f"person{n}.name{n * 7}@house{n % 900}-of-cards{n % 7}.example" for n in range(2000)]
    began = time.process_time()
    alikes = Lookalikes(known)
    built_s = time.process_time() - began
    began = time.process_time()
    for n in range(100):
        alikes.of(f"person{n}.nane{n * 7}@house{n % 900}-of-card{n % 7}.example")
    assert (time.process_time() - began) / 100 < 0.02
    assert built_s < 6
