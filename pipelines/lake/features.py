"""The key of a set of features, and whether a set was computed: told without Spark."""

import json
from typing import Any

from pydantic import BaseModel, ConfigDict

from pipelines.contracts import names
from pipelines.contracts.spec import ModelSpec
from pipelines.lake.delivery import source
from pipelines.lake.lake import Lake
from pipelines.publication import code_hash, digest

NOTE = "millrace.features."
"""Prefix of the summary's keys; the feature key follows."""
# What the function may look at. The rest of a model.yaml (split, seed, schedule, …) changes
# the training and leaves the features as they are.
_CONFIG = {
    "name",
    "dataset",
    "features",
    "features_schema",
    "history",
    "target",
    "fields",
    "parameters",
}


class ComputedFeatures(BaseModel):
    """One computed set, as its commit notes it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    snapshot_id: int
    input_snapshot_id: int
    rows: int


def feature_key(spec: ModelSpec, input_snapshot_id: int) -> str:
    """SHA-256 of the input snapshot, the feature code and the configuration it sees."""
    groups = spec.history.groups.values() if spec.history else ()
    entries = (spec.features, spec.features_schema, *groups)
    modules = {"pipelines.features", *(entry.partition(":")[0] for entry in entries)}
    config = json.dumps(spec.model_dump(mode="json", include=_CONFIG), sort_keys=True)
    return digest(
        str(input_snapshot_id),
        config,
        code_hash("pipelines.extraction"),
        *(source(module) for module in sorted(modules)),
    )


def note(key: str, input_snapshot_id: int, rows: int) -> dict[str, str]:
    """The summary's entry for a set of features."""
    return {f"{NOTE}{key}": json.dumps({"input_snapshot_id": input_snapshot_id, "rows": rows})}


def computed(lake: Lake, model: str, key: str) -> ComputedFeatures | None:
    """The set of this key as it was first written; None where it was not."""
    found: ComputedFeatures | None = None
    for snapshot in lake.history(names.features_table(model)):
        text = snapshot.summary.get(f"{NOTE}{key}")
        if text is not None:
            noted: dict[str, Any] = json.loads(text)
            found = ComputedFeatures(snapshot_id=snapshot.snapshot_id, **noted)
    return found
