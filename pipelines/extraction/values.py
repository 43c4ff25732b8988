"""Values inside a line of text: where dates, amounts and codes stand, and what they mean."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple


class Found(NamedTuple):
    """One value in a text: characters `start` to `end` and its canonical form."""

    start: int
    end: int
    value: str


_MONTH_NAMES = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC"
_MONTH = (
    r"(?P<month>JAN(?:UARY)?|FEB(?:RUARY)?|MAR(?:CH)?|APR(?:IL)?|MAY|JUNE?|JULY?|AUG(?:UST)?"
    r"|SEP(?:T(?:EMBER)?)?|OCT(?:OBER)?|NOV(?:EMBER)?|DEC(?:EMBER)?)\.?"
)
_DATES = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?<!\d)(?P<year>(?:19|20)\d\d)(?P<s>\s?[/.\-]\s?)(?P<m>\d{1,2})(?P=s)(?P<day>\d{1,2})(?!\d)",
        r"(?<!\d)(?P<year>(?:19|20)\d\d)年(?P<m>\d{1,2})月(?P<day>\d{1,2})日",
        r"(?<!\d)(?P<day>\d{1,2})(?P<s>\s?[/.\-]\s?)(?P<m>\d{1,2})(?P=s)"
        r"(?P<year>(?:19|20)\d\d|\d\d)(?!\d(?!\d?:))",
        r"(?<!\d)(?P<day>\d{1,2})(?:ST|ND|RD|TH)?[\s/.,\-]*" + _MONTH + r"[\s/.,\-']*"
        r"(?P<year>(?:19|20)\d\d|\d\d)(?!\d)",
        r"(?<![A-Z])" + _MONTH + r"[\s/.,\-]*(?P<day>\d{1,2})(?:ST|ND|RD|TH)?[\s/.,\-']+"
        r"(?P<year>(?:19|20)\d\d|\d\d)(?!\d)",
        r"(?<!\d)(?P<year>20\d\d)(?P<m>0[1-9]|1[0-2])(?P<day>[0-3]\d)(?!\d)",
        r"(?<!\d)(?P<day>[0-3]\d)(?P<m>0[1-9]|1[0-2])(?P<year>20\d\d)(?!\d)",
    )
]

_NUMBER = r"\d{1,3}(?:[,.' ]\d{3})+[.,]\d{1,2}|\d{1,3}(?:,\d{3})+|\d+\s?[.,]\s?\d{1,3}|\d{1,7}"
_CURRENCY = r"[$€£¥]|(?<![A-Z])(?:RM|R|[A-Z]{2}\$|USD|EUR|GBP|MYR|SGD|CHF|AUD|CAD|JPY|CNY|INR|KR)"
_MONEY = re.compile(
    rf"(?<![\w.,/:\-])(?P<prefix>(?:{_CURRENCY})\s?[:.]?\s*)?"
    rf"(?P<number>\(?-?(?:{_NUMBER})\)?)(?![\d%:/]|[.,]\d)",
    re.IGNORECASE,
)
_GLUED_MONEY = re.compile(
    rf"(?P<prefix>{_CURRENCY})\s?(?P<number>-?(?:{_NUMBER}))(?![\d%:/])", re.I
)
_CODE = re.compile(r"(?=[^\s]*\d)[^\W_](?:[\w./\-#]*\w)?")


def parse_amount(text: str) -> str | None:
    """An amount as a plain decimal number (`RM 1,234.50` → `1234.5`); None without digits.

    The last comma or point with one or two digits behind it is the decimal mark. A single
    point with three digits is read the English way, as a decimal mark too.
    """
    digits = re.sub(r"[^\d.,]", "", text).strip(".,")
    if not re.search(r"\d", digits) or len(digits) > 40:
        return None
    cut = max(digits.rfind("."), digits.rfind(","))
    tail = len(digits) - cut - 1
    if cut >= 0 and (tail <= 2 or (digits[cut] == "." and digits.count(".") == 1)):
        whole, fraction = re.sub(r"[.,]", "", digits[:cut]), digits[cut + 1 :]
    else:
        whole, fraction = re.sub(r"[.,]", "", digits), ""
    number = Decimal(f"{whole or 0}.{fraction or 0}")
    negative = re.search(r"-\s*\D{0,4}\d|^\s*\(.*\)\s*$|\d\s*-\s*$", text) is not None
    # Decimal is exact; the context's precision would round more than 28 digits.
    plain = format(number, "f").rstrip("0").rstrip(".")
    return f"-{plain}" if negative and plain != "0" else plain


def parse_date(text: str) -> str | None:
    """The first date in a text as ISO 8601, the day before the month where both can be."""
    found = find_dates(text)
    return found[0].value if found else None


def find_dates(text: str) -> list[Found]:
    """Every date in a text that the calendar has, from left to right."""
    found: list[Found] = []
    for pattern in _DATES:
        for match in pattern.finditer(text):
            value = _iso(match.groupdict())
            if value and not any(f.start < match.end() and match.start() < f.end for f in found):
                found.append(Found(match.start(), match.end(), value))
    return sorted(found)


def _iso(parts: dict[str, str | None]) -> str | None:
    year, day = int(parts["year"] or 0), int(parts["day"] or 0)
    name = parts.get("month")
    month = int(parts.get("m") or 0)
    if name:
        month = _MONTH_NAMES.index(name[:3].upper()) // 3 + 1
    if year < 100:
        year += 2000 if year < 70 else 1900
    if month > 12:
        day, month = month, day
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


def find_amounts(text: str) -> list[Found]:
    """Every amount in a text, with its currency sign where one stands before it."""
    found: list[Found] = []
    for pattern in (_MONEY, _GLUED_MONEY):
        for match in pattern.finditer(text):
            if any(f.start < match.end() and match.start() < f.end for f in found):
                continue
            value = parse_amount(match["number"])
            if value is not None:
                found.append(Found(match.start(), match.end(), value))
    return sorted(found)


def find_codes(text: str) -> list[Found]:
    """Every word with a digit in it: numbers of invoices, customers, registrations."""
    return [
        Found(match.start(), match.end(), letters_and_digits(match.group()))
        for match in _CODE.finditer(text)
    ]


def letters_and_digits(text: str) -> str:
    """Upper-case letters and digits alone."""
    return "".join(character for character in text.upper() if character.isalnum())


GENERATORS: dict[str, Callable[[str], list[Found]]] = {
    "date": find_dates,
    "money": find_amounts,
    "code": find_codes,
}
"""Kinds whose values are found by their own form; all other kinds are spans of words."""


@lru_cache(maxsize=1 << 16)
def find(kind: str, text: str) -> tuple[Found, ...]:
    """Values of one kind in a text, at most 64, left to right."""
    return tuple(GENERATORS[kind](text)[:64])
