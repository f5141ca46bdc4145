"""Links: which host one goes to, and whether it could carry something out."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factotum.gate.links import foreign, origin, plain_link, warning


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://example.org/a?b=c#d", "https://example.org"),
        ("HTTPS://Example.ORG:443/", "https://example.org"),
        ("http://example.org:8080/", "http://example.org:8080"),
        ("https://example.org./", "https://example.org"),
        ("http://example.org/", "http://example.org"),  # another than with https
        ("https://example.org@evil.example/", ""),
        ("https://example.org\\@evil.example/", ""),
        ("https://example.org /", ""),
        ("https://example.org\n.evil.example/", ""),
        ("https://example.org:99999/", ""),
        ("file:///etc/passwd", ""),
        ("//example.org/", ""),
        ("https://", ""),
        ("https://[::1/", ""),
        ("https://[2001:DB8::1]:8443/", "https://[2001:db8::1]:8443"),
        ("https://[fe80::1%25eth0]/", ""),
        ("https://bücher.example/", "https://xn--bcher-kva.example"),
        ("https://a。evil.example/", "https://a.evil.example"),
        ("https://faß.example/", ""),  # of old it was fass.example
        ("https://good.example;evil.example/", ""),
        ("https://good.example%2eevil.example/", ""),
        (f"https://{'a' * 300}.example/", ""),
    ],
)
def test_the_host_of_a_link(url: str, host: str) -> None:
    assert origin(url) == host


@pytest.mark.parametrize(
    "behind",
    [
        "",
        "/",
        "/wiki/Donaudampfschifffahrt",
        "/2026/11/how-to-connect-your-mail-server-to-an-office",
        "/search?q=invoice+template&page=3",
        "/questions/11227809/why-is-processing-a-sorted-array-faster",
        "/article.php?id=123456789",
    ],
)
def test_an_ordinary_link_is_plain(behind: str) -> None:
    assert plain_link(f"https://example.org{behind}")


CODED = base64.urlsafe_b64encode(b"customer list: Ada, Bob").decode()


@pytest.mark.parametrize(
    "behind",
    [
        "/?q=" + "word+" * 21,
        "/" + "word/" * 41,
        "/go?to=https://evil.example/",
        "/go?to=%2F%2Fevil.example",
        "/go?to=%255C%255Cevil.example",
        f"/{CODED}",
        f"/?d={CODED}",
        f"/?d={b'customer list of Ada'.hex()}",
        "/?d=%59%33%56%7a%64%47%39%74%5a%58%49%67%62%47%6c%7a%64%41",
        "/?d=4111111111111111",
        "/" + "mfrggzdfmztwq2lknnwg23tpoa" * 2,
    ],
)
def test_a_link_that_may_hold_more_is_not(behind: str) -> None:
    assert not plain_link(f"https://example.org{behind}")


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://аpple.com/", "xn--pple-43d.com"),  # its first letter is Cyrillic
        ("https://faß.example/", "xn--fa-hia.example"),
        ("https://аpple.com/?xn--pple-43d.com", "xn--pple-43d.com"),
        ("https://apple.com/", ""),
        ("https://[", ""),
        ("https://apple.com/bücher", ""),
        ("https://xn--pple-43d.com/", ""),  # it is seen to be odd
    ],
)
def test_letters_of_another_script_are_found(url: str, host: str) -> None:
    assert foreign(url) == host


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (
            f"https://accounts.bank.example.{'a' * 30}.evil.test/bank.example",
            "one of `evil.test`",
        ),
        (f"https://www.bank.example/{'a' * 60}", ""),
        ("https://аpple.com/", "`xn--pple-43d.com`, in letters of another script"),
    ],
)
def test_what_may_be_overlooked_in_a_host_is_said(url: str, said: str) -> None:
    assert said in warning(url) and bool(said) is bool(warning(url))


@given(st.text())
def test_no_link_breaks_it(url: str) -> None:
    assert plain_link(url) in (True, False)
    assert isinstance(warning(url), str)
    assert not plain_link(url) or origin(url)


@given(st.binary(min_size=24, max_size=60))
def test_bytes_in_base64_do_not_pass(data: bytes) -> None:
    text = base64.urlsafe_b64encode(data).decode()
    if len(set(data)) > 12:  # what repeats itself tells little
        assert not plain_link(f"https://example.org/?d={text.replace('-', 'A').replace('_', 'B')}")
