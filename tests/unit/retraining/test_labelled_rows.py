"""Only days that hold labels are a reason to train."""

import pyarrow as pa
import pytest

from pipelines import specs
from pipelines.contracts import names
from pipelines.lake.lake import Lake
from pipelines.retraining.labelled import labelled_rows, labelled_since
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


def test_labels_since_a_day_are_counted_one_day_at_a_time(lake, monkeypatch):
    rows = [("2026-01-01", None), ("2026-01-03", True), ("2026-01-04", False), ("2026-01-05", None)]
    publish(lake, "card_transactions", pa.field("fraud", pa.bool_()), rows)
    spec, days = specs.model("card_fraud"), [f"2026-01-0{one}" for one in (1, 3, 4, 5)]
    read, held = lake.read, []
    monkeypatch.setattr(
        lake, "read", lambda *a, where, **k: held.append(where) or read(*a, where=where, **k)
    )
    assert labelled_since(lake, spec, days) == (2, 4)
    assert held == [{names.DAY: day} for day in days]
    assert labelled_since(lake, spec, days[:1]) == (0, 0)


def test_documents_that_reviewers_labelled_count_beside_those_that_came_with_labels(lake):
    schema = pa.schema([
        (names.DAY, pa.string()),
        (names.DOCUMENT_ID, pa.string()),
        (names.FIELDS, pa.map_(pa.string(), pa.string())),
    ])
    table = names.published_table("receipts")
    lake.create(table, schema, [names.DAY])
    rows = [
        (FIRST, "a", [("total", "9.00")]),
        (FIRST, "b", None),
        (SECOND, "c", []),
        (SECOND, "d", []),
    ]
    content = [dict(zip(schema.names, row, strict=True)) for row in rows]
    lake.append(table, pa.Table.from_pylist(content, schema=schema), {})
    spec = specs.model("receipts")
    assert labelled_since(lake, spec, [FIRST, SECOND]) == (1, 1)
    assert labelled_since(lake, spec, [FIRST, SECOND], ["a", "c", "elsewhere"]) == (2, 2)
