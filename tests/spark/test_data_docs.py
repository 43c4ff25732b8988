"""The page of a validation says what was held and broken, safely, and nothing on it is dead."""

from html.parser import HTMLParser
from pathlib import Path

import great_expectations as gx
import pandas as pd
import pytest

from pipelines.validation import docs

pytestmark = pytest.mark.spark  # Great Expectations is slow to import

EVIL = "<img src=x onerror=alert(1)>"


def expectation(column: str, severity: str, rule: str, **limits: float) -> dict[str, object]:
    return {
        "type": "expect_column_values_to_be_between",
        "kwargs": {"column": column, **limits},
        "severity": severity,
        "meta": {"rule": rule, "reason": "n is {n}, which is <much>"},
    }


@pytest.fixture
def page(tmp_path: Path) -> str:
    """Page of a table of four rows: one critical and two warnings broken, one held."""
    suite = gx.ExpectationSuite(
        name="numbers",
        expectations=[
            expectation("n", "critical", "n_too_small", min_value=2),
            expectation("n", "warning", "n_large", max_value=3),
            expectation(EVIL, "critical", "held", min_value=0),
            expectation("n", "warning", "n_negative", max_value=0),
        ],
    )
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    asset = context.data_sources.add_pandas("p").add_dataframe_asset("a")
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch({
        "dataframe": pd.DataFrame({"n": [1, 2, 3, 4], EVIL: [1, 2, 3, 4]})
    })
    path = tmp_path / "docs" / "page.html"
    result = batch.validate(suite, result_format="SUMMARY")
    docs.write(result, path, checked=4, unreadable=2)
    return path.read_text(encoding="utf-8")


class Elements(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def text(page: str) -> str:
    return " ".join(page.split())


def test_data_docs_say_what_was_broken_and_how_often(page: str) -> None:
    said = text(page)
    assert "4 rows were checked against 4 expectations" in said
    assert "<b>3 broken</b> (1 critical, 2 warning), 1 held" in said
    assert "2 more could not be read" in said
    assert "n values must be greater than or equal to 2." in said
    assert "n is …, which is &lt;much&gt;" in said
    assert said.count(">1 (25 %)<") == 2
    assert ">4 (100 %)<" in said
    assert "unknown %" not in said


def test_data_docs_escape_what_a_data_set_names(page: str) -> None:
    assert EVIL not in page
    assert "&lt;img src=x onerror=alert(1)&gt; values must be greater" in page


def test_data_docs_have_no_dead_control_and_fetch_nothing(page: str) -> None:
    elements = Elements(page).found
    assert not {"a", "button", "input", "script", "link", "img", "nav"} & {
        tag for tag, _ in elements
    }
    assert not [name for _, given in elements for name in given if name.startswith("on")]
    assert "default-src 'none'" in page
    assert "http://" not in page
    assert "https://" not in page
    assert "ge_load_time" not in page  # the same result gives the same page
