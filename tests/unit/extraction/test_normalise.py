"""Two ways of comparing a value with a label: as typed, and by what it means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.extraction.normalise import by_value, strict
from pipelines.extraction.values import find


def test_strict_ignores_case_and_white_space_alone() -> None:
    assert strict("  Kedai  Kopi\tAh Seng ") == "KEDAI KOPI AH SENG"
    assert strict("A,B") != strict("A, B")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("RM 1,234.50", "1234.5"),
        ("1.234,56 €", "1234.56"),
        ("9,50", "9.5"),
        ("9.00", "9"),
        ("1,234", "1234"),
        ("-5.59", "-5.59"),
        ("(5.00)", "-5"),
        ("RM-0.00", "0"),
        ("none", "NONE"),
        ("12345678901234567890123456789012345.1", "12345678901234567890123456789012345.1"),
    ],
)
def test_by_value_reads_amounts_when_kind_is_money(text: str, value: str) -> None:
    assert by_value(text, "money") == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("25/12/2018 8:13 PM", "2018-12-25"),
        ("12/25/2018", "2018-12-25"),
        ("04 JUN 18", "2018-06-04"),
        ("March 3rd, 2019", "2019-03-03"),
        ("2018.01.09", "2018-01-09"),
        ("20180109", "2018-01-09"),
        ("31/02/2018", "31022018"),
    ],
)
def test_by_value_reads_dates_when_the_calendar_has_them(text: str, value: str) -> None:
    assert by_value(text, "date") == value


def test_by_value_keeps_letters_and_digits_when_kind_is_text() -> None:
    assert by_value("No.5, Jalan-3 (Café)", "address") == "NO5JALAN3CAFÉ"


@pytest.mark.parametrize("kind", ["date", "money", "code"])
@given(text=st.text(max_size=60))
def test_find_stays_inside_the_text_when_it_is_anything(kind: str, text: str) -> None:
    end = 0
    for found in find(kind, text):
        assert end <= found.start < found.end <= len(text)
        end = found.end


@given(st.text(max_size=40), st.sampled_from(["money", "date", "name"]))
def test_normalising_is_idempotent_when_applied_to_its_own_result(text: str, kind: str) -> None:
    assert strict(strict(text)) == strict(text)
    once = by_value(text, kind)
    assert by_value(once, kind) == once


def test_date_is_found_when_a_number_with_a_hyphen_stands_before_it() -> None:
    assert [f.value for f in find("date", "REG #19- 18/01/2018 10:27")] == ["2018-01-18"]
