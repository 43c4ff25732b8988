"""Properties of documents that are watched."""

import pytest
from factories.receipts import row, table

from pipelines.contracts import names
from pipelines.extraction.properties import PROPERTIES, of_pages


def properties(*texts, **page):
    rows = row("one", list(texts))
    rows[names.PAGES][0] |= page
    return of_pages(table([rows])[names.PAGES]).to_pylist()[0]


def test_text_is_counted_by_its_classes():
    found = properties("AB 12", "é#")

    assert (found["pages"], found["lines"], found["words"], found["characters"]) == (1, 2, 3, 7)
    shares = {name: round(found[name] * 7) for name in ("letters", "digits", "marks", "foreign")}
    assert shares == {"letters": 3, "digits": 2, "marks": 1, "foreign": 1}


def test_places_are_measured_on_the_page():
    found = properties("ABCD", width=100.0, height=360.0)

    assert (found["page_width"], found["page_height"], found["line_height"]) == (100, 360, 18)
    assert found["coverage"] == pytest.approx(36 * 18 / (100 * 360))


def test_line_looks_misread_when_digits_and_letters_are_mixed_up():
    assert properties("TOTAL 10.00", "T0TAL", "1O0", "bad \ufffd")["garbled"] == 0.75
    assert properties("GST 6%", "A4 PAPER", "NO 12A")["garbled"] == 0


def test_layout_tells_the_shape_of_the_page_its_lines_and_where_they_begin():
    assert properties("A", "B")["layout"] == "tall few left"
    assert properties(*["A"] * 60, height=4000.0)["layout"] == "strip many left"
    boxes = [[20.0 + 90 * at, 20.0, 60.0 + 90 * at, 30.0] for at in range(4)]
    lines = [{"text": "A", "box": box} for box in boxes]
    assert properties(lines=lines, height=500.0)["layout"] == "page few spread"


def test_document_without_lines_has_no_shares_and_moves_no_other():
    empty, whole = row("a", []), row("b", ["AB 12"])

    found = of_pages(table([empty, whole, empty])[names.PAGES]).to_pylist()

    assert found[0] == found[2] and found[1] == of_pages(table([whole])[names.PAGES]).to_pylist()[0]
    assert found[0]["lines"] == 0 and found[0]["letters"] is found[0]["layout"] is None
    none = of_pages(table([])[names.PAGES])
    assert none.num_rows == 0 and none.schema.equals(PROPERTIES)
