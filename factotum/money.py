"""Money in words: how an amount is told to a person, and whether what they typed is that amount.

Told only. What is compared, by a rule or a seal, is the number itself. Digits are always those
of ASCII, so that two amounts can be held against each other, and typed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from decimal import Decimal

from factotum.settings.locale_name import PLAIN

#: Tells an amount of a currency (its code, or empty where it is not known).
Teller = Callable[[Decimal, str], str]

#: Of how many digits the smaller unit is, where it is not of two: ISO 4217, list one.
MINOR_DIGITS = {
    **dict.fromkeys(
        "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0
    ),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
    **dict.fromkeys("CLF UYW".split(), 4),
}

#: From this power of ten on, up or down, an amount is told as it is: nobody means it.
FAR = 30

#: What stands between thousands in some place of the world; only the first two may also stand
#: before what is smaller than one.
_MARKS = ".,'’ \u00a0\u202f"
#: How a minus is written.
MINUS = "-−"
_NUMBER = re.compile(rf"[0-9](?:[0-9{_MARKS}]*[0-9])?")
#: One kind of mark before each three digits, or as in India before two, and before the last three.
_GROUPED = re.compile(
    r"[0-9]+|[1-9][0-9]{0,2}(?:(?P<mark>[., '])[0-9]{3})(?:(?P=mark)[0-9]{3})*"
    r"|[1-9][0-9]?(?P<lakh>,)(?:[0-9]{2},)*[0-9]{3}"
)


def plain(amount: Decimal, currency: str) -> str:
    """“1'234.50 EUR”: it can be read in one way only, wherever one comes from."""
    number = _exact(amount)
    if number is None:
        return f"{amount} {currency}".rstrip()
    whole, _, part = number.lstrip("-").partition(".")
    part = part.ljust(min(MINOR_DIGITS.get(currency, 2), 2), "0")
    part = part.ljust(4, "0") if len(part) == 3 else part  # three would be thousands to some
    grouped = f"{int(whole):,}".replace(",", "'") + (f".{part}" if part else "")
    return f"{'-' * number.startswith('-')}{grouped} {currency}".rstrip()


def teller(locale: str) -> Teller:
    """How money is told in `locale`: “1.234,50 €” in de_DE. What the library does not know, and
    what it would not tell exactly, is told plainly."""
    if locale == PLAIN:
        return plain

    def tell(amount: Decimal, currency: str) -> str:
        if (number := _exact(amount)) is None:
            return plain(amount, currency)
        told = _in_locale(Decimal(number), currency, locale)
        return told or plain(amount, currency)

    return tell


def _exact(amount: Decimal) -> str | None:
    """All its digits, without zeros at the end, or None where that is no number to be written."""
    if not amount.is_finite() or not -FAR < amount.adjusted() < FAR:
        return None
    text = f"{amount or Decimal(0):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _in_locale(amount: Decimal, currency: str, name: str) -> str:
    """The amount as it is written there, or empty where that does not say exactly this."""
    try:
        from babel import Locale, UnknownLocaleError  # 5 MB, for an office that pays
        from babel.numbers import format_currency, get_decimal_symbol
    except ImportError:
        return ""
    try:
        locale = Locale.parse(name)
    except OSError:  # no file can be opened just now: the next amount tries again
        return ""
    except (UnknownLocaleError, ValueError):
        shorter = name.rpartition("_")[0]
        return _in_locale(amount, currency, shorter) if shorter else ""
    pattern = None if currency else "#,##0.00"
    try:
        told = format_currency(
            amount,
            currency or "EUR",  # without a sign in the pattern it is not shown
            pattern,
            locale,
            currency_digits=bool(currency),
            decimal_quantization=False,
        )
        point = get_decimal_symbol(locale)
    except (ArithmeticError, LookupError, OSError, ValueError):
        return ""
    seen = "".join(char for char in told if unicodedata.category(char) != "Cf")
    return seen if _says(seen, amount, point) else ""


def _says(told: str, amount: Decimal, point: str) -> bool:
    """Whether that is what the text says, to somebody for whom `point` is the decimal one; and
    whether it stays in its place in a line that runs from left to right."""
    if any(unicodedata.bidirectional(char) in ("R", "AL", "AN") for char in told):
        return False
    found = _NUMBER.search(told)
    if found is None or re.search("[0-9]", told[found.end() :]) or point not in ".,":
        return False
    whole, _, part = found[0].partition(point)
    digits, minus = re.sub("[^0-9]", "", whole), "-" if set(MINUS) & set(told) else ""
    return (not part or part.isdigit()) and Decimal(f"{minus}{digits}.{part or 0}") == amount


# -- typed by a person


def word(amount: Decimal, currency: str, told: str) -> str:
    """What is to be typed for it: as it was told, or plainly where that has two readings."""
    return told if is_typed(told, amount, currency, told) else plain(amount, currency)


def is_typed(text: str, amount: Decimal, currency: str, word: str) -> bool:
    """Whether a person who was to type `word` typed this amount: in any form that has one
    reading, alone or with its currency, by the code or as it stands in `word`."""
    number, shown = _NUMBER.search(text), _NUMBER.search(word)
    if number is None or shown is None or (found := read(number[0])) is None:
        return False
    before, after = _around(text, number)
    signs = {"", _folded(currency), "".join(_around(word, shown))}
    minus = sum(text.count(sign) for sign in MINUS)
    only = not (before and after) and before + after in signs and minus < 2
    return only and found == (amount.copy_negate() if minus else amount)


def _around(text: str, number: re.Match[str]) -> tuple[str, str]:
    """What stands before and behind the number, without blanks and a minus."""
    before, after = _folded(text[: number.start()]), _folded(text[number.end() :])
    return before.strip(MINUS), after.strip(MINUS)


def _folded(text: str) -> str:
    return "".join(text.split()).casefold()


def read(text: str) -> Decimal | None:
    """The number, or None where it could be two, or is none: “1.234” is either a thousand or
    little more than one, “1.234,50” and “0.500” are what they are."""
    flat = re.sub("[\u00a0\u202f]", " ", text).replace("’", "'")
    found = set(_readings(flat))
    return found.pop() if len(found) == 1 else None


def _readings(text: str) -> Iterator[Decimal]:
    if _GROUPED.fullmatch(text):
        yield Decimal(re.sub("[^0-9]", "", text))
    whole, part = re.fullmatch("(.*?)(?:[.,]([0-9]+))?", text).groups()  # type: ignore[union-attr]
    point = text[len(whole) : len(whole) + 1]
    if part and point not in whole and _GROUPED.fullmatch(whole):
        yield Decimal(f"{re.sub('[^0-9]', '', whole)}.{part}")
