"""Published days of card purchases with their sketches, made without Spark."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
from factories.published import published_day

from pipelines.contracts import names
from pipelines.contracts.monitoring import Binning, MonitorPolicy
from pipelines.lake import windows
from pipelines.lake.lake import Lake
from pipelines.lake.published import notes
from pipelines.lake.windows import Part
from pipelines.monitoring.sketches import binning, sketch
from pipelines.settings import Settings

MODEL, DATASET = "card_fraud", "card_transactions"
_SCHEMA = pa.schema([
    ("transaction_id", pa.int64()),
    ("customer_id", pa.string()),
    ("amount", pa.float64()),
    ("fraud", pa.bool_()),
    (names.DAY, pa.string()),
])


def publish(
    settings: Settings, dataset: str, rows: Mapping[str, int], quarantined: int = 0
) -> None:
    """Days with so many rows, published by one commit as ingestion does."""
    publish_tables(Lake.open(settings), dataset, {
        day: purchases(day, count) for day, count in rows.items()
    }, quarantined)  # fmt: skip


def publish_tables(
    lake: Lake, dataset: str, days: Mapping[str, pa.Table], quarantined: int = 0
) -> None:
    """The same of rows that are given."""
    table = names.published_table(dataset)
    refused = {"bad_time": quarantined}
    states = {
        day: published_day(f"files of {day}", len(rows), refused) for day, rows in days.items()
    }
    lake.create(table, _SCHEMA, [names.DAY])
    lake.append(table, pa.concat_tables(days.values()), notes(states))
    if quarantined:
        aside = names.quarantine_table(dataset)
        refused = pa.table({names.DAY: [day for day in days for _ in range(quarantined)]})
        lake.create(aside, refused.schema, [names.DAY])
        lake.append(aside, refused, {})


def purchases(day: str, count: int, *, factor: float = 1.0, missing: float = 0.0) -> pa.Table:
    """Purchases of a day, drawn by its date; `factor` times the usual amounts."""
    draw = np.random.default_rng([7, *map(int, day.split("-"))])
    amounts = draw.lognormal(3.5, 0.8, count) * factor
    gone = draw.random(count) < missing
    return pa.table(
        {
            "transaction_id": draw.integers(2**62, size=count),
            "customer_id": draw.integers(20, size=count).astype(str),
            "amount": pa.array(amounts, mask=gone),
            "fraud": draw.random(count) < 0.05,
            names.DAY: [day] * count,
        },
        schema=_SCHEMA,
    )


def sketches(lake: Lake, days: Mapping[str, pa.Table], chosen_from: list[str]) -> str:
    """Sketches the amounts of all the days as the job does; the key of the bins."""
    whole = pa.concat_tables([days[day] for day in chosen_from]).select(["amount"])
    bins = Binning(model=MODEL, columns=tuple(binning.choose(whole, "input", MonitorPolicy())))
    windows.keep_binning(lake, MODEL, bins, ",".join(chosen_from))
    found = {
        (bins.key, windows.INPUT, day): sketch.of_table(rows.select(["amount"]), bins.columns)
        for day, rows in days.items()
    }
    parts = {
        (bins.key, windows.INPUT, day): Part(source=day, rows=len(rows))
        for day, rows in days.items()
    }
    base = lake.current_snapshot(names.windows_table(MODEL))
    windows.write(lake, MODEL, found, parts, token="t", base=base)
    return bins.key
