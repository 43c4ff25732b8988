"""A version that learnt from reviewers is made again from the labels of its time."""

import pyarrow as pa
import pytest
from factories.home import publish, simple_spec
from factories.receipts import receipts
from typer.testing import CliRunner

from pipelines import evaluation, registry, specs, training
from pipelines.cli.main import app
from pipelines.contracts import names
from pipelines.evaluation import EvaluationSpec
from pipelines.lake import labels
from pipelines.lake.lake import Lake
from pipelines.registry import RegistrationSpec, Registry
from pipelines.settings import Settings
from pipelines.training import TrainSpec

pytestmark = pytest.mark.slow


def test_reproduce_reads_the_labels_of_the_batch_when_later_ones_differ(tmp_path, monkeypatch):
    settings = Settings(home=tmp_path)
    model = simple_spec(monkeypatch)
    monkeypatch.setattr(specs, "model", lambda name: model)
    monkeypatch.setenv("MILLRACE_HOME", str(tmp_path))
    lake, documents = Lake.open(settings), receipts(60)
    hashes = pa.array([f"c-{number}" for number in range(60)])
    features = publish(settings, model, documents.append_column(names.CONTENT_HASH, hashes))

    def say(total, until):
        rows = [
            {names.DOCUMENT_ID: f"doc-{number:04d}", names.FIELDS: [("total", total)]}
            for number in range(30)
        ]
        given = pa.Table.from_pylist(rows, schema=labels.schema(names.DOCUMENT_ID))
        return labels.publish(lake, settings, "receipts", given, until=until, batches=[until])

    def version(given):
        deps = {"lake": lake, "settings": settings}
        fitted = training.run(TrainSpec(model=model, features=features, labels=given), **deps)
        scored = evaluation.run(EvaluationSpec(model=model, training=fitted), **deps)
        made = RegistrationSpec(model=model, training=fitted, evaluation=scored)
        return registry.run(made, **deps).version

    assert version(None) == 1
    assert version(say("0.01", 5)) == 2
    say("0.02", 6)
    one, two = (Registry.open(settings).resolve("receipts", at).tags for at in (1, 2))
    assert one["artefact_hash"] != two["artefact_hash"]
    assert two["batches"] == "5" and "batches" not in one
    for at in (1, 2):
        said = CliRunner().invoke(app, ["reproduce", "receipts", str(at)])
        assert said.exit_code == 0, said.output
        assert "the same, byte for byte" in said.output
        assert "the key of data" not in said.output
