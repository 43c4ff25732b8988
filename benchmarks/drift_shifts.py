"""Shifts of a stated size, put into the rows of a day."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

Rows = pl.DataFrame
Apply = Callable[[Rows, np.random.Generator, float], Rows]


@dataclass(frozen=True)
class Shift:
    """One kind of shift and its size, in words."""

    kind: str
    size: str
    columns: tuple[str, ...]
    """Those that it is put into."""
    apply: Apply
    """Rows, a generator and how much of the full size (1, but for what grows) to rows."""
    promised: bool = True
    """Whether calibration says that it is seen, or its kind needs no size: such must be found."""
    grows: int = 0
    """Days in which it grows to its size."""


def mean(column: str, by: float, text: str, *, promised: bool = True, grows: int = 0) -> Shift:
    """Every value larger by `by`."""

    def apply(rows: Rows, random: np.random.Generator, part: float) -> Rows:
        return rows.with_columns(pl.col(column) + part * by)

    kind = "slow drift of the mean" if grows else "mean"
    return Shift(kind, f"{column} {text}", (column,), apply, promised, grows)


def spread(column: str, factor: float) -> Shift:
    """Values further from their median by a factor; the median stays."""

    def apply(rows: Rows, random: np.random.Generator, part: float) -> Rows:
        middle = pl.col(column).median()
        return rows.with_columns((pl.col(column) - middle) * factor + middle)

    return Shift("variance", f"{column} × {factor:g} about its median", (column,), apply)


def recoded(column: str, to: str, share: float, text: str) -> Shift:
    """A share of the rows has one category."""

    def apply(rows: Rows, random: np.random.Generator, part: float) -> Rows:
        chosen = pl.Series(random.random(len(rows)) < share)
        return rows.with_columns(
            pl.when(chosen).then(pl.lit(to)).otherwise(pl.col(column)).alias(column)
        )

    return Shift(
        "mix of categories", f"{column} `{to}` in {share:.1%} of rows{text}", (column,), apply
    )


def vanishing(column: str, value: str, share: float) -> Shift:
    """Rows with one category do not come any more."""

    def apply(rows: Rows, random: np.random.Generator, part: float) -> Rows:
        return rows.filter(pl.col(column).is_null() | (pl.col(column) != value))

    return Shift(
        "one category vanishes", f"{column} `{value}`, {share:.1%} of rows", (column,), apply
    )


def unit(column: str, factor: float, share: float) -> Shift:
    """A share of the rows in another unit."""

    def apply(rows: Rows, random: np.random.Generator, part: float) -> Rows:
        chosen = pl.Series(random.random(len(rows)) < share)
        return rows.with_columns(
            pl.when(chosen).then(pl.col(column) * factor).otherwise(pl.col(column)).alias(column)
        )

    return Shift("unit change", f"{column} × {factor:g} in {share:.0%} of rows", (column,), apply)


def swap(one: str, other: str) -> Shift:
    """Two columns have each other's values."""

    def apply(rows: Rows, random: np.random.Generator, part: float) -> Rows:
        return rows.with_columns(pl.col(other).alias(one), pl.col(one).alias(other))

    return Shift("column swap", f"{one} and {other}", (one, other), apply)


def nulls(column: str, share: float, text: str = "") -> Shift:
    """A share of the values is lost."""

    def apply(rows: Rows, random: np.random.Generator, part: float) -> Rows:
        lost = pl.Series(random.random(len(rows)) < share)
        return rows.with_columns(pl.when(lost).then(None).otherwise(pl.col(column)).alias(column))

    return Shift("nulls", f"{column}, {share:.2%} of rows{text}", (column,), apply)


def replaced(kind: str, by: Rows, share: float, what: str, columns: tuple[str, ...]) -> Shift:
    """A share of the rows is from elsewhere."""

    def apply(rows: Rows, random: np.random.Generator, part: float) -> Rows:
        new = random.random(len(rows)) < share
        others = by[random.integers(0, len(by), int(new.sum()))].select(rows.columns)
        return pl.concat([rows.filter(pl.Series(~new)), others])

    return Shift(kind, f"{share:.0%} of the documents {what}", columns, apply)


def more(label: str, factor: int, columns: tuple[str, ...]) -> Shift:
    """Rows with a true label come so many times as often; what such rows look like stays."""

    def apply(rows: Rows, random: np.random.Generator, part: float) -> Rows:
        yes = rows.filter(pl.col(label))
        again = yes[random.integers(0, len(yes), (factor - 1) * len(yes))] if len(yes) else yes
        return pl.concat([rows, again])

    return Shift("label shift", f"{factor} times as many with `{label}`", columns, apply)


def concept(label: str, share: float, columns: tuple[str, ...]) -> Shift:
    """A share of the labels belongs to other rows; as many are true, and every input stays."""

    def apply(rows: Rows, random: np.random.Generator, part: float) -> Rows:
        labels = rows[label].to_numpy().copy()
        yes = np.flatnonzero(labels)
        moved = yes[random.random(len(yes)) < share]
        labels[moved] = False
        labels[random.choice(np.flatnonzero(~labels), len(moved), replace=False)] = True
        return rows.with_columns(pl.Series(label, labels))

    return Shift("concept change", f"{share:.0%} of the true labels on other rows", columns, apply)
