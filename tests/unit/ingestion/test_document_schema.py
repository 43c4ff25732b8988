import json

import jsonschema
import pytest

from pipelines.ingestion.schema import PUBLISHED, document_schema
from pipelines.samples.receipts import generate


@pytest.fixture(scope="module")
def validator():
    schema = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(
        schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )


def test_published_schema_is_current():
    assert PUBLISHED.read_text(encoding="utf-8") == document_schema(), (
        "run: millrace schema > docs/schemas/document.schema.json"
    )


def test_sample_documents_fit_the_published_schema(validator, tmp_path):
    path = generate(20, 3, tmp_path / "s.jsonl").path
    for line in path.read_text(encoding="utf-8").splitlines():
        validator.validate(json.loads(line))


@pytest.mark.parametrize(
    "change",
    [
        {"colour": "red"},
        {"document_id": ""},
        {"pages": [{"width": 1, "height": 1, "lines": [{"text": "a", "box": [0, 0, 1]}]}]},
        {"fields": {"total": 9.0}},
        {"received_at": 5},
    ],
)
def test_document_does_not_fit_when_the_reader_refuses_it(validator, document, change):
    assert not list(validator.iter_errors(document()))
    assert list(validator.iter_errors(document(**change)))
