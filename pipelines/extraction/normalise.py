"""How an extracted value is compared with the one that people typed."""

from pipelines.extraction.values import letters_and_digits, parse_amount, parse_date


def strict(value: str) -> str:
    """Upper case, white space collapsed to single spaces and stripped.

    This is the exact match of the SROIE competition (ICDAR 2019, task 3): every other
    character counts, so `RM9.00` is not `9.00` and a missing comma is an error.
    """
    return " ".join(value.upper().split())


def by_value(value: str, kind: str) -> str:
    """What a value means, whatever its spelling.

    Amounts (`money`) become plain decimal numbers, dates ISO 8601, the day first where it
    is open. Every other kind, and what cannot be parsed, becomes its upper-case letters
    and digits.
    """
    parsed: str | None = None
    if kind == "money":
        parsed = parse_amount(value)
    elif kind == "date":
        parsed = parse_date(value)
    return parsed if parsed is not None else letters_and_digits(value)
