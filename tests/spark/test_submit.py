"""The same job file by spark-submit, with nothing of the project but the zip."""

import json

import pytest
from factories.receipts import receipts
from factories.submitted import submit

from pipelines import specs
from pipelines.contracts import names
from pipelines.contracts.result import FeaturesResult
from pipelines.lake.lake import Lake
from pipelines.settings import Settings
from spark_jobs.package import build


def test_package_makes_the_same_bytes_twice(tmp_path):
    first, second = build(tmp_path / "a.zip"), build(tmp_path / "b.zip")

    assert first.read_bytes() == second.read_bytes()


@pytest.mark.spark
@pytest.mark.slow
def test_features_are_equal_when_submitted_with_only_the_zip(tmp_path, monkeypatch):
    settings = Settings(home=tmp_path / "home")
    monkeypatch.setenv("TRACEPARENT", f"00-{'a' * 32}-{'b' * 16}-01")
    lake, documents = Lake.open(settings), receipts(12)
    table = names.published_table("receipts")
    lake.create(table, documents.schema, [names.DAY])
    lake._catalog.load_table(table).append(documents)

    left = submit(tmp_path, settings, "features", "--model", "receipts")

    result = FeaturesResult.model_validate_json(left)
    spec = specs.model("receipts")
    expected = specs.resolve(spec.features)(documents, spec)
    found = lake.read(result.table, snapshot_id=result.snapshot_id).drop_columns([
        names.FEATURE_KEY
    ])
    assert found.sort_by(names.DOCUMENT_ID).equals(
        expected.select(found.column_names).cast(found.schema).sort_by(names.DOCUMENT_ID)
    )
    assert list(tmp_path.glob(".millrace_jobs.zip.*/models/receipts/model.yaml"))
    (span,) = map(json.loads, (settings.telemetry / "spans.jsonl").read_text().splitlines())
    # Named by the file that was submitted, which the test calls job.py.
    assert (span["name"], span["parent_id"]) == ("spark.job", "0x" + "b" * 16)
    assert span["attributes"] == {"rows_in": 12, "rows_out": 12}
