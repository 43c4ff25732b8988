"""Figures as people read them in a table."""

from collections.abc import Sequence
from typing import NamedTuple


class Table(NamedTuple):
    """Scores for a terminal: a title, the names of the columns, rows of text."""

    title: str
    head: list[str]
    rows: list[list[str]]


def figure(value: float | None) -> str:
    """Three decimals; a dash where there is no figure."""
    return "–" if value is None else f"{value:.3f}"


def between(ends: Sequence[float] | None) -> str:
    """An interval; a dash where there is none."""
    return "–" if ends is None else f"{ends[0]:.3f} to {ends[1]:.3f}"
