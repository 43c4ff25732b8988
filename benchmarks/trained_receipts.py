"""Extractors of receipts, spoiled in training or after it: what the gate says of each."""

import pyarrow as pa

from benchmarks.trained import Said, by_other_features, decide
from pipelines import specs
from pipelines.contracts import names
from pipelines.contracts.spec import GatePolicy
from pipelines.gate.retrain import retrain, sample
from pipelines.training.plant import spoil

DOCUMENTS = 220
"""Of a sample; about half of them are tested, so that twenty trainings are quick."""
SMALL = {
    "folds": 2, "word_models": 1, "word_trees": 12, "rank_trees": 12, "value_trees": 20,
    "render_trees": 12,
}  # fmt: skip
POLICY = GatePolicy(latency_ratio=3, calibration_error=0.2)
"""A machine that does other things may take twice as long, and so small models on a hundred
documents are not calibrated to 0.1."""
FIRST_SAMPLE = 2_000
"""Seed of the first sample."""


def of_seed(seed: int) -> list[Said]:
    """Each candidate once."""
    model = specs.model("receipts")
    shares = {"unseen_group_share": 0.25, "seen_group_share": 0.3}
    changes = {"parameters": SMALL, "seed": seed, "gate": POLICY}
    spec = model.model_copy(
        update={**changes, "split": model.split.model_copy(update=shares)},
    )
    rows = sample(spec, DOCUMENTS, FIRST_SAMPLE + seed)
    whole = retrain(spec, rows)
    shuffled = retrain(spec, rows, lambda train: spoil(train, spec, "shuffled_labels", seed=seed))
    tenth = retrain(spec, rows, lambda train: spoil(train, spec, "tenth_of_data", seed=seed))
    broken = retrain(spec, rows, lambda train: with_wrong_labels(train, "date"))
    leaked = pa.concat_tables([whole.trained, whole.tested.slice(0, 1)])
    slow = by_other_features(whole, "benchmarks.trained:slowly")
    lacking = by_other_features(whole, "benchmarks.trained:without_a_column")
    return [
        Said("shuffled labels", False, decide(spec, shuffled, whole)),
        Said("a tenth of the data", False, decide(spec, tenth, whole)),
        Said("dates of other rows, the rest better", False, decide(spec, broken, tenth)),
        Said("a golden row in training", False, decide(spec, whole, shuffled, learnt=leaked)),
        Said("the champion itself", False, decide(spec, whole, whole)),
        Said("better, but many times slower", False, decide(spec, slow, shuffled)),
        Said("better, but a column is missing", False, decide(spec, lacking, shuffled)),
        Said("all of the data, against shuffled labels", True, decide(spec, whole, shuffled)),
        Said("all of the data, against a tenth", None, decide(spec, whole, tenth)),
    ]


def with_wrong_labels(train: pa.Table, field: str) -> pa.Table:
    """Each row has the field's label of the row before it, and its own other labels."""
    place = train.schema.get_field_index(names.FIELDS)
    found = [dict(row) for row in train[names.FIELDS].to_pylist()]
    labels = [
        list({**row, field: found[at - 1].get(field)}.items()) for at, row in enumerate(found)
    ]
    kind = train.schema.field(place)
    return train.set_column(place, kind, pa.array(labels, kind.type))
