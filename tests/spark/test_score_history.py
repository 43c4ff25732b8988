"""Scoring of rows that look at earlier ones, a kill half-way, and the job without a server."""

import os
import signal
import subprocess
import sys
import time

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from factories import scoring as factory
from factories.cards import drawn
from factories.receipts import receipts
from factories.submitted import submit

from pipelines import features, scoring, specs
from pipelines.contracts import names
from pipelines.contracts.result import ScoreResult
from pipelines.contracts.scoring import PINNED
from pipelines.estimators import estimator
from pipelines.estimators.artefact import Artefact
from pipelines.lake import predictions
from pipelines.lake.history import history
from pipelines.lake.lake import Lake
from pipelines.settings import PROJECT_ROOT, Settings
from pipelines.tasks import task
from spark_jobs import score

pytestmark = pytest.mark.spark
MODEL, DATASET = "card_fraud", "card_transactions"  # workers know the project's own alone
TABLE = names.predictions_table(MODEL)


def by_day(rows: pa.Table) -> dict[str, pa.Table]:
    days = sorted(set(rows[names.DAY].to_pylist()))
    return {
        day: rows.filter(pc.equal(rows[names.DAY], day)).drop_columns([names.DAY]) for day in days
    }


@pytest.fixture(scope="module")
def rows():
    found = drawn(900)
    return found.append_column(names.CONTENT_HASH, found["transaction_id"])


@pytest.fixture(scope="module")
def artefact(rows):
    spec = specs.model(MODEL).model_copy(update={"parameters": {"trees": 10}})
    learned = estimator(spec.estimator).fit(
        features.compute(rows, spec), spec, seed=1, progress=lambda _: None
    )
    return Artefact(spec, learned)


@pytest.fixture
def lake(spark_settings):
    lake = Lake.open(spark_settings)
    for table in (names.published_table(DATASET), TABLE):
        if lake.exists(table):
            lake._catalog.drop_table(table)
    return lake


def probabilities(table: pa.Table) -> dict:
    return dict(
        zip(table["transaction_id"].to_pylist(), table[names.PROBABILITY].to_pylist(), strict=True)
    )


def test_predictions_of_spark_are_those_of_predict_bit_for_bit(
    spark_settings, lake, rows, artefact, tmp_path
):
    pins = [factory.pin(artefact, tmp_path, 1)]
    days = by_day(rows)
    late = sorted(days)[-3:]
    factory.publish(spark_settings, DATASET, {day: days[day] for day in days if day not in late})
    first = score.run(MODEL, pins, None, [], "card-1", spark_settings)
    factory.publish(spark_settings, DATASET, {day: days[day] for day in late})

    second = score.run(MODEL, pins, None, [], "card-2", spark_settings)

    found = probabilities(predictions.read(lake, MODEL))
    assert found == probabilities(scoring.predict(artefact, rows))
    # As `millrace predict` answers for a file: with what is published as its history.
    new = rows.filter(pc.is_in(rows[names.DAY], pa.array(late)))
    columns = task(artefact.spec.task).input_columns(artefact.spec)
    alone = scoring.predict(
        artefact, new, history=lambda some: history(lake, artefact.spec, some, columns)
    )
    assert probabilities(predictions.newest(lake, MODEL)) == probabilities(alone)
    assert probabilities(scoring.predict(artefact, new)) != probabilities(alone)
    counts = [one.versions[0].rows_added for one in (first, second)]
    assert counts == [rows.num_rows - new.num_rows, new.num_rows]


def start(settings, pins, result) -> subprocess.Popen:
    command = [sys.executable, str(PROJECT_ROOT / "spark_jobs" / "score.py"), "--model", MODEL]
    command += ["--versions", PINNED.dump_json(pins).decode(), "--token", "cards"]
    variables = os.environ | {
        "MILLRACE_HOME": str(settings.home),
        "MILLRACE_SPARK_REMOTE": str(settings.spark_remote),
    }
    return subprocess.Popen([*command, "--result", str(result)], env=variables)


def test_killed_run_shows_nothing_and_two_more_tries_do_its_work_once(
    spark_settings, lake, rows, artefact, tmp_path
):
    pins = [factory.pin(artefact, tmp_path, 1)]
    factory.publish(spark_settings, DATASET, by_day(rows.slice(0, 60)))
    note = spark_settings.runs / "locks" / "cards.session"

    killed = start(spark_settings, pins, tmp_path / "killed.json")
    until = time.monotonic() + 120
    while not lake.exists(TABLE) and killed.poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    killed.wait(timeout=30)
    assert note.is_file() and not (tmp_path / "killed.json").exists()
    assert predictions.read(lake, MODEL).num_rows == 0
    twins = [start(spark_settings, pins, tmp_path / f"{number}.json") for number in range(2)]
    assert [twin.wait(timeout=180) for twin in twins] == [0, 0]

    found = [
        ScoreResult.model_validate_json((tmp_path / f"{number}.json").read_bytes())
        for number in range(2)
    ]
    assert len(lake.history(TABLE)) == 1
    # The second finds the work of its own task done, and tells it as its own.
    assert found[0] == found[1]
    assert found[0].changed and found[0].versions[0].rows_added == 60
    assert predictions.read(lake, MODEL).num_rows == 60


@pytest.mark.slow
def test_documents_are_scored_alike_when_submitted_with_only_the_zip(tmp_path):
    settings, documents = Settings(home=tmp_path / "home"), receipts(40)
    spec = specs.model("receipts")
    learned = estimator(spec.estimator).fit(
        features.compute(documents, spec), spec, seed=1, progress=lambda _: None
    )
    artefact = Artefact(spec, learned)
    pins = [factory.pin(artefact, tmp_path, 1)]
    documents = documents.append_column(names.CONTENT_HASH, documents[names.DOCUMENT_ID])
    factory.publish(settings, "receipts", by_day(documents))

    versions = PINNED.dump_json(pins).decode()
    left = submit(tmp_path, settings, "score", "--model", "receipts", "--versions", versions)

    result = ScoreResult.model_validate_json(left)
    assert result.versions[0].rows_scored == 40
    expected = scoring.predict(artefact, documents).combine_chunks().sort_by(names.DOCUMENT_ID)
    found = predictions.read(Lake.open(settings), "receipts").sort_by(names.DOCUMENT_ID)
    assert found.select(expected.column_names).cast(expected.schema).combine_chunks() == expected
