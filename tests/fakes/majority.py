"""An estimator that answers each field with the commonest value it was taught."""

import json
from collections import Counter
from pathlib import Path

import pyarrow as pa

from pipelines.contracts.names import DOCUMENT_ID, FIELDS
from pipelines.extraction.schema import PREDICTIONS


class Fitted:
    def __init__(self, values: dict[str, str | None]):
        self.values = values

    def predict(self, features: pa.Table) -> pa.Table:
        answers = [
            {"name": name, "value": value, "confidence": 0.5, "boxes": []}
            for name, value in self.values.items()
        ]
        rows = [{DOCUMENT_ID: one, FIELDS: answers} for one in features[DOCUMENT_ID].to_pylist()]
        return pa.Table.from_pylist(rows, schema=PREDICTIONS)

    def save(self, folder: Path) -> None:
        (folder / "model.json").write_text(json.dumps(self.values))


class Majority:
    def fit(self, features: pa.Table, spec, *, seed: int, progress) -> Fitted:
        labels = [dict(row) for row in features[FIELDS].to_pylist()]
        progress(f"{len(labels)} rows seen with seed {seed}")
        return Fitted({
            name: next(
                (
                    value
                    for value, _ in Counter(
                        one[name] for one in labels if one.get(name) is not None
                    ).most_common(1)
                ),
                None,
            )
            for name in spec.fields
        })

    def load(self, folder: Path) -> Fitted:
        return Fitted(json.loads((folder / "model.json").read_text()))
