"""A training is done once for its inputs, and its files depend on nothing else."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from factories.home import publish, simple_spec
from factories.receipts import receipts, row, table

from pipelines.contracts import names
from pipelines.contracts.result import XCOM_LIMIT_BYTES
from pipelines.errors import BadDataError
from pipelines.lake.lake import Lake
from pipelines.publication import folder_hash
from pipelines.settings import Settings
from pipelines.training import TrainSpec, run

pytestmark = pytest.mark.slow


@pytest.fixture
def spec(monkeypatch):
    return simple_spec(monkeypatch)


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path)


def trained(settings, spec, documents):
    features = publish(settings, spec, documents)
    return run(
        TrainSpec(model=spec, features=features), lake=Lake.open(settings), settings=settings
    )


def test_training_writes_the_same_bytes_when_the_lake_gives_rows_in_another_order(tmp_path, spec):
    documents = receipts(60)
    backwards = documents.take(pa.array(range(59, -1, -1)))
    one = trained(Settings(home=tmp_path / "a"), spec, documents)
    other = trained(Settings(home=tmp_path / "b"), spec, backwards)
    assert one.artefact_hash == other.artefact_hash
    left = pq.read_table(tmp_path / "a" / one.predictions)
    assert left.equals(pq.read_table(tmp_path / "b" / other.predictions))


def test_training_is_found_finished_when_it_is_run_again(settings, spec):
    features = publish(settings, spec, receipts(60))
    given = TrainSpec(model=spec, features=features)
    first = run(given, lake=Lake.open(settings), settings=settings)
    messages = []
    again = run(given, lake=Lake.open(settings), settings=settings, progress=messages.append)
    assert again == first
    assert not messages


def test_training_is_done_once_when_two_start_at_the_same_time(settings, spec):
    given = TrainSpec(model=spec, features=publish(settings, spec, receipts(60)))
    messages = []

    def attempt(_):
        return run(given, lake=Lake.open(settings), settings=settings, progress=messages.append)

    with ThreadPoolExecutor() as pool:
        one, other = pool.map(attempt, range(2))
    assert one == other
    assert sum("to train on" in message for message in messages) == 1


def test_training_leaves_nothing_when_it_is_killed_and_is_whole_after_the_retry(
    settings, spec, monkeypatch
):
    features = publish(settings, spec, receipts(60))
    given = TrainSpec(model=spec, features=features)

    def killed(message):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(given, lake=Lake.open(settings), settings=settings, progress=killed)
    folder = settings.runs / "train" / spec.name
    assert [path for path in folder.iterdir() if path.is_dir()] == []
    # kill -9 runs no clean-up: what it leaves aside goes with the next attempt.
    (folder / f".{given.key()}.left.aside").mkdir()
    result = run(given, lake=Lake.open(settings), settings=settings)
    assert [path.name for path in folder.iterdir() if path.is_dir()] == [given.key()]
    assert folder_hash(settings.root / result.model_dir) == result.artefact_hash


def test_training_predicts_both_test_parts_and_no_training_row(settings, spec):
    result = trained(settings, spec, receipts(80))
    predictions = pq.read_table(settings.root / result.predictions)
    split = pq.read_table(settings.root / result.run_dir / "split.parquet")
    assert set(predictions[names.PART].to_pylist()) == set(names.TEST_PARTS)
    kept = split.filter(pc.equal(split[names.PART], names.TRAIN))
    assert len(kept) == result.rows_train
    assert not set(kept["document_id"].to_pylist()) & set(predictions["document_id"].to_pylist())
    assert result.rows_test == len(predictions)


def test_training_key_changes_when_seed_or_parameters_do(spec, settings):
    features = publish(settings, spec, receipts(20))
    keys = {
        TrainSpec(model=spec.model_copy(update=change), features=features).key()
        for change in ({}, {"seed": 8}, {"parameters": {"depth": 3}})
    }
    later = features.model_copy(update={"snapshot_id": features.snapshot_id + 1})
    keys.add(TrainSpec(model=spec, features=later).key())
    assert len(keys) == 3


def test_training_leaves_rows_without_labels_out(settings, spec):
    unlabelled = [row(f"bare-{number}", ["SHOP", "TOTAL 1.00"]) for number in range(5)]
    documents = pa.concat_tables([receipts(60), table(unlabelled)])
    result = trained(settings, spec, documents)
    split = pq.read_table(settings.root / result.run_dir / "split.parquet")
    assert len(split) == 60


def test_training_says_what_is_missing_when_there_is_too_little(settings, spec):
    with pytest.raises(BadDataError, match="too little to train on: of 8 rows 8 carry labels"):
        trained(settings, spec, receipts(8))


def test_training_result_fits_into_xcom(settings, spec):
    result = trained(settings, spec, receipts(60))
    assert len(result.model_dump_json()) < XCOM_LIMIT_BYTES / 4
    assert not Path(result.model_dir).is_absolute()
