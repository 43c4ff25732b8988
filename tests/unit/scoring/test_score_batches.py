"""Predictions are the same in batches of any size, and refused rows are counted, not scored."""

import pytest
from factories.home import simple_spec
from factories.receipts import receipts
from fakes.first_line import FirstLine

from pipelines import specs
from pipelines.errors import BadDataError
from pipelines.estimators.artefact import Artefact
from pipelines.ingestion import formats
from pipelines.ingestion.record import Limits
from pipelines.scoring import predict, predict_file
from pipelines.settings import Settings


@pytest.fixture
def model(monkeypatch):
    spec = simple_spec(monkeypatch)
    features = specs.resolve(spec.features)(receipts(30), spec)
    fitted = FirstLine().fit(features, spec, seed=1, progress=lambda _: None)
    return Artefact(spec, fitted)


@pytest.mark.parametrize("batch_rows", [1, 7, 25, 1000])
def test_predictions_are_the_same_in_batches_of_any_size(model, batch_rows):
    documents = receipts(25, seed=3)
    assert predict(model, documents, batch_rows=batch_rows).equals(
        predict(model, documents).combine_chunks()
    )


def test_predictions_of_no_document_have_the_columns(model):
    none = predict(model, receipts(5).slice(0, 0))
    assert none.column_names == ["document_id", "fields"]
    assert none.num_rows == 0


def test_prediction_names_the_column_when_one_is_missing(model):
    with pytest.raises(BadDataError, match="pages"):
        predict(model, receipts(2).drop_columns(["pages"]))


def test_predict_file_refuses_unreadable_and_repeated_rows_and_scores_the_rest(model, tmp_path):
    good = '{"document_id": "%s", "pages": [{"width": 9, "height": 9, "lines": []}]}\n'
    path = tmp_path / "in.jsonl"
    path.write_text(good % "a" + '{"document_id": \n' + good % "b" + good % "a")
    refused = []
    batches = formats.batches(
        specs.dataset("receipts"), path, None, Limits.of(Settings(home=tmp_path)), rows=2
    )
    found = list(predict_file(model, batches, refused.append))
    ids = [row for one in found for row in one.predictions["document_id"].to_pylist()]
    assert ids == ["a", "b"]
    assert [(row["source_line"], row["rule"]) for row in refused] == [
        (2, "truncated_json"),
        (4, "duplicate_id"),
    ]
