"""Features of a purchase: itself, and what its card and its terminal did before.

After the Fraud Detection Handbook, chapter 3: counts and sums over the last 1, 7 and 30 days,
and the share of fraud among the purchases whose label is known, which takes a week. A window
ends where it begins to know the purchase itself: nothing of the same second or later is in it.

Sums are of whole cents. Such sums are exact, so that neither the order of rows nor the way they
are cut into tasks and batches changes a bit of a feature.
"""

from typing import Any

import polars as pl
import pyarrow as pa

from pipelines.contracts.spec import ModelSpec

DAYS = (1, 7, 30)
LABEL_DAYS = 7
"""Days after which it is known whether a purchase was a fraud."""

_KEY, _TIME, _AMOUNT, _FRAUD = "transaction_id", "at", "amount", "fraud"
_GROUPS = ("customer", "terminal")
_OWN = ("amount", "night", "weekend", "amount_to_customer_mean", "amount_to_terminal_mean")
_WINDOWED = ("count", "sum", "mean", "frauds", "fraud_rate")


def of_customer(rows: pa.Table, spec: ModelSpec) -> pa.Table:
    """Adds what the card did before each purchase."""
    return _of_group(rows, "customer")


def of_terminal(rows: pa.Table, spec: ModelSpec) -> pa.Table:
    """Adds what was bought at the terminal before each purchase."""
    return _of_group(rows, "terminal")


def _of_group(rows: pa.Table, group: str) -> pa.Table:
    """Whole numbers of each window, as columns `customer_count_7d` and so on, behind the rows."""
    given: Any = pl.from_arrow(rows.select([f"{group}_id", _TIME, _AMOUNT, _FRAUD]))
    frame: pl.DataFrame = given.select(
        pl.col(f"{group}_id").alias("group"),
        pl.col(_TIME).alias("at"),
        pl.lit(1, pl.Int64).alias("count"),
        (pl.col(_AMOUNT) * 100).round().cast(pl.Int64).alias("sum"),
        pl.col(_FRAUD).is_not_null().cast(pl.Int64).alias("known"),
        pl.col(_FRAUD).fill_null(False).cast(pl.Int64).alias("frauds"),
    ).with_row_index("row")
    windows = {
        **{f"{name}_{days}d": _before(name, days) for name in ("count", "sum") for days in DAYS},
        **{f"{name}_{days}d": _known(name, days) for name in ("known", "frauds") for days in DAYS},
    }
    found = (
        frame
        .sort("group", "at")
        .select("row", **{name: one.over("group") for name, one in windows.items()})
        .sort("row")
    )
    for name in windows:
        rows = rows.append_column(f"{group}_{name}", found[name].to_arrow())
    return rows


def _before(name: str, days: int) -> pl.Expr:
    """Sum over the `days` before each row, without its own time; 0 where there is no row."""
    rolled = pl.col(name).rolling_sum_by("at", f"{days}d", closed="left", min_samples=0)
    return rolled.fill_null(0)


def _known(name: str, days: int) -> pl.Expr:
    """The same over the `days` that end where labels begin to be unknown."""
    return _before(name, days + LABEL_DAYS) - _before(name, LABEL_DAYS)


def schema(spec: ModelSpec) -> pa.Schema:
    """Key, label, then every feature as float32; what cannot be told is null."""
    windowed = [
        f"{group}_{name}_{days}d" for group in _GROUPS for name in _WINDOWED for days in DAYS
    ]
    return pa.schema([
        pa.field(_KEY, pa.string()),
        pa.field(_FRAUD, pa.bool_()),
        *(pa.field(name, pa.float32()) for name in (*_OWN, *windowed)),
    ])


def compute(rows: pa.Table, spec: ModelSpec) -> pa.Table:
    """Features of purchases to which both groups have added their windows, one row each."""
    given: Any = pl.from_arrow(rows)
    frame: pl.DataFrame = given
    # Of two columns, never by a number: polars divides one row otherwise than many by a number.
    means = {
        f"{group}_mean_{days}d": _ratio(
            pl.col(f"{group}_sum_{days}d"), 100 * pl.col(f"{group}_count_{days}d")
        )
        for group in _GROUPS
        for days in DAYS
    }
    rates = {
        f"{group}_fraud_rate_{days}d": _ratio(
            pl.col(f"{group}_frauds_{days}d"), pl.col(f"{group}_known_{days}d")
        )
        for group in _GROUPS
        for days in DAYS
    }
    own = {
        "night": pl.col(_TIME).dt.hour() < 7,
        "weekend": pl.col(_TIME).dt.weekday() > 5,
        **{
            f"amount_to_{group}_mean": _ratio(pl.col(_AMOUNT), means[f"{group}_mean_30d"])
            for group in _GROUPS
        },
    }
    expected = schema(spec)
    return (
        frame
        .with_columns(**means, **rates, **own)
        .select(_KEY, _FRAUD, *(pl.col(name).cast(pl.Float32) for name in expected.names[2:]))
        .to_arrow()
        .cast(expected)
    )


def _ratio(part: pl.Expr, whole: pl.Expr) -> pl.Expr:
    """Null where the whole is nothing or unknown."""
    return pl.when(whole > 0).then(part / whole)
