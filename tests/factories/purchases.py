"""A small flat table with a target, as features of a classifier; the label follows the amount."""

import numpy as np
import pyarrow as pa

from pipelines.contracts.names import DOCUMENT_ID
from pipelines.contracts.spec import ModelSpec

ROWS = 200


def schema(spec: ModelSpec) -> pa.Schema:
    return pa.schema([
        (DOCUMENT_ID, pa.string()),
        ("bad", pa.bool_()),
        ("amount", pa.float32()),
        ("count", pa.float32()),
    ])


def spec(**changes: object) -> ModelSpec:
    """A model over the key of the receipts, whose data set exists in every checkout."""
    found = {
        "name": "purchases",
        "description": "Bad purchases",
        "owner": "tests",
        "dataset": "receipts",
        "task": "classification",
        "estimator": "xgboost",
        "features": f"{__name__}:features",
        "features_schema": f"{__name__}:schema",
        "target": "bad",
        "split": {"group_by": "customer", "time": "at"},
        "parameters": {"trees": 20, "max_depth": 3, "min_child_weight": 1},
    }
    return ModelSpec.model_validate(found | changes)


def features() -> pa.Table:
    draw = np.random.default_rng(5)
    amount = draw.gamma(2.0, 30.0, ROWS).astype(np.float32)
    bad = (amount > 80) ^ (draw.random(ROWS) < 0.05)
    return pa.table(
        {
            DOCUMENT_ID: [f"p{row:03d}" for row in range(ROWS)],
            "bad": bad,
            "amount": amount,
            "count": draw.integers(0, 9, ROWS).astype(np.float32),
        },
        schema=schema(spec()),
    )
