"""The smallest real estimator: it learns how often each field is right by its place on the page.

For tests of what trains, stores and loads models, where the model itself is not the matter.
"""

import json
import re
from pathlib import Path

import pyarrow as pa

from pipelines.contracts.names import DOCUMENT_ID, FIELDS
from pipelines.errors import BadDataError
from pipelines.extraction.normalise import strict
from pipelines.extraction.schema import LINE_BOX, LINE_PAGE, LINE_TEXT, PREDICTIONS

_FORMS = {"date": re.compile(r"\d\d/\d\d/\d{4}"), "money": re.compile(r"^\d+\.\d\d$")}


class Fitted:
    """Answers with the first line of the right form; a name is the first line of all."""

    def __init__(self, kinds: dict[str, str], confidence: dict[str, float]):
        self.kinds = kinds
        self.confidence = confidence

    def predict(self, features: pa.Table) -> pa.Table:
        if LINE_TEXT not in features.column_names:
            raise BadDataError(f"features lack {LINE_TEXT}; compute them anew")
        rows = [
            {DOCUMENT_ID: row[DOCUMENT_ID], FIELDS: [self._answer(row, n) for n in self.kinds]}
            for row in features.select([DOCUMENT_ID, LINE_TEXT, LINE_BOX, LINE_PAGE]).to_pylist()
        ]
        return pa.Table.from_pylist(rows, schema=PREDICTIONS)

    def _answer(self, row: dict, name: str) -> dict:
        form = _FORMS.get(self.kinds[name])
        for at, text in enumerate(row[LINE_TEXT]):
            found = form.search(text) if form else re.match(".*", text)
            if found and (self.kinds[name] != "address" or at == 1):
                place = {"page": row[LINE_PAGE][at], "box": row[LINE_BOX][4 * at : 4 * at + 4]}
                sure = self.confidence[name] * (1 - 1 / (2 + len(text)))
                value = found.group()
                return {"name": name, "value": value, "confidence": sure, "boxes": [place]}
        return {"name": name, "value": None, "confidence": 0.1, "boxes": []}

    def save(self, folder: Path) -> None:
        content = {"kinds": self.kinds, "confidence": self.confidence}
        (folder / "model.json").write_text(json.dumps(content))

    def describe(self) -> dict:
        trees = {"importance": {"first line": 3.0, "form": 1.0}}
        return {"fields": {name: {"stages": {"place": trees}} for name in self.kinds}}


class FirstLine:
    """Makes them."""

    def fit(self, features: pa.Table, spec, *, seed: int, progress) -> Fitted:
        kinds = {name: field.kind for name, field in spec.fields.items()}
        fitted = Fitted(kinds, dict.fromkeys(kinds, 1.0))
        answers = fitted.predict(features)[FIELDS].to_pylist()
        labels = [dict(row) for row in features[FIELDS].to_pylist()]
        for at, name in enumerate(kinds):
            right = [
                strict(row[at]["value"] or "") == strict(label.get(name) or "")
                for row, label in zip(answers, labels, strict=True)
            ]
            fitted.confidence[name] = sum(right) / len(right)
        progress(f"{len(labels)} rows seen with seed {seed}")
        return fitted

    def load(self, folder: Path) -> Fitted:
        return Fitted(**json.loads((folder / "model.json").read_text()))
