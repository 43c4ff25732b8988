"""Which days are to be published, from files, rules and the notes of commits."""

import pyarrow as pa
import pytest
from factories.landed import land, rows
from factories.published import published_day

from pipelines import specs
from pipelines.contracts import names
from pipelines.errors import BadDataError, MisconfiguredError
from pipelines.lake import delivery
from pipelines.lake.delivery import deliveries
from pipelines.lake.lake import Lake
from pipelines.lake.pending import pending_days
from pipelines.lake.published import notes, published_days
from pipelines.settings import Settings

FIRST, SECOND = "2026-01-01", "2026-01-02"


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path)


def published(settings, dataset, *days):
    """Commits the days' notes as the ingest job does."""
    lake, table = Lake.open(settings), names.published_table(dataset)
    lake.create(table, pa.schema([("id", pa.string())]), [])
    states = {
        one.day: published_day(one.key, len(one.files))
        for one in deliveries(specs.dataset(dataset), days, settings)
    }
    rows = pa.table({"id": ["a"]})
    lake._catalog.load_table(table).append(rows, snapshot_properties=notes(states))
    return states


def test_pending_days_are_those_without_an_equal_publication(settings, dataset):
    name = dataset("receipts_of_test")
    for day in (FIRST, SECOND):
        land(settings, name, rows(1), day=day)
    assert pending_days(name, settings) == [FIRST, SECOND]

    states = published(settings, name, FIRST)
    assert pending_days(name, settings) == [SECOND]
    assert published_days(Lake.open(settings), name) == states

    land(settings, name, rows(1, first=7), day=FIRST, file="late")
    assert pending_days(name, settings) == [FIRST, SECOND]


def test_pending_days_name_a_day_whose_files_are_gone(settings, dataset):
    name = dataset("receipts_of_test")
    path = land(settings, name, rows(1), day=FIRST)
    published(settings, name, FIRST)
    path.unlink()
    path.parent.rmdir()

    assert pending_days(name, settings) == [FIRST]


def test_published_days_take_the_newest_note_of_a_day(settings, dataset):
    name = dataset("receipts_of_test")
    land(settings, name, rows(1), day=FIRST)
    published(settings, name, FIRST)
    land(settings, name, rows(1), day=FIRST, file="b")

    newest = published(settings, name, FIRST)

    assert published_days(Lake.open(settings), name) == newest


@pytest.mark.parametrize("change", ["suite", "key", "checks", "file name", "file content"])
def test_key_differs_when_what_decides_the_outcome_differs(settings, dataset, monkeypatch, change):
    name = dataset("receipts_of_test")
    path = land(settings, name, rows(1))
    spec = specs.dataset(name)
    (before,) = deliveries(spec, [path.parent.name], settings)

    if change == "suite":
        suite = delivery.suite_path(spec)
        suite.write_text(suite.read_text() + "\n")
    elif change == "key":
        spec = spec.model_copy(update={"key": "content_hash"})
    elif change == "checks":
        spec = spec.model_copy(update={"checks": "spark_jobs.checks.rules:broken"})
    elif change == "file name":
        path.rename(path.with_name("b.parquet"))
    else:
        land(settings, name, rows(1, first=2))

    (after,) = deliveries(spec, [path.parent.name], settings)
    assert before.key != after.key


def test_key_is_equal_when_only_the_owner_or_limit_differs(settings, dataset):
    name = dataset("receipts_of_test")
    land(settings, name, rows(1), day=FIRST)
    spec = specs.dataset(name)
    other = spec.model_copy(update={"owner": "somebody", "quarantine_limit": 0.9})

    assert deliveries(spec, [FIRST], settings) == deliveries(other, [FIRST], settings)


def test_key_refuses_a_spec_that_names_what_is_not_there(settings, dataset):
    spec = specs.dataset(dataset("receipts_of_test"))

    with pytest.raises(MisconfiguredError, match="no such file beside it"):
        delivery.rules_digest(spec.model_copy(update={"suite": "none.json"}))
    with pytest.raises(MisconfiguredError, match=r"spark_jobs\.checks\.none"):
        delivery.rules_digest(spec.model_copy(update={"checks": "spark_jobs.checks.none:x"}))


@pytest.mark.parametrize("day", ["../inbox", "20260105", "2026-02-30", "", "*"])
def test_deliveries_are_refused_when_a_day_is_no_day(day, tmp_path):
    with pytest.raises(BadDataError, match="expected YYYY-MM-DD"):
        deliveries(specs.dataset("receipts"), [day], Settings(home=tmp_path))
