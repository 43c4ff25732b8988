"""The registry on a real MLflow with SQLite: once a training, no pickle, no swapped file."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from factories.home import publish
from factories.receipts import receipts

from pipelines import registry
from pipelines.contracts.result import XCOM_LIMIT_BYTES
from pipelines.errors import NotFoundError, RefusedError
from pipelines.registry import Registry, provenance
from pipelines.scoring import predict
from pipelines.settings import Settings

pytestmark = pytest.mark.slow


@pytest.fixture
def home(registered):
    return registered


def test_registering_twice_at_once_makes_one_version(home):
    assert {result.version for result in home.results} == {1}
    assert sorted(result.reused for result in home.results) == [False, True]


def test_registering_again_gives_the_same_version(home):
    again = registry.run(home.spec, lake=home.lake, settings=home.settings)
    assert again == home.results[0].model_copy(update={"reused": True})
    assert len(again.model_dump_json()) < XCOM_LIMIT_BYTES / 4


def test_version_carries_its_lineage_scores_and_files(home):
    version = Registry.open(home.settings).resolve("receipts", 1)
    fitted = home.spec.training
    assert version.tags["input_snapshot_id"] == str(fitted.input_snapshot_id)
    assert version.tags["features_snapshot_id"] == str(fitted.features_snapshot_id)
    assert version.tags["artefact_hash"] == fitted.artefact_hash
    assert version.tags["seed"] == "7"
    assert version.tags["trace_id"] == "7" * 32
    assert version.tags["lock_hash"] and version.tags["code_revision"]
    client = Registry.open(home.settings).client()
    run = client.get_run(version.run_id)
    assert run.info.status == "FINISHED"
    assert run.data.metrics["micro_f1"] == home.spec.evaluation.headline["overall"][0]
    assert run.data.params["estimator"] == "first_line"
    assert run.inputs.dataset_inputs[0].dataset.digest == str(fitted.input_snapshot_id)
    names = {item.path for item in client.list_artifacts(version.run_id, "evaluation")}
    assert {"evaluation/index.html", "evaluation/scores.png"} <= names


def test_loaded_version_answers_like_the_trained_model(home):
    found = Registry.open(home.settings)
    artefact = found.load(found.resolve("receipts", 1))
    assert artefact.spec == home.spec.model
    answers = predict(artefact, receipts(5, seed=9)).to_pylist()
    assert answers[0]["fields"][0]["value"].endswith("SDN BHD")


def test_mlflow_loads_the_model_while_pickle_is_forbidden(home):
    # A process of its own, as a server would: nothing of ours is imported or patched before.
    code = (
        "import sys; sys.path.insert(0, sys.argv[2])\n"
        "from pipelines.estimators import table\n"
        "table._ESTIMATORS['first_line'] = ('fakes.first_line', 'FirstLine')\n"
        "import mlflow; mlflow.set_tracking_uri(sys.argv[1])\n"
        "model = mlflow.pyfunc.load_model('models:/receipts/1')\n"
        "assert model.metadata.signature and model.input_example is not None\n"
        "print(model.predict(model.input_example)['fields'][0][0]['value'])\n"
    )
    tests = str(Path(__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", code, home.settings.tracking_uri, tests],
        env={"PATH": "/usr/bin:/bin", "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith("SDN BHD")


def test_registered_files_hold_no_pickle(home):
    files = sorted((home.settings.root / "mlflow" / "artifacts").rglob("*.*"))
    assert files
    assert not [path for path in files if path.suffix in {".pkl", ".pickle", ".joblib"}]
    # The first bytes of every pickle of a protocol that Python 3 writes.
    heads = [path.read_bytes()[:2] for path in files if path.is_file()]
    assert not [head for head in heads if head[:1] == b"\x80" and head[1:] in b"\x02\x03\x04\x05"]


def _stored(home, version):
    """Folder of a version's files."""
    client = Registry.open(home.settings).client()
    uri = client.get_model_version_download_uri("receipts", str(version.version))
    return Path(uri.removeprefix("file://"))


def test_loading_is_refused_when_a_file_was_swapped(home):
    found = Registry.open(home.settings)
    version = found.resolve("receipts", 1)
    stored = next(_stored(home, version).rglob("model/engine/model.json"))
    before = stored.read_text()
    stored.write_text(before.replace("1.0", "0.9"))
    try:
        with pytest.raises(RefusedError, match="changed after the training"):
            found.load(version)
    finally:
        stored.write_text(before)


def test_loading_says_so_when_the_files_are_gone(home):
    found = Registry.open(home.settings)
    version = found.resolve("receipts", 1)
    stored = next(_stored(home, version).rglob("artifacts/model"))
    shutil.move(stored, stored.with_name("away"))
    try:
        with pytest.raises(NotFoundError, match="are gone"):
            found.load(version)
    finally:
        shutil.move(stored.with_name("away"), stored)


def test_resolve_names_what_exists_when_the_name_is_wrong(home):
    found = Registry.open(home.settings)
    with pytest.raises(NotFoundError, match=r"no version '99'; known: 1.*, candidate, latest"):
        found.resolve("receipts", 99)
    with pytest.raises(NotFoundError, match=r"there is no model 'wheat'; known: .*receipts"):
        found.resolve("wheat")


def test_registry_is_empty_and_makes_nothing_when_the_home_is_new(tmp_path):
    settings = Settings(home=tmp_path)
    assert Registry.open(settings).models() == []
    with pytest.raises(NotFoundError, match="registered models: none"):
        Registry.open(settings).resolve("receipts")
    assert list(tmp_path.iterdir()) == []


def test_second_training_is_the_candidate_and_the_champion_is_the_default(home):
    model = home.spec.model.model_copy(update={"seed": 8})
    features = publish(home.settings, model, receipts(60, seed=5))
    second = registry.run(
        home.trained(model, features), lake=home.lake, settings=home.settings
    ).version
    found = Registry.open(home.settings)
    assert second > 1
    assert found.resolve("receipts").version == second
    # A late retry of the first does not take the alias back.
    registry.run(home.spec, lake=home.lake, settings=home.settings)
    assert found.resolve("receipts", "candidate").version == second
    found.client().set_registered_model_alias("receipts", "champion", "1")
    try:
        assert found.resolve("receipts").version == 1
        assert found.resolve("receipts", "latest").version == second
        assert found.resolve("receipts", "1").aliases == ("champion",)
    finally:
        found.client().delete_registered_model_alias("receipts", "champion")


def test_registration_leaves_one_run_when_an_attempt_was_killed_before_the_version(
    home, monkeypatch
):
    model = home.spec.model.model_copy(update={"seed": 9})
    spec = home.trained(model, publish(home.settings, model, receipts(60, seed=6)))
    client = Registry.open(home.settings).client()
    with monkeypatch.context() as patch:

        def killed(*_, **__):
            raise KeyboardInterrupt

        patch.setattr(type(client), "create_model_version", killed)
        with pytest.raises(KeyboardInterrupt):
            registry.run(spec, lake=home.lake, settings=home.settings)
    assert Registry.open(home.settings).find("receipts", spec.training.train_key) is None
    result = registry.run(spec, lake=home.lake, settings=home.settings)
    experiment = client.get_experiment_by_name("receipts").experiment_id
    runs = client.search_runs([experiment], f"tags.train_key = '{spec.training.train_key}'")
    assert [run.info.run_id for run in runs] == [result.run_id]
    assert not result.reused


def test_revision_is_unknown_when_there_is_no_git(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert provenance.code_revision() == {"code_revision": "unknown", "code_dirty": "unknown"}
