"""Money is told as a person writes it, is always exactly that much, and can be typed back."""

from __future__ import annotations

import re
import subprocess
import sys
import unicodedata
from decimal import Decimal

import pytest
from babel import localedata
from hypothesis import given
from hypothesis import strategies as st

from factotum.inert import inert, one_line, uninert
from factotum.money import is_typed, plain, read, teller, word
from factotum.settings import SettingsError, load
from factotum.settings.locale_name import is_known, of, tidy

#: Some of each kind: point or comma, blanks or apostrophes, lakhs, from right to left.
LOCALES = (
    "plain en_US de_DE de_AT de_CH fr_FR fr_CH it_IT es_ES pt_PT pt_CV sv_SE nl_NL pl_PL en_ZA "
    "hi_IN bn_BD ja_JP zh_TW ar_EG ar fa_IR ur_PK he_IL ckb ff_Adlm bg sr_RS no_NO xx_YY"
).split()
CODES = ("EUR", "USD", "JPY", "KWD", "CVE", "EGP", "XAF", "BTC", "XYZ", "ABCDEFGHIJ", "")

amounts = st.decimals(min_value=0, max_value=10**18, places=2) | st.decimals(
    allow_nan=False, allow_infinity=False
)


def digits(text: str) -> set[str]:
    return {char for char in text if unicodedata.category(char) == "Nd"}


@pytest.mark.parametrize(
    ("locale", "amount", "currency", "told"),
    [
        ("de_DE", "120", "EUR", "120,00 €"),
        ("de_DE", "1234567.5", "EUR", "1.234.567,50 €"),
        ("de_AT", "120", "EUR", "€ 120,00"),
        ("de_CH", "1234.5", "CHF", "CHF 1'234.50"),
        ("en_US", "120", "EUR", "€120.00"),
        ("en_US", "1234.50", "CAD", "CA$1,234.50"),
        ("fr_FR", "1234.50", "EUR", "1 234,50 €"),
        ("hi_IN", "1234567", "INR", "₹12,34,567.00"),
        ("de_DE", "12000", "JPY", "12.000 ¥"),
        ("de_DE", "1.5", "KWD", "1,500 KWD"),
        ("de_DE", "0.00012345", "BTC", "0,00012345 BTC"),  # no digit is rounded away
        ("de_DE", "5", "XYZ", "5,00 XYZ"),
        ("de_DE", "120", "", "120,00"),
        ("ar_EG", "1234.5", "EUR", "1,234.50 €"),  # without the marks that nobody sees
        ("fa_IR", "1234.5", "EUR", "€ 1,234.50"),
        ("ar_EG", "1234.5", "EGP", "1'234.50 EGP"),  # its sign would turn the line round
        ("no_NO", "120", "EUR", "120,00 €"),  # a name that some systems still have
        ("xx_YY", "1234.5", "EUR", "1'234.50 EUR"),
        ("plain", "120", "EUR", "120.00 EUR"),
        ("plain", "1234567.5", "EUR", "1'234'567.50 EUR"),
        ("plain", "12000", "JPY", "12'000 JPY"),
        ("plain", "1.234", "KWD", "1.2340 KWD"),  # three digits would be thousands to some
        ("plain", "-0.00", "EUR", "0.00 EUR"),
        ("de_DE", "-1.5", "EUR", "-1,50 €"),
        ("de_DE", "9E+999999", "EUR", "9E+999999 EUR"),
        ("de_DE", "NaN", "EUR", "NaN EUR"),
    ],
)
def test_money_is_told_as_it_is_written_there(
    locale: str, amount: str, currency: str, told: str
) -> None:
    said = " ".join(teller(locale)(Decimal(amount), currency).split())
    assert said.replace("’", "'") == told  # the data says now the one, now the other


@given(st.sampled_from(LOCALES), st.sampled_from(CODES), amounts)
def test_what_is_told_can_be_typed_back_and_is_that_amount(
    locale: str, currency: str, amount: Decimal
) -> None:
    told = teller(locale)(amount, currency)
    assert digits(told) <= set("0123456789")
    assert not any(unicodedata.category(char) in ("Cf", "Cc") for char in told)
    if not -30 < amount.adjusted() < 30:
        return  # nobody pays that: it is told, and no more
    asked = word(amount, currency, told)
    shown = uninert(inert(asked))
    for typed in (asked, shown, one_line(shown, 300), plain(amount, currency), f" {asked}\n"):
        assert is_typed(typed, amount, currency, asked), typed


@given(
    st.sampled_from(LOCALES),
    st.sampled_from(CODES),
    amounts,
    amounts | st.integers(-4, 4),
)
def test_no_amount_is_taken_for_another_one(
    locale: str, currency: str, amount: Decimal, other: Decimal | int
) -> None:
    other = amount.scaleb(other) if isinstance(other, int) else other  # a point that is misread
    tell = teller(locale)
    asked = word(amount, currency, tell(amount, currency))
    typed = (tell(other, currency), plain(other, currency), f"{other}")
    if amount != other:
        assert not any(is_typed(text, amount, currency, asked) for text in typed)


@given(amounts, st.sampled_from([".,", ",.", " ,", "'.", "’.", "\u202f,"]))
def test_an_amount_is_read_as_it_is_or_not_at_all(amount: Decimal, marks: str) -> None:
    if not -18 < amount.adjusted() < 30:
        return
    whole = f"{abs(amount):,f}".translate(str.maketrans(",.", marks))
    assert read(whole) in (None, abs(amount))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("120", "120"),
        ("120.00", "120"),
        ("120,00", "120"),
        ("0.500", "0.5"),
        ("1.234", None),  # a thousand, or little more than one
        ("1,234", None),
        ("12,345", None),
        ("1'234", "1234"),
        ("1’234.5", "1234.5"),
        ("1 234", "1234"),
        ("1 234,567", "1234.567"),
        ("1.234,50", "1234.5"),
        ("1,234.50", "1234.5"),
        ("12,34,567.00", "1234567"),
        ("1.234.567", "1234567"),
        ("1.2345", "1.2345"),
        ("1,2.3", None),
        ("1..2", None),
        ("1.234.56", None),
        ("1 23", None),
        ("", None),
    ],
)
def test_a_number_with_two_readings_is_none(text: str, number: str | None) -> None:
    assert read(text) == (None if number is None else Decimal(number))


@pytest.mark.parametrize(
    "typed",
    [
        "120,00 €", "120,00\u00a0€", "120,00€", "120.00", "120,00", "120", "€120.00", "120 EUR",
        "eur 120",
    ],
)  # fmt: skip
def test_an_amount_may_be_typed_in_any_form_with_one_reading(typed: str) -> None:
    assert is_typed(typed, Decimal(120), "EUR", "120,00\u00a0€")


@pytest.mark.parametrize(
    "typed",
    [
        "120,01 €", "12000", "120 $", "120 USD", "€120 EUR", "-120", "yes", "€", "120 120",
        "1.20,00", "120,000",
    ],
)  # fmt: skip
def test_nothing_else_is_that_amount(typed: str) -> None:
    assert not is_typed(typed, Decimal(120), "EUR", "120,00\u00a0€")


def test_less_than_nothing_has_one_sign() -> None:
    typed = ("-120", "−120,00 €", "--120", "120")
    taken = [is_typed(text, Decimal(-120), "EUR", "-120,00\u00a0€") for text in typed]
    assert taken == [True, True, False, False]


def test_what_has_two_readings_is_typed_in_a_form_that_has_one() -> None:
    told = teller("de_DE")(Decimal(1234), "JPY")
    assert one_line(told, 20) == "1.234 ¥"
    asked = word(Decimal(1234), "JPY", told)
    assert asked == "1'234 JPY"
    assert is_typed("1234", Decimal(1234), "JPY", asked)
    assert not is_typed("1.234 ¥", Decimal(1234), "JPY", asked)


@pytest.mark.slow
def test_no_locale_that_there_is_makes_it_fail() -> None:
    for locale in localedata.locale_identifiers():
        assert is_known(locale)
        for currency in CODES:
            for amount in map(Decimal, ("120", "1234567.5", "0.00012345")):
                told = teller(locale)(amount, currency)
                assert digits(told) <= set("0123456789"), locale
                asked = word(amount, currency, told)
                assert is_typed(one_line(asked, 99), amount, currency, asked), (locale, told)


# -- which locale


@pytest.mark.parametrize(
    ("environ", "locale"),
    [
        ({}, "plain"),
        ({"LANG": "C"}, "plain"),
        ({"LANG": "C.UTF-8"}, "plain"),
        ({"LANG": "POSIX"}, "plain"),
        ({"LANG": "de_DE.UTF-8"}, "de_DE"),
        ({"LANG": "en_US.UTF-8", "LC_MONETARY": "de_AT.UTF-8@euro"}, "de_AT"),
        ({"LANG": "en_US.UTF-8", "LC_MONETARY": "de_AT", "LC_ALL": "C"}, "plain"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": ""}, "en_US"),
        ({"LANG": "en_US.UTF-8", "FACTOTUM_LOCALE": "de-de"}, "de_DE"),
        ({"LANG": "en_US.UTF-8", "FACTOTUM_LOCALE": "plain"}, "plain"),
        ({"FACTOTUM_LOCALE": "zh_TW"}, "zh_TW"),  # short for zh_Hant_TW
        ({"FACTOTUM_LOCALE": "zh_hant_tw.UTF-8"}, "zh_Hant_TW"),
        ({"LANG": "tlh_QO.UTF-8"}, "tlh_QO"),  # the system's; told plainly
    ],
)
def test_the_locale_is_the_one_named_else_that_of_the_system(
    environ: dict[str, str], locale: str
) -> None:
    assert load(environ).text("LOCALE") == locale


@pytest.mark.parametrize("name", ["de_XX", "tlh", "english", "C", "de_DE; rm", "../de", "1,5"])
def test_a_locale_that_there_is_not_is_refused_before_anything_runs(name: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load({"FACTOTUM_LOCALE": name})
    said = str(refused.value)
    assert said.startswith("FACTOTUM_LOCALE (the environment)")
    assert "such as de_DE or en_GB, or plain" in said


@given(st.text(st.characters(codec="utf-8"), max_size=12))
def test_whatever_the_system_says_money_is_told(name: str) -> None:
    assert re.search("120[.,]00", teller(of({"LANG": name}))(Decimal(120), "EUR"))
    assert tidy(tidy(name)) == tidy(name)


def test_the_library_is_loaded_by_the_first_amount_in_a_locale_and_not_before() -> None:
    code = """
import sys
from decimal import Decimal
from factotum.money import teller
from factotum.settings import load
tell, told = teller(load({"FACTOTUM_LOCALE": "de_DE"}).text("LOCALE")), Decimal(120)
teller("plain")(told, "EUR")
before = "babel" in sys.modules
tell(told, "EUR")
print(before, "babel" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


def test_where_no_file_can_be_opened_an_amount_is_told_all_the_same() -> None:
    code = """
import resource
from decimal import Decimal
from factotum.money import teller
import babel.numbers
resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
print(teller("de_DE")(Decimal(120), "EUR"))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "120.00 EUR\n"
