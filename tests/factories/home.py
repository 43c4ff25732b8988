"""A home whose lake holds published receipts and their features, without Spark."""

import pyarrow as pa

from pipelines import specs
from pipelines.contracts import names
from pipelines.contracts.result import FeaturesResult
from pipelines.contracts.spec import ModelSpec
from pipelines.estimators import table as estimators
from pipelines.features import compute
from pipelines.lake.lake import Lake
from pipelines.settings import Settings


def simple_spec(monkeypatch) -> ModelSpec:
    """The receipts model with the smallest estimator, which is registered for the test."""
    name = "first_line"
    monkeypatch.setitem(estimators._ESTIMATORS, name, ("fakes.first_line", "FirstLine"))
    split = {"group_by": "company", "unseen_group_share": 0.25, "seen_group_share": 0.25}
    changes = {"estimator": name, "split": split}
    return ModelSpec.model_validate(specs.model("receipts").model_dump() | changes)


def publish(settings: Settings, spec: ModelSpec, documents: pa.Table) -> FeaturesResult:
    """Appends documents and their features to the lake, as ingestion and Spark would."""
    lake = Lake.open(settings)
    input_snapshot = _append(lake, names.published_table(spec.dataset), documents)
    features = compute(documents, spec)
    key = f"features-of-{input_snapshot}"
    features = features.append_column(names.FEATURE_KEY, pa.array([key] * len(features)))
    snapshot = _append(lake, names.features_table(spec.name), features)
    return FeaturesResult(
        model=spec.name,
        table=names.features_table(spec.name),
        snapshot_id=snapshot,
        input_snapshot_id=input_snapshot,
        feature_key=key,
        rows=len(features),
        reused=False,
    )


def _append(lake: Lake, table: str, rows: pa.Table) -> int:
    lake.create(table, rows.schema, [])
    found = lake._catalog.load_table(table)
    found.append(rows)
    return found.current_snapshot().snapshot_id
