"""Classifiers of card purchases, spoiled in training or after it: what the gate says of each."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.trained import Said, by_other_features, decide
from models.card_fraud import features
from pipelines import specs
from pipelines.contracts.spec import ModelSpec
from pipelines.gate.retrain import Retrained, retrain, sample
from pipelines.samples.card_transactions import START
from pipelines.training.plant import spoil

PURCHASES = 32_000
DAYS, TEST_DAYS = 182, 91
"""So that each slice has more than twenty cards with a fraud, the fewest that show what it lost."""
FIRST_SAMPLE = 3_000
"""Seed of the first sample."""
POLICY = {"latency_ratio": 3.0, "calibration_error": 0.05}
"""A machine that does other things may take twice as long; the cards of a month that were defrauded
show no 0.02."""
_FEW = 2_000
_LEAK_DAYS = 45
"""The newest test days, in which nothing leaks any more."""
LEAK_ENDS = datetime(START.year, START.month, START.day, tzinfo=UTC) + timedelta(
    days=DAYS - _LEAK_DAYS
)
_LEAKY = "weekend"
_SLICE = 50.0
"""Purchases of less are a slice of the model."""


def of_seed(seed: int) -> list[Said]:
    """Each candidate once."""
    model = specs.model("card_fraud")
    changes = {
        "seed": seed,
        "gate": model.gate.model_copy(update=POLICY),
        "split": model.split.model_copy(update={"test_days": TEST_DAYS}),
    }
    spec = model.model_copy(update=changes)
    rows = sample(spec, PURCHASES, FIRST_SAMPLE + seed, days=DAYS)
    whole = retrain(spec, rows)
    shuffled = retrain(spec, rows, lambda train: spoil(train, spec, "shuffled_labels", seed=seed))
    tenth = retrain(spec, rows, lambda train: spoil(train, spec, "tenth_of_data", seed=seed))
    small = retrain(spec, rows, lambda train: without_frauds(train, pl.col("amount") >= _SLICE))
    again = retrain(spec.model_copy(update={"seed": 1_000 + seed}), rows)
    leaking = retrain(
        spec.model_copy(update={"features": "benchmarks.trained_cards:with_leak"}), rows
    )
    old = pc.less(whole.tested["at"], pa.scalar(LEAK_ENDS))
    leaked = pa.concat_tables([whole.trained, whole.tested.slice(0, 1)])
    slow = by_other_features(whole, "benchmarks.trained:slowly")
    blind = by_other_features(whole, "benchmarks.trained_cards:blind_to_small")
    lacking = by_other_features(whole, "benchmarks.trained:without_a_column")

    def said(
        name: str, good: bool | None, one: Retrained, champion: Retrained, **rest: Any
    ) -> Said:
        return Said(name, good, decide(spec, one, champion, published=rows, **rest))

    # Of what is decided before any score, or by time alone, a few rows say the same.
    few = {"golden": whole.tested.slice(0, _FEW)}
    sets = {"golden": whole.tested.filter(old), "recent": whole.tested.filter(pc.invert(old))}
    return [
        said("shuffled labels", False, shuffled, whole),
        said("a tenth of the data", False, tenth, whole),
        said("sees large frauds and no small ones, against the reverse", False, blind, small),
        said("a leak that vanishes in time", False, leaking, whole, **sets),
        said("a golden row in training", False, whole, shuffled, learnt=leaked, **few),
        said("the champion itself", False, whole, whole),
        said("the same training with another seed", False, again, whole),
        said("better, but many times slower", False, slow, shuffled, **few),
        said("better, but a column is missing", False, lacking, shuffled, **few),
        said("all of the data, against shuffled labels", True, whole, shuffled),
        said("all of the data, against a tenth", None, whole, tenth),
    ]


def without_frauds(train: pa.Table, which: pl.Expr) -> pa.Table:
    """Purchases that are `which` are all said to be sound."""
    given: Any = pl.from_arrow(train)
    frame: pl.DataFrame = given
    label = pl.when(which).then(False).otherwise(pl.col("fraud"))
    return frame.with_columns(label.alias("fraud")).to_arrow().cast(train.schema)


def blind_to_small(rows: pa.Table, spec: ModelSpec) -> pa.Table:
    """Features that are missing of every small purchase, so that one looks like the other."""
    found = features.compute(rows, spec)
    seen = pc.greater_equal(rows["amount"], _SLICE)
    key = specs.key(spec)
    columns = [
        found[name] if name == key else pc.if_else(seen, found[name], None)
        for name in found.column_names
    ]
    return pa.table(columns, schema=found.schema)


def with_leak(rows: pa.Table, spec: ModelSpec) -> pa.Table:
    """Features of which one gives the label away, until the day when the leak is stopped."""
    found = features.compute(rows, spec)
    place = found.schema.get_field_index(_LEAKY)
    told = pc.if_else(pc.less(rows["at"], pa.scalar(LEAK_ENDS)), rows["fraud"], False)
    column = pc.fill_null(told, False).cast(pa.float32())
    return found.set_column(place, found.schema.field(place), column)
