"""Streams day by day: what is watched of each, and which days are reference and judged."""

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from sklearn.ensemble import HistGradientBoostingClassifier

from pipelines import features, specs
from pipelines.contracts.monitoring import Binning, Bins, Day, MonitorPolicy
from pipelines.extraction import properties
from pipelines.monitoring.sketches import binning, sketch
from pipelines.samples.receipts import Kind, generate
from pipelines.settings import PROJECT_ROOT

DATA = PROJECT_ROOT.parent / "shared" / "data"
SEED = 11
Days = Mapping[str, pl.DataFrame]
RECEIPTS = 80
"""Documents of a day of the sample."""


def _same(rows: pl.DataFrame) -> pl.DataFrame:
    return rows


@dataclass(frozen=True)
class Stream:
    """Rows of a stream by day, a reference and the days that are judged against it."""

    name: str
    policy: MonitorPolicy
    days: Days
    """Rows of every day, rising."""
    reference: tuple[str, ...]
    judged: tuple[str, ...]
    outputs: tuple[str, ...] = ()
    """Columns that are no inputs: predictions, labels, losses."""
    derive: Callable[[pl.DataFrame], pl.DataFrame] = _same
    """Rows, perhaps shifted, to the columns that are watched."""

    @cached_property
    def binning(self) -> Binning:
        """Bins of the watched columns, chosen from a sample of the reference alone."""
        rows = pl.concat([self.days[day] for day in self.reference])
        random = np.random.default_rng(SEED)
        chosen = random.choice(len(rows), min(len(rows), binning.SAMPLE), replace=False)
        table = self.derive(rows[np.sort(chosen)]).to_arrow()
        inputs = [name for name in table.column_names if name not in self.outputs]
        return Binning(
            model=self.name,
            columns=(
                *binning.choose(table.select(inputs), "input", self.policy),
                *binning.choose(table.select(list(self.outputs)), "output", self.policy),
            ),
        )

    def sketched(self, day: str, rows: pl.DataFrame | None = None) -> Day:
        """The sketch of a day, or of other rows in its place."""
        table = self.derive(self.days[day] if rows is None else rows).to_arrow()
        return day_of(day, table, self.binning.columns)

    @cached_property
    def past(self) -> list[Day]:
        """Sketches of the reference."""
        return [self.sketched(day) for day in self.reference]


def day_of(day: str, rows: pa.Table, columns: Sequence[Bins]) -> Day:
    """Sketches of one day's rows."""
    found = {one.name: one for one in sketch.of_table(rows, columns)}
    return Day(day=day, version=1, rows=rows.num_rows, quarantined=0, sketches=found)


def by_day(frame: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Rows by their column `day`, rising."""
    parts = frame.sort("day", maintain_order=True).partition_by(
        "day", as_dict=True, include_key=False, maintain_order=True
    )
    return {str(key[0]): one for key, one in parts.items()}


def between(days: Days, first: str, last: str) -> tuple[str, ...]:
    """Days from `first` to `last`, both with."""
    return tuple(day for day in days if first <= day <= last)


@dataclass(frozen=True)
class Scored:
    """Adds what a model says of purchases and, of the frauds, at which share of all purchases it
    ranks them: the mean of that is the area under the ROC curve."""

    model: HistGradientBoostingClassifier
    columns: tuple[str, ...]

    def __call__(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Watched columns of purchases."""
        chance = self.model.predict_proba(rows.select(self.columns).to_numpy())[:, 1]
        return rows.with_columns(pl.Series("probability", chance)).with_columns(
            pl.when("fraud").then(pl.col("probability").rank() / pl.len()).alias("rank_of_fraud")
        )


def cards() -> Stream:
    """Card purchases: six weeks to the end of May are the reference, June is judged.

    The column that leaks the label is dropped. Features of thirty days are left out: they fill up
    until May, which is a drift of its own. The model is trained on the reference's purchases of
    every fourth card, and those are not watched.
    """
    files = sorted((DATA / "fraud").glob("transactions_*.csv.gz"))
    rows = pl.concat([pl.read_csv(file) for file in files]).select(
        pl.col("TRANSACTION_ID").cast(pl.String).alias("transaction_id"),
        pl.col("TX_DATETIME").str.to_datetime().alias("at"),
        pl.col("CUSTOMER_ID").cast(pl.String).alias("customer_id"),
        pl.col("TERMINAL_ID").cast(pl.String).alias("terminal_id"),
        pl.col("TX_AMOUNT").alias("amount"),
        pl.col("TX_FRAUD").cast(pl.Boolean).alias("fraud"),
    )
    found: Any = pl.from_arrow(features.compute(rows.to_arrow(), specs.model("card_fraud")))
    left_out = {"transaction_id", "amount_to_customer_mean", "amount_to_terminal_mean"}
    kept = [one for one in found.columns if one not in left_out and not one.endswith("_30d")]
    learnt = tuple(name for name in kept if name != "fraud")
    day = rows["at"].dt.date().cast(pl.String)
    every = found.select(kept).with_columns(
        rows["at"].dt.hour().alias("hour"),
        (rows["terminal_id"].cast(pl.Int64) // 500).cast(pl.String).alias("region"),
        day.alias("day"),
    )
    taught = rows["customer_id"].cast(pl.Int64) % 4 == 0
    train = every.filter(taught & (day >= "2018-04-20") & (day <= "2018-05-31"))
    model = HistGradientBoostingClassifier(
        max_iter=60, max_leaf_nodes=15, min_samples_leaf=100, random_state=SEED
    ).fit(train.select(learnt).to_numpy(), train["fraud"].to_numpy())
    days = by_day(every.filter(~taught))
    return Stream(
        "card purchases",
        MonitorPolicy(reference_days=42),
        days,
        between(days, "2018-04-20", "2018-05-31"),
        between(days, "2018-06-01", "2018-06-30"),
        ("probability", "fraud", "rank_of_fraud"),
        Scored(model, learnt),
    )


def weather(window_days: int) -> Stream:
    """Hours with their weather, Washington 2011-2012: a whole year is the reference, so that the
    season is known; the next year is judged."""
    frame = pl.read_csv(DATA / "bike_sharing" / "hour.csv", schema_overrides={"hr": pl.String})
    days = by_day(
        frame.drop_nulls("dteday").select(
            pl.col("dteday").alias("day"),
            pl.col("weathersit").cast(pl.String),
            pl.col("hr").str.strip_chars().cast(pl.Int64).alias("hour"),
            "temp",
            "hum",
            "windspeed",
        )
    )
    return Stream(
        f"weather, windows of {window_days} days" if window_days > 1 else "weather, daily windows",
        MonitorPolicy(window_days=window_days, reference_days=364),
        days,
        between(days, "2011-01-02", "2011-12-31"),
        between(days, "2012-01-01", "2012-12-30"),
    )


def retail_days() -> Days:
    """Invoice lines of a wholesaler by day; Saturdays have none."""
    frame = pl.read_csv(
        DATA / "online_retail" / "online_retail_by_day.csv.gz",
        schema_overrides=dict.fromkeys(("InvoiceNo", "StockCode", "CustomerID"), pl.String()),
    )
    at = pl.col("InvoiceDate").str.to_datetime()
    return by_day(
        frame.select(
            at.dt.date().cast(pl.String).alias("day"),
            at.dt.hour().alias("hour"),
            pl.col("Quantity").alias("quantity"),
            pl.col("UnitPrice").alias("price"),
            pl.col("Country").alias("country"),
            pl.col("InvoiceNo").str.starts_with("C").alias("cancelled"),
            pl.col("CustomerID").is_null().alias("guest"),
            pl.col("StockCode").alias("stock_code"),
        )
    )


def retail(days: Days, start: date) -> Stream:
    """Eight weeks of invoice lines from `start`, and the four weeks after them."""
    first = start.isoformat()
    last, next_, end = (str(start + timedelta(days=number)) for number in (55, 56, 83))
    return Stream(
        f"invoice lines from {first}",
        MonitorPolicy(),
        days,
        between(days, first, last),
        between(days, next_, end),
    )


def receipts() -> Stream:
    """The generated sample, received over twelve weeks: eight are the reference."""
    days = by_day(of_documents(84, "receipts", worn=False, seed=SEED))
    every = tuple(days)
    return Stream("sample receipts", MonitorPolicy(), days, every[:56], every[56:])


def of_documents(days: int, kind: Kind, *, worn: bool, seed: int) -> pl.DataFrame:
    """Properties of the sample's pages, with the day on which each was received."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sample.jsonl"
        generate(RECEIPTS * days, seed, path, days=days, kind=kind, worn=worn)
        found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    pages = pa.chunked_array([pa.array([one["pages"] for one in found])])
    frame: Any = pl.from_arrow(properties.of_pages(pages))
    dated: pl.DataFrame = frame.with_columns(
        pl.Series("day", [one["received_at"][:10] for one in found])
    )
    return dated
