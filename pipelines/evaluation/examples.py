"""Examples drawn over the page: its lines of text, and the boxes the model answered with."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import wrap
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from pipelines.evaluation.style import FAINT, INK, RIGHT, SPELLING, WRONG, colours, picture, words
from pipelines.measures.outcomes import Outcomes

PAGE_INCHES = 7.0
"""Height of the drawn page."""
NARROWEST, WIDEST = 3.2, 8.0
PANEL_INCHES = 4.6
MOST_LINES = 500
"""Lines drawn of a page; nobody reads more of them in a picture."""
_MARGIN = 0.03
"""Margin around the lines as a share of their longer side."""
_TEXT_SHARE = 0.72
"""Height of the letters as a share of the line's box."""
_LETTER_WIDTH = 0.56
"""Mean width of a letter of the drawn font as a share of its height."""
_WRAP = 44


def choose(found: Outcomes, count: int) -> list[int]:
    """Rows worth a look: the surest wrong ones, then the least sure right ones; fixed order."""
    right = found.right(found.exact) | ~found.known
    sure = np.nan_to_num(found.confidence, nan=0.0)
    # Confidences end at 1, so what is wrong by value too comes before mere spellings.
    wrong = np.where(right, -1.0, sure + 1.0 * ~found.value).max(axis=1)
    doubt = np.where(found.known, sure, 1.0).min(axis=1)
    mistaken = [int(row) for row in np.argsort(-wrong, kind="stable") if wrong[row] >= 0]
    flawless = [int(row) for row in np.argsort(doubt, kind="stable") if wrong[row] < 0]
    half = max(count // 2, count - len(flawless))
    return [*mistaken[:half], *flawless][:count]


def draw_example(
    pages: Sequence[Mapping[str, Any]],
    answers: Mapping[str, Mapping[str, Any]],
    labels: Mapping[str, str | None],
    found: Outcomes,
    row: int,
    path: Path,
) -> None:
    """The page that holds most answers, and beside it what was read and what was right."""
    fields = found.fields
    colour = colours(fields)
    number = _fullest(answers)
    page = pages[number]
    left, top, right, bottom = extent = _written(page)
    shape = (right - left) / (bottom - top)
    width = float(np.clip(PAGE_INCHES * shape, NARROWEST, WIDEST))
    with picture(path, width + PANEL_INCHES, PAGE_INCHES + 0.6) as figure:
        sheet, panel = figure.subplots(1, 2, width_ratios=[width, PANEL_INCHES])
        _draw_page(sheet, page, extent)
        for name in fields:
            for place in (answers.get(name) or {}).get("boxes") or []:
                if place["page"] == number:
                    _frame(sheet, place["box"], colour[name])
        _draw_panel(panel, answers, labels, found, row, colour)
        hits = int((found.right(found.exact) & found.known)[row].sum())
        title = f"{hits} of {int(found.known[row].sum())} fields right: {found.document_ids[row]}"
        figure.suptitle(title[:90], x=0.01, ha="left", fontweight="bold", fontsize=12)


def _fullest(answers: Mapping[str, Mapping[str, Any]]) -> int:
    numbers = [box["page"] for answer in answers.values() for box in answer.get("boxes") or []]
    return max(sorted(set(numbers)), key=numbers.count) if numbers else 0


def _written(page: Mapping[str, Any]) -> tuple[float, float, float, float]:
    """The part of the page that has lines, with a margin; the whole page without any."""
    boxes = np.array([line["box"] for line in page["lines"][:MOST_LINES]])
    if not len(boxes):
        return 0.0, 0.0, page["width"], page["height"]
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    margin = _MARGIN * max(*(high - low), 1.0)
    return (*(low - margin).tolist(), *(high + margin).tolist())


def _draw_page(
    axes: Axes, page: Mapping[str, Any], extent: tuple[float, float, float, float]
) -> None:
    left, top, right, bottom = extent
    axes.set_xlim(left, right)
    axes.set_ylim(bottom, top)
    axes.set_aspect("equal")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.grid(False)
    axes.set_facecolor("#FCFBF7")
    for spine in axes.spines.values():
        spine.set_visible(True)
    points = 72 * PAGE_INCHES / (bottom - top)
    for line in page["lines"][:MOST_LINES]:
        x0, y0, x1, y1 = line["box"]
        by_width = (x1 - x0) / max(1, len(line["text"])) / _LETTER_WIDTH
        size = min((y1 - y0) * _TEXT_SHARE, by_width) * points
        text = " ".join(line["text"].split())
        axes.text(x0, (y0 + y1) / 2, text, fontsize=max(size, 1.5), va="center", clip_on=True)


def _frame(axes: Axes, box: Sequence[float], colour: str) -> None:
    x0, y0, x1, y1 = box
    axes.add_patch(
        Rectangle(
            (x0 - 2, y0 - 2),
            x1 - x0 + 4,
            y1 - y0 + 4,
            facecolor=colour + "28",
            edgecolor=colour,
            linewidth=1.6,
        )
    )


def _draw_panel(
    axes: Axes,
    answers: Mapping[str, Mapping[str, Any]],
    labels: Mapping[str, str | None],
    found: Outcomes,
    row: int,
    colour: Mapping[str, str],
) -> None:
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    axes.set_ylim(1, 0)
    step = 1 / max(4, len(found.fields))
    for column, name in enumerate(found.fields):
        top = column * step + 0.02
        answer = answers.get(name) or {}
        mark, verdict = _verdict(found, row, column)
        sure = found.confidence[row, column]
        axes.add_patch(Rectangle((0, top), 0.015, step * 0.8, color=colour[name], linewidth=0))
        head = words(name) + ("" if np.isnan(sure) else f"   {sure:.0%} sure")
        axes.text(0.04, top, head, va="top", fontweight="bold", color=colour[name])
        axes.text(0.98, top, mark, va="top", ha="right", color=verdict, fontweight="bold")
        axes.text(0.04, top + 0.035, _wrapped(answer.get("value")), va="top", color=INK)
        if mark not in {"right", "not labelled"}:
            typed = "typed: " + _wrapped(labels.get(name))
            axes.text(0.04, top + 0.13, typed, va="top", color=FAINT, fontsize=9)


def _verdict(found: Outcomes, row: int, column: int) -> tuple[str, str]:
    if not found.known[row, column]:
        return "not labelled", FAINT
    if found.right(found.exact)[row, column]:
        return "right", RIGHT
    if found.value[row, column]:
        return "right by value", SPELLING
    return "wrong", WRONG


def _wrapped(text: str | None) -> str:
    """At most three lines; a missing value is a dash."""
    lines = wrap(" ".join((text or "–").split()), _WRAP)
    return "\n".join(lines[:3]) + ("…" if len(lines) > 3 else "")
