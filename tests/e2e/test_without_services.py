"""The path from files to answers in a home where nothing is running: Spark by spark-submit."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest
from factories.services import Millrace, command_line
from factories.spans import assert_job_is_below_its_task, of_dag

from pipelines.registry import Registry
from pipelines.samples.receipts import generate
from pipelines.settings import Settings

pytestmark = pytest.mark.slow

DOCUMENTS = 240
"""With 100 the golden set has 28, on which a sound model may seem too badly calibrated to pass."""


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sample") / "receipts.jsonl"
    generate(DOCUMENTS, 3, path, start=date(2026, 1, 5), days=2)
    return path


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("quiet_home")


@pytest.fixture(scope="module")
def run(home: Path) -> Millrace:
    return command_line(home)


def test_files_become_answers_without_any_service(
    run: Millrace, home: Path, sample: Path, tmp_path: Path
) -> None:
    ingested = run("ingest", "receipts", str(sample))
    assert ingested.returncode == 0, ingested.stdout + ingested.stderr
    trained = run("run", "train", "receipts")
    assert trained.returncode == 0, trained.stdout + trained.stderr
    assert "no services are running here: the DAG runs in this process" in trained.stdout
    assert_job_is_below_its_task(home, "train__receipts", "features", "features")
    version = Registry.open(Settings(home=home)).resolve("receipts", 1)
    traces = {one["context"]["trace_id"] for one in of_dag(home, "train__receipts")}
    assert f"0x{version.tags['trace_id']}" in traces

    # What the receipts say, merchants before all, is in no log of any of it.
    said = [json.loads(line)["fields"] for line in sample.read_text().splitlines()]
    private = {fields[name] for fields in said for name in ("company", "address") if fields[name]}
    logged = [path.read_text(errors="replace") for path in home.rglob("*.log")]
    assert len(logged) >= 2 and len(private) > 20
    assert not [one for one in private if any(one in text for text in logged)]

    scored = run("evaluate", "receipts", "--on", str(sample), "--version", "latest", "--json")
    assert scored.returncode == 0, scored.stderr
    found = json.loads(scored.stdout)
    assert {"model", "version", "documents", "micro_f1", "micro_f1_value", "fields"} <= set(found)
    assert found["documents"] == DOCUMENTS
    wanted = {"precision", "recall", "f1", "f1_value", "auroc"}
    assert all(wanted <= set(found["fields"][name]) for name in ("company", "date", "total"))

    output = tmp_path / "answers.jsonl"
    answered = run("predict", "receipts", "--input", str(sample), "--output", str(output))
    assert answered.returncode == 0, answered.stderr
    lines = [json.loads(line) for line in output.read_text().splitlines()]
    assert len(lines) == DOCUMENTS
    assert set(lines[0]) == {"document_id", "model_version", "fields"}
    assert set(lines[0]["fields"]["total"]) == {"value", "confidence", "boxes"}


def test_one_version_comes_out_when_a_training_runs_twice_at_once(run: Millrace) -> None:
    with ThreadPoolExecutor() as pool:
        arguments = ("run", "train", "receipts", "--param", "seed=11", "--in-process")
        twins = [pool.submit(run, *arguments) for _ in range(2)]
    for twin in twins:
        printed = twin.result().stdout + twin.result().stderr
        # The gate may refuse so small a model; nothing else may end a run.
        assert twin.result().returncode == 0 or "the gate rejected" in printed, printed
    versions = run("models", "receipts").stdout.splitlines()[1:]
    assert [line.split("\t")[1] for line in versions] == ["2", "1"]


def test_dag_that_waits_for_a_person_is_refused_when_no_service_runs(run: Millrace) -> None:
    refused = run("run", "rollback", "receipts", "--param", "why=worse")
    assert refused.returncode == 1
    assert "rollback__receipts waits for a person at ask" in refused.stderr
    assert "millrace approve" in refused.stderr
