"""Features that look at earlier rows, on a real Spark: equal to one table and to single rows."""

import pyarrow as pa
import pytest
from factories.cards import drawn

from pipelines import features, specs
from pipelines.contracts import names
from pipelines.lake.lake import Lake
from spark_jobs import features as job

pytestmark = pytest.mark.spark


def test_features_of_spark_are_those_of_one_table_bit_for_bit(spark_settings):
    spec, rows = specs.model("card_fraud"), drawn(1_500)
    lake, published = Lake.open(spark_settings), names.published_table("card_transactions")
    lake.create(published, rows.schema, [names.DAY])
    lake._catalog.load_table(published).overwrite(rows)  # other tests publish here too

    result = job.run("card_fraud", None, "history-1", spark_settings)

    found = lake.read(result.table, snapshot_id=result.snapshot_id).sort_by("transaction_id")
    expected = features.compute(rows, spec).sort_by("transaction_id").combine_chunks()
    assert found.select(expected.column_names).combine_chunks().equals(expected)
    # One purchase with its own history alone, as it is asked for when it is made.
    last = rows.sort_by([("at", "descending")]).slice(0, 1).to_pylist()[0]
    mine = [
        place
        for place, row in enumerate(rows.to_pylist())
        if row["customer_id"] == last["customer_id"] or row["terminal_id"] == last["terminal_id"]
    ]
    alone = features.compute(rows.take(pa.array(mine)), spec).to_pylist()
    (single,) = [one for one in alone if one["transaction_id"] == last["transaction_id"]]
    assert single in expected.to_pylist()
