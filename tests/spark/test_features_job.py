"""The features job on a real Spark: one set a key, equal to the function itself, one commit."""

import math
from itertools import pairwise

import pyarrow as pa
import pytest
from factories import thirds
from factories.landed import DAY, rows
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import specs
from pipelines.contracts import names
from pipelines.errors import BadDataError, NotFoundError
from pipelines.ingestion.documents import landed_schema
from pipelines.lake.lake import Lake
from spark_jobs import features
from spark_jobs.tables import published_schema

pytestmark = pytest.mark.spark


@pytest.fixture
def model(dataset, monkeypatch):
    """A model of the test's own over a data set of the test's own."""

    def make(name, **changes):
        spec = specs.model("receipts").model_copy(
            update={
                "name": name,
                "dataset": dataset(name),
                "features": "factories.thirds:compute",
                "features_schema": "factories.thirds:schema",
            }
            | changes
        )
        monkeypatch.setattr(specs, "model", lambda asked: {name: spec}[asked])
        return spec

    return make


def publish(settings, spec, count, *, first=1) -> int:
    """Adds rows to the published table as another job would; returns the snapshot."""
    lake, table = Lake.open(settings), names.published_table(spec.dataset)
    schema = published_schema(landed_schema())
    lake.create(table, schema, [names.DAY])
    found = [
        {**one, names.FIELDS: list(one[names.FIELDS].items()), names.DAY: DAY}
        for one in rows(count, first=first)
    ]
    lake._catalog.load_table(table).append(pa.Table.from_pylist(found, schema=schema))
    return lake.current_snapshot(table)


def by_id(table: pa.Table) -> dict:
    return {row[names.DOCUMENT_ID]: row for row in table.to_pylist()}


def test_features_are_computed_once_for_each_snapshot(spark_settings, model):
    spec = model("thirds")
    first_input = publish(spark_settings, spec, 200)

    first = features.run(spec.name, None, "f-2", spark_settings)
    # No server to reach: a set that is there starts no Spark.
    away = spark_settings.model_copy(update={"spark_remote": "sc://127.0.0.1:1"})
    again = features.run(spec.name, None, "f-3", away)

    assert (first.reused, again.reused) == (False, True)
    assert again == first.model_copy(update={"reused": True})
    assert (first.input_snapshot_id, first.rows) == (first_input, 200)
    lake = Lake.open(spark_settings)
    table = lake.read(
        first.table,
        snapshot_id=first.snapshot_id,
        where={names.FEATURE_KEY: first.feature_key},
    )
    published = lake.read(names.published_table(spec.dataset), snapshot_id=first_input)
    expected, found = by_id(thirds.compute(published, spec)), by_id(table)
    assert set(found) == set(expected)
    for key, row in expected.items():
        assert found[key]["third"] == row["third"]
        assert found[key]["parts"][0] == row["parts"][0] and math.isnan(found[key]["parts"][1])

    publish(spark_settings, spec, 2, first=500)
    second = features.run(spec.name, None, "f-5", spark_settings)
    assert (second.reused, second.rows) == (False, 202)
    earlier = features.run(spec.name, first_input, "f-6", away)
    assert earlier == again
    assert [one.snapshot_id for one in lake.history(first.table)] == [
        second.snapshot_id,
        first.snapshot_id,
    ]


def test_features_write_nothing_when_the_function_breaks_its_contract(spark_settings, model):
    spec = model("lossy", features="factories.thirds:lossy")
    publish(spark_settings, spec, 3)

    with pytest.raises(BadDataError, match=r"factories\.thirds:lossy failed.*expected one output"):
        features.run(spec.name, None, "l-2", spark_settings)

    assert Lake.open(spark_settings).current_snapshot(names.features_table(spec.name)) is None


def test_features_say_what_to_do_when_there_is_no_input(spark_settings, model):
    spec = model("no_input")

    with pytest.raises(NotFoundError, match="ingest documents first"):
        features.run(spec.name, None, "n-1", spark_settings)


@settings(max_examples=40, deadline=None)
@given(cuts=st.lists(st.integers(0, 30), max_size=4))
def test_function_gives_the_same_rows_however_the_batches_are_cut(cuts):
    """The function of the receipts model itself, in the generator that Spark runs."""
    from factories.receipts import receipts

    spec = specs.model("receipts")
    schema = specs.resolve(spec.features_schema)(spec)
    table = receipts(30)
    edges = sorted({0, 30, *cuts})
    batches = [
        batch
        for low, high in pairwise(edges)
        for batch in table.slice(low, high - low).to_batches()
    ]

    found = pa.Table.from_batches(features.by_batch(spec, schema)(iter(batches)), schema)

    assert found.equals(specs.resolve(spec.features)(table, spec).select(schema.names).cast(schema))
