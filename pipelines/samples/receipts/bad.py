"""Deliberately broken lines, one kind after another, so that a demo shows what is refused."""

import copy
import json
from typing import Any

Row = dict[str, Any]


def broken(good: list[Row], count: int) -> list[str]:
    """`count` lines made of good documents, each broken in one way; needs a good one."""
    lines = []
    for number in range(count):
        source = copy.deepcopy(good[(number * 7) % len(good)])
        make = _KINDS[number % len(_KINDS)]
        if make is not _duplicate_id:
            source["document_id"] = f"broken-{number:04d}"
        lines.append(make(source))
    return lines


def _text(row: Row) -> str:
    return json.dumps(row, ensure_ascii=False)


def _truncated(row: Row) -> str:
    text = _text(row)
    return text[: len(text) * 2 // 3]


def _box_outside(row: Row) -> str:
    page = row["pages"][0]
    line = page["lines"][0]
    line["box"] = [line["box"][0], line["box"][1], page["width"] + 200, line["box"][3]]
    return _text(row)


def _duplicate_id(row: Row) -> str:
    row["pages"][0]["lines"].pop()  # the same id with other content
    return _text(row)


def _no_lines(row: Row) -> str:
    row["pages"] = [{"width": 500, "height": 900, "lines": []}]
    return _text(row)


def _not_a_number(row: Row) -> str:
    row["pages"][0]["lines"][0]["box"][2] = float("nan")
    return _text(row)


def _unknown_field(row: Row) -> str:
    return _text(row | {"page_count": 1})


_KINDS = (_truncated, _box_outside, _duplicate_id, _no_lines, _not_a_number, _unknown_field)
