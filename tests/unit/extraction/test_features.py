"""Features: one row a document, whatever the batch and whatever stands on the page."""

import time

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.contracts.document import Document
from pipelines.errors import BadDataError
from pipelines.extraction.batch import Batch
from pipelines.extraction.features import compute, schema
from pipelines.extraction.layout import MAX_LINES
from tests.factories.documents import extraction_spec, line, receipts, table
from tests.factories.hostile import PAGES_OF_ANY_KIND, documents, written

SPEC = extraction_spec(company="name", date="date", total="money", invoice_number="code")


@settings(max_examples=25, deadline=None)
@given(st.lists(PAGES_OF_ANY_KIND, min_size=1, max_size=5))
def test_compute_gives_a_row_the_same_bits_when_alone_or_in_a_batch(pages: list) -> None:
    together = compute(documents(pages), SPEC)
    assert together.schema == schema(SPEC)
    Batch.of(together)
    alone = pa.concat_tables([
        compute(documents(pages).slice(row, 1), SPEC) for row in range(len(pages))
    ])
    # the written form is compared: equality of floats would take -0.0 for 0.0
    assert written(together) == written(alone)


def test_compute_gives_the_same_rows_when_real_documents_come_in_any_batch() -> None:
    documents = receipts(9)
    together = compute(documents, SPEC)
    parts = [compute(documents.slice(0, 2), SPEC), compute(documents.slice(2), SPEC)]
    assert written(together) == written(pa.concat_tables(parts))


def test_compute_carries_labels_and_day_when_they_are_there() -> None:
    features = compute(receipts(2), SPEC)
    assert dict(features["fields"][1].as_py())["company"] == "BRIGHT STAR HARDWARE SDN BHD"
    assert features["day"].to_pylist() == ["2019-01-01", "2019-01-01"]
    bare = compute(receipts(2).select(["pages", "document_id"]), SPEC)
    assert bare["fields"].null_count == bare["day"].null_count == 2


def test_compute_is_bounded_when_a_document_is_very_long() -> None:
    lines = [line(f"ITEM {row} 12.50 25/12/2018 AB-{row}", 40, 20.0 * row) for row in range(6_000)]
    page = {"width": 460.0, "height": 20.0 * len(lines), "lines": lines}
    long = table([{"document_id": "long", "pages": [page]}])
    begun = time.process_time()
    features = compute(long, SPEC)
    assert time.process_time() - begun < 5
    assert len(features["line_text"][0]) == MAX_LINES
    assert features.nbytes < 20e6


def test_compute_bounds_a_line_when_it_is_very_long() -> None:
    page = {"width": 460.0, "height": 20.0, "lines": [line("9.00 " * 1_000_000, 0, 0)]}
    features = compute(table([{"document_id": "wide", "pages": [page]}]), SPEC)
    assert features.nbytes < 1e6


def test_compute_finds_neighbours_when_lines_stand_in_a_row() -> None:
    lines = [line("TOTAL", 20, 100), line("9.00", 300, 101), line("HEAD", 20, 60)]
    page = {"width": 460.0, "height": 200.0, "lines": lines}
    features = compute(table([{"document_id": "d", "pages": [page]}]), SPEC)
    assert features["line_left"][0].as_py() == [-1, 0, -1]
    assert features["line_above"][0].as_py() == [2, -1, -1]


@pytest.mark.parametrize("column", ["document_id", "pages"])
def test_compute_refuses_the_table_when_a_column_is_missing(column: str) -> None:
    with pytest.raises(BadDataError, match=column):
        compute(receipts(1).drop_columns([column]), SPEC)


def test_compute_refuses_the_table_when_pages_are_text() -> None:
    with pytest.raises(BadDataError, match="pages"):
        compute(pa.table({"document_id": ["a"], "pages": ["[]"]}), SPEC)


def test_factory_makes_documents_of_the_interchange_format() -> None:
    row = receipts(1).drop_columns(["day"]).to_pylist()[0]
    Document.model_validate(row | {"fields": dict(row["fields"])})
