"""Only days that hold labels are a reason to train."""

import pyarrow as pa
import pytest

from pipelines import specs
from pipelines.contracts import names
from pipelines.lake.lake import Lake
from pipelines.retraining.labelled import labelled_rows
from pipelines.settings import Settings

FIRST, SECOND = "2026-01-01", "2026-01-02"


@pytest.fixture
def lake(tmp_path) -> Lake:
    return Lake.open(Settings(home=tmp_path))


def publish(lake: Lake, dataset: str, column: pa.Field, rows: list) -> None:
    schema = pa.schema([(names.DAY, pa.string()), column])
    table = names.published_table(dataset)
    lake.create(table, schema, [names.DAY])
    content = [{names.DAY: day, column.name: value} for day, value in rows]
    lake.append(table, pa.Table.from_pylist(content, schema=schema), {})


def test_documents_count_when_a_field_of_them_is_labelled(lake):
    fields = pa.field(names.FIELDS, pa.map_(pa.string(), pa.string()))
    rows = [(FIRST, [("total", "9.00")]), (FIRST, []), (FIRST, None), (SECOND, []), (SECOND, None)]
    publish(lake, "receipts", fields, rows)
    spec = specs.model("receipts")
    assert labelled_rows(lake, spec, [FIRST]) == 1
    assert labelled_rows(lake, spec, [SECOND]) == 0
    assert labelled_rows(lake, spec, [FIRST, SECOND]) == 1


def test_purchases_count_when_their_outcome_is_known(lake):
    rows = [(FIRST, False), (FIRST, True), (FIRST, None), (SECOND, None)]
    publish(lake, "card_transactions", pa.field("fraud", pa.bool_()), rows)
    spec = specs.model("card_fraud")
    assert labelled_rows(lake, spec, [FIRST]) == 2
    assert labelled_rows(lake, spec, [SECOND]) == 0
