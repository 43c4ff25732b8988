"""Each bad document that is decided on Spark: its own rule, and a reason a person can read.

The job runs once over all of them, with good documents between; what the readers decide is in
tests/unit/ingestion. Each bad document is declared beside its test.
"""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from factories.landed import DAY, land, line, page, row, rows, unreadable
from factories.spark import make_dataset

from pipelines import specs
from pipelines.contracts import names
from pipelines.contracts.result import IngestResult
from pipelines.lake.delivery import suite_path
from pipelines.lake.lake import Lake
from pipelines.settings import Settings
from pipelines.validation import suite
from spark_jobs import ingest

pytestmark = pytest.mark.spark

GOOD = [one[names.DOCUMENT_ID] for one in rows(10)]
NEXT_DAY = "2026-01-06"
BAD: list[dict] = []


def bad(**changes: object) -> int:
    """Declares a bad document; returns its line, by which its test finds it again."""
    BAD.append(row(101 + len(BAD), **changes))
    return 100 + len(BAD)


@dataclass(frozen=True)
class Batch:
    """What became of the bad documents and the good ones among them."""

    result: IngestResult
    published: list[str]
    quarantine: dict[int, dict]
    critical: set[str]

    def refused(self, number: int) -> tuple[str, str]:
        """Rule and reason of the bad document of a line; all good ones were published."""
        row = self.quarantine[number]
        assert (row[names.SOURCE_FILE], row[names.RAW] is not None) == ("batch.jsonl", True)
        assert self.published == GOOD
        assert self.result.rows_published == len(GOOD)
        assert self.result.rows_quarantined == len(self.quarantine)
        assert self.result.rows_in == self.result.rows_published + self.result.rows_quarantined
        assert self.result.quarantine_reasons[row[names.RULE]] >= 1
        return row[names.RULE], row[names.REASON]


@pytest.fixture(scope="module")
def batch(spark_settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Batch]:
    """One run of the job over two days with all bad documents of this file."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("bad_documents")
        name = make_dataset(folder, patch, "bad_documents", quarantine_limit=1.0)
        good = rows(len(GOOD))
        land(spark_settings, name, [*good[:5], *BAD, *good[5:]])
        land(spark_settings, name, [REPEATED_NEXT_DAY], day=NEXT_DAY)
        result = ingest.run(name, [DAY, NEXT_DAY], "bad", spark_settings)
        rules = suite.read(suite_path(specs.dataset(name)))
        lake = Lake.open(spark_settings)
        published = lake.read(names.published_table(name))
        refused = lake.read(names.quarantine_table(name)).to_pylist()
        assert len(refused) == len(BAD) + 1
        yield Batch(
            result,
            sorted(published[names.DOCUMENT_ID].to_pylist()),
            {one[names.SOURCE_LINE]: one for one in refused},
            {rule.name for rule in rules.expectations if rule.critical},
        )


UNREADABLE = 200
BAD.append(unreadable(UNREADABLE))


def test_row_that_the_reader_refused_keeps_its_rule_and_text(batch):
    assert batch.refused(UNREADABLE) == ("not_json", "the line is not JSON")
    assert batch.quarantine[UNREADABLE][names.RAW] == "{tru"


NO_ID = bad(document_id=None)


def test_document_is_refused_when_it_has_no_id(batch):
    assert batch.refused(NO_ID) == ("missing_id", "the document has no document_id")


CONTROL_IN_ID = bad(document_id="a\x07b")


def test_document_is_refused_when_its_id_holds_control_characters(batch):
    assert batch.refused(CONTROL_IN_ID) == (
        "control_characters_in_id",
        "the document_id holds control characters",
    )


NO_PAGE = bad(pages=[])


def test_document_is_refused_when_it_has_no_page(batch):
    assert batch.refused(NO_PAGE) == ("missing_page", "the document has no page")


PAGES_MISSING = bad(pages=None)


def test_document_is_refused_when_its_pages_are_null(batch):
    assert batch.refused(PAGES_MISSING)[0] == "missing_page"


TOO_MANY_PAGES = bad(pages=[page()] * 201)


def test_document_is_refused_when_it_has_201_pages(batch):
    assert batch.refused(TOO_MANY_PAGES) == (
        "too_many_pages",
        "the document has 201 pages; at most 200 are taken",
    )


NO_SIZE = bad(pages=[page(), page(width=0.0)])


def test_document_is_refused_when_a_page_has_no_size(batch):
    assert batch.refused(NO_SIZE) == (
        "missing_page_size",
        "page 2 has no usable width and height; both must be positive numbers of pixels",
    )


NAN_SIZE = bad(pages=[page(height=math.nan)])


def test_document_is_refused_when_the_height_of_a_page_is_nan(batch):
    assert batch.refused(NAN_SIZE) == (
        "missing_page_size",
        "page 1 has no usable width and height; both must be positive numbers of pixels",
    )


EMPTY = bad(pages=[page(lines=[])])


def test_document_is_refused_when_it_is_empty(batch):
    assert batch.refused(EMPTY) == ("empty_document", "no line of the document holds any text")


BLANK = bad(pages=[page(lines=[line("  "), line("")])])


def test_document_is_refused_when_all_its_lines_are_blank(batch):
    assert batch.refused(BLANK)[0] == "empty_document"


NO_TEXT = bad(pages=[page(lines=[line(None), line("text")])])


def test_document_is_refused_when_a_line_has_no_text(batch):
    assert batch.refused(NO_TEXT) == ("missing_text", "page 1, line 1 has no text")


OUTSIDE = bad(pages=[page(lines=[line(), line(box=(20, 20, 900, 40))])])


def test_document_is_refused_when_a_box_lies_outside_its_page(batch):
    assert batch.refused(OUTSIDE) == (
        "box_outside_page",
        "the box of page 1, line 2 lies outside its page",
    )


INVERTED = bad(pages=[page(), page(lines=[line(box=(200, 20, 20, 40))])])


def test_document_is_refused_when_a_box_is_inverted(batch):
    assert batch.refused(INVERTED) == (
        "box_inverted",
        "the box of page 2, line 1 is inverted: expected x0 <= x1 and y0 <= y1",
    )


NAN_IN_BOX = bad(pages=[page(lines=[line(), line(), line(box=(20, math.nan, 30, 40))])])


def test_document_is_refused_when_a_side_of_a_box_is_nan(batch):
    assert batch.refused(NAN_IN_BOX) == (
        "box_malformed",
        "the box of page 1, line 3 is not four finite numbers",
    )


THREE_SIDES = bad(pages=[page(lines=[line(box=(20, 20, 30))])])


def test_document_is_refused_when_a_box_has_three_sides(batch):
    assert batch.refused(THREE_SIDES) == (
        "box_malformed",
        "the box of page 1, line 1 is not four finite numbers",
    )


CONTROL = bad(pages=[page(lines=[line("total \x00 9.00")])])


def test_document_is_refused_when_a_line_holds_control_characters(batch):
    assert batch.refused(CONTROL) == (
        "control_characters",
        "page 1, line 1 holds control characters",
    )


LONG_LINE = bad(pages=[page(lines=[line("x" * 10_001)])])


def test_document_is_refused_when_a_line_is_too_long(batch):
    assert batch.refused(LONG_LINE) == (
        "line_too_long",
        "a line has 10001 characters; at most 10000 are taken",
    )


MANY_LINES = bad(pages=[page(lines=[line("x")] * 100_000)])


def test_document_is_refused_when_it_has_100000_lines(batch):
    assert batch.refused(MANY_LINES) == (
        "too_many_lines",
        "the document has 100000 lines; at most 10000 are taken",
    )


REPEATED = bad(document_id="doc-0001")


def test_document_is_refused_when_its_id_came_before_in_the_batch(batch):
    assert batch.refused(REPEATED) == (
        "repeated_in_batch",
        f"document_id doc-0001 was read before, at batch.jsonl:1 of {DAY}; the first one is kept",
    )
    assert json.loads(batch.quarantine[REPEATED][names.RAW])[names.DOCUMENT_ID] == "doc-0001"


REPEATED_NEXT_DAY = row(300, document_id="doc-0002")


def test_document_is_refused_when_its_id_came_on_an_earlier_day_of_the_run(batch):
    assert batch.refused(300) == (
        "repeated_in_batch",
        f"document_id doc-0002 was read before, at batch.jsonl:2 of {DAY}; the first one is kept",
    )
    assert batch.quarantine[300][names.DAY] == NEXT_DAY


def test_every_critical_rule_refuses_some_document_here(batch):
    found = {one[names.RULE] for one in batch.quarantine.values()}
    # Its test needs two runs: tests/spark/test_ingest_job.py.
    assert found - {"not_json"} == batch.critical - {"published_on_another_day"}
