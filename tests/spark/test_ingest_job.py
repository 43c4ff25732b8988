"""The ingest job on a real Spark: what is published, what is refused and why, and how often."""

import pytest
from factories.landed import DAY, land, row, rows, unreadable

from pipelines.contracts import names
from pipelines.errors import BadDataError
from pipelines.lake.lake import Lake
from pipelines.lake.pending import pending_days
from spark_jobs import ingest

pytestmark = pytest.mark.spark


def published_ids(settings, dataset, **where):
    rows = Lake.open(settings).read(names.published_table(dataset), where=where)
    return sorted(rows[names.DOCUMENT_ID].to_pylist())


def quarantine(settings, dataset, **where):
    rows = Lake.open(settings).read(names.quarantine_table(dataset), where=where)
    return {row[names.SOURCE_LINE]: row for row in rows.to_pylist()}


def test_ingest_changes_nothing_when_the_same_files_come_again(spark_settings, dataset):
    name = dataset("same_files")
    land(spark_settings, name, rows(4))
    first = ingest.run(name, [DAY], "same-1", spark_settings)
    # No server to reach: the second time Spark is not even started.
    away = spark_settings.model_copy(update={"spark_remote": "sc://127.0.0.1:1"})

    second = ingest.run(name, [DAY], "same-2", away)

    assert (first.changed, second.changed) == (True, False)
    assert second == first.model_copy(update={"changed": False})
    assert len(Lake.open(spark_settings).history(names.published_table(name))) == 1
    assert pending_days(name, spark_settings) == []


def test_ingest_replaces_exactly_its_days_by_one_commit(spark_settings, dataset):
    name = dataset("replaced")
    other = "2026-01-06"
    land(spark_settings, name, rows(4))
    land(spark_settings, name, [*rows(2, first=50), row(1)], day=other)
    first = ingest.run(name, [DAY, other], "r-1", spark_settings)
    pinned = first.snapshot_id
    land(spark_settings, name, rows(3, first=3))
    assert pending_days(name, spark_settings) == [DAY]

    second = ingest.run(name, [DAY, other], "r-2", spark_settings)

    lake, table = Lake.open(spark_settings), names.published_table(name)
    history = [snapshot.snapshot_id for snapshot in lake.history(table)]
    assert history == [second.snapshot_id, pinned]
    assert published_ids(spark_settings, name, day=DAY) == ["doc-0003", "doc-0004", "doc-0005"]
    assert published_ids(spark_settings, name, day=other) == ["doc-0050", "doc-0051"]
    assert lake.read(table, snapshot_id=pinned).num_rows == 6  # who pinned it still reads it
    assert second.rows_in == 6
    assert second.quarantine_reasons == {"repeated_in_batch": 1}


def test_ingest_refuses_an_id_that_another_day_has_published(spark_settings, dataset):
    name = dataset("across_days")
    later = "2026-01-06"
    land(spark_settings, name, rows(3))
    ingest.run(name, [DAY], "a-1", spark_settings)
    land(spark_settings, name, [row(2), *rows(5, first=10)], day=later)

    ingest.run(name, [later], "a-2", spark_settings)

    (refused,) = quarantine(spark_settings, name, day=later).values()
    assert refused[names.REASON] == f"document_id doc-0002 is already published under {DAY}"
    assert published_ids(spark_settings, name).count("doc-0002") == 1


def test_ingest_empties_a_day_whose_files_are_gone(spark_settings, dataset):
    name = dataset("emptied")
    path = land(spark_settings, name, rows(3))
    ingest.run(name, [DAY], "e-1", spark_settings)
    path.unlink()
    assert pending_days(name, spark_settings) == [DAY]

    result = ingest.run(name, [DAY], "e-2", spark_settings)

    assert (result.changed, result.rows_in) == (True, 0)
    assert published_ids(spark_settings, name) == []
    assert pending_days(name, spark_settings) == []


def test_ingest_publishes_nothing_when_a_batch_is_over_its_limit(
    spark_settings, dataset, tmp_path, monkeypatch
):
    name = dataset("over_limit")
    land(spark_settings, name, [*rows(2), unreadable(8), unreadable(9)])
    report = tmp_path / "result.json"
    arguments = ["--dataset", name, "--days", DAY, "--token", "o", "--result", str(report)]
    monkeypatch.setattr(ingest.configuration, "load", lambda: spark_settings)

    with pytest.raises(BadDataError, match=r"50%.*25%: not_json \(2\)"):
        ingest.main(arguments)

    lake = Lake.open(spark_settings)
    assert lake.current_snapshot(names.published_table(name)) is None
    assert sorted(quarantine(spark_settings, name)) == [8, 9]
    assert pending_days(name, spark_settings) == [DAY]
    assert '"BadDataError"' in report.read_text()


def test_data_docs_hold_no_values_and_no_scripts(spark_settings, dataset):
    name = dataset("markup")
    evil = "<script>alert(1)</script>"
    land(
        spark_settings,
        name,
        [
            *rows(9),
            row(10, document_id=evil + "\x00", fields={"company": evil}, source=evil),
        ],
    )

    result = ingest.run(name, [DAY], "m", spark_settings)

    page_text = (spark_settings.root / result.data_docs).read_text()
    assert "id_control_at" in page_text
    assert "<script" not in page_text
    assert "alert(1)" not in page_text
    assert "default-src 'none'" in page_text
