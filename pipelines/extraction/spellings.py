"""Spellings: the ways in which people may have typed a value that stands on the page.

Each function gives the candidates of one value as (text, bits of the rules that write it so).
"""

import re

from pipelines.extraction.batch import Batch

SPAN_RULES = (
    "as_printed", "space_after_comma", "comma_at_line_end", "no_space_after_comma", "no_end_mark",
    "space_before_bracket", "comma_for_point", "no_space_after_point",
)  # fmt: skip
VALUE_RULES = ("as_printed", "number", "sign_and_number", "sign_space_number", "no_spaces")

_END_MARKS = re.compile(r"[.,'\"]*")
_SIGN = re.compile(r"([$€£¥]|\b(?:RM|USD|EUR|GBP|MYR|SGD|CHF)\b|RM(?=\s?[\d-]))[\s:.)]*$", re.I)


def of_span(batch: Batch, first: int, last: int) -> dict[str, frozenset[str]]:
    """Spellings of the words `first` to `last`, which may stand in several lines."""
    parts = _parts(batch, first, last)
    spellings: dict[str, set[str]] = {}
    for base_rule, base in (
        ("as_printed", " ".join(parts)),
        ("comma_at_line_end", _joined_by_commas(parts)),
    ):
        for spacing, spaced in (
            ("as_printed", base),
            ("space_after_comma", re.sub(r"\s*,(?=[^\s,])", ", ", base)),
            ("no_space_after_comma", re.sub(r",\s+", ",", base)),
            ("comma_for_point", re.sub(r"(?<=\w\w\w)\.(?=\s\S)", ",", base)),
            ("no_space_after_point", re.sub(r"\.\s(?=\d)", ".", base)),
            ("space_before_bracket", re.sub(r"(?<=[^\s(])\(", " (", base)),
        ):
            for ending, text in (
                ("as_printed", spaced),
                ("no_end_mark", spaced.rstrip(" .,:;-")),
            ):
                written = " ".join(text.upper().split())
                spellings.setdefault(written, set()).update({base_rule, spacing, ending})
    return {text: frozenset(rules) for text, rules in spellings.items() if text}


def of_value(batch: Batch, index: int) -> dict[str, frozenset[str]]:
    """Spellings of one candidate value of the batch."""
    line = int(batch.value_line[index])
    text = batch.line_text[line]
    start, end = int(batch.lists["value_start"][index]), int(batch.lists["value_end"][index])
    printed = " ".join(text[start:end].upper().split())
    spellings: dict[str, set[str]] = {printed: {"as_printed"}}
    spellings.setdefault(printed.replace(" ", ""), set()).add("no_spaces")
    if batch.value_kind[index] == "money":
        number = re.sub(r"^[^\d(-]+", "", printed)
        left = int(batch.line_left[line])
        sign = re.match(r"[^\d\s(.:-]+", printed) or _SIGN.search(text[:start])
        if sign is None and not text[:start].strip() and left >= 0:
            sign = _SIGN.search(batch.line_text[left])
        spellings.setdefault(number, set()).add("number")
        if sign is not None:
            mark = (sign[1] if sign.re is _SIGN else sign[0]).upper()
            spellings.setdefault(mark + number, set()).add("sign_and_number")
            spellings.setdefault(f"{mark} {number}", set()).add("sign_space_number")
    return {text: frozenset(rules) for text, rules in spellings.items() if text}


def printed(batch: Batch, first: int, last: int) -> str:
    """The text of a place as it stands on the page; `last` is -1 for a candidate value."""
    if last >= 0:
        return " ".join(_parts(batch, first, last))
    text = batch.line_text[int(batch.value_line[first])]
    return text[int(batch.lists["value_start"][first]) : int(batch.lists["value_end"][first])]


def cased(spelling: str, on_page: str) -> str:
    """The spelling (upper case) with the page's small letters, where the letters agree."""
    letters = [character for character in on_page if character.isalnum()]
    if [letter.upper() for letter in letters] != [c for c in spelling if c.isalnum()]:
        return spelling
    source = iter(letters)
    return "".join(next(source) if c.isalnum() else c for c in spelling)


def _parts(batch: Batch, first: int, last: int) -> list[str]:
    """The text of the span, line by line, with the marks that belong to its ends."""
    top, bottom = int(batch.token_line[first]), int(batch.token_line[last])
    texts = batch.line_text[top : bottom + 1]
    end = int(batch.lists["token_end"][last])
    rest = texts[-1][end:]
    texts[-1] = texts[-1][:end]
    texts[0] = texts[0][int(batch.lists["token_start"][first]) :]
    whole = "".join(texts)
    closing = ")" if whole.count("(") > whole.count(")") and rest.startswith(")") else ""
    marks = _END_MARKS.match(rest[len(closing) :])
    texts[-1] += closing + (marks[0] if marks else "")
    if whole.count(")") > whole.count("("):
        texts[0] = "(" + texts[0]
    return [text.strip() for text in texts if text.strip()]


def _joined_by_commas(parts: list[str]) -> str:
    return " ".join(
        part if part.endswith((",", ".")) or part is parts[-1] else f"{part}," for part in parts
    )
