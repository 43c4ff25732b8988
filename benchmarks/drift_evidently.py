"""Evidently's drift preset with its defaults, on the same rows."""

import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import polars as pl

from benchmarks.drift_streams import Stream

os.environ["DO_NOT_TRACK"] = "1"
ROWS = 10_000
"""Rows of the reference that it is given: with all of them a table would take hours."""


@dataclass(frozen=True)
class Said:
    """What it says of one window."""

    drifted: frozenset[str]
    """Columns called drifted."""
    dataset: bool
    """Whether it calls the data set drifted: half of the columns."""


def reference(stream: Stream, columns: Sequence[str], seed: int) -> pl.DataFrame:
    """A sample of the reference's rows."""
    rows = pl.concat([stream.days[day] for day in stream.reference])
    random = np.random.default_rng(seed)
    chosen = random.choice(len(rows), min(ROWS, len(rows)), replace=False)
    return stream.derive(rows[np.sort(chosen)]).select(columns)


def judge(known: pl.DataFrame, window: pl.DataFrame) -> Said:
    """One report. Both have the same columns."""
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    # A column that is all null in either has no drift that could be told, and is an error.
    kept = [
        name
        for name in known.columns
        if known[name].null_count() < len(known) and window[name].null_count() < len(window)
    ]
    numbers = [name for name in kept if known[name].dtype.is_numeric()]
    others = [name for name in kept if name not in numbers]
    shape = DataDefinition(numerical_columns=numbers, categorical_columns=others)
    now, before = (
        Dataset.from_pandas(_frame(one.select(kept), others), data_definition=shape)
        for one in (window, known)
    )
    with warnings.catch_warnings():
        # Of correlations of columns with one value, which the preset draws beside.
        warnings.simplefilter("ignore")
        metrics = Report([DataDriftPreset()]).run(now, before).dict()["metrics"]
    count, *each = metrics
    drifted = {one["config"]["column"] for one in each if _past(one)}
    share = count["value"]["share"] >= count["config"]["drift_share"]
    return Said(frozenset(drifted), bool(share))


def _past(metric: dict) -> bool:
    """Its tests are p-values, below a threshold, or distances, at or above it."""
    value, limit = float(metric["value"]), float(metric["config"]["threshold"])
    return value < limit if "p_value" in metric["config"]["method"] else value >= limit


def _frame(rows: pl.DataFrame, texts: Sequence[str]) -> pd.DataFrame:
    found = rows.with_columns(pl.col(list(texts)).cast(pl.String)).to_pandas()
    return pd.DataFrame(found)
