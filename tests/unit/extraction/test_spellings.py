"""Spellings of a value as people may have typed it."""

import pytest

from pipelines.extraction import features
from pipelines.extraction.batch import Batch
from pipelines.extraction.spellings import cased, of_span, of_value, printed
from tests.factories.documents import extraction_spec, line, table


def _batch(*texts: str) -> Batch:
    lines = [line(text, 20, 20 + 22 * row) for row, text in enumerate(texts)]
    page = {"width": 460.0, "height": 400.0, "lines": lines}
    rows = table([{"document_id": "d", "pages": [page]}])
    return Batch.of(features.compute(rows, extraction_spec()))


def test_of_span_writes_line_ends_and_commas_when_people_do() -> None:
    batch = _batch("No.5,Jalan Besar", "Taman Daya. 81100", "Johor.")
    spellings = of_span(batch, 0, int(batch.n_tokens[0]) - 1)
    assert "as_printed" in spellings["NO.5,JALAN BESAR TAMAN DAYA. 81100 JOHOR."]
    assert "space_after_comma" in spellings["NO.5, JALAN BESAR TAMAN DAYA. 81100 JOHOR"]
    assert "comma_at_line_end" in spellings["NO.5,JALAN BESAR, TAMAN DAYA. 81100, JOHOR."]
    assert "comma_for_point" in spellings["NO.5,JALAN BESAR TAMAN DAYA, 81100 JOHOR."]


def test_of_span_closes_the_bracket_when_it_was_opened() -> None:
    batch = _batch("BOOKS (M) SDN", "OCEAN (JOHOR)")
    assert printed(batch, 3, 4) == "OCEAN (JOHOR)"
    assert "BOOKS (M)" in of_span(batch, 0, 1)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (("TOTAL RM 9.00",), {"RM 9.00", "9.00", "RM9.00"}),
        (("$9.00",), {"$9.00", "9.00", "$ 9.00"}),
        (("9.00",), {"9.00"}),
    ],
)
def test_of_value_offers_the_currency_when_it_is_printed(
    texts: tuple[str, ...], expected: set[str]
) -> None:
    batch = _batch(*texts)
    index = batch.value_text.index("9")
    assert expected <= of_value(batch, index).keys()


def test_cased_keeps_small_letters_when_the_letters_agree() -> None:
    assert cased("NO.5, JALAN BESAR", "No.5,Jalan Besar") == "No.5, Jalan Besar"
    assert cased("KNOWN NAME", "Knowm Name") == "KNOWN NAME"
