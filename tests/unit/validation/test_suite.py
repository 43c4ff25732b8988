"""A suite is read whole, or refused with the place of the mistake."""

import json
from pathlib import Path

import pytest

from pipelines import specs
from pipelines.errors import MisconfiguredError
from pipelines.lake.delivery import suite_path
from pipelines.validation import suite


def expectation(rule="positive", **changes):
    return {
        "type": "expect_column_values_to_be_between",
        "kwargs": {"column": "n", "min_value": 0},
        "severity": "critical",
        "meta": {"rule": rule, "reason": "n is {n}"},
    } | changes


def write(folder: Path, *expectations) -> Path:
    path = folder / "suite.json"
    path.write_text(json.dumps({"name": "s", "expectations": list(expectations)}))
    return path


def test_suite_keeps_the_order_of_its_rules(tmp_path):
    found = suite.read(write(tmp_path, expectation("b"), expectation("a", severity="warning")))

    assert [(rule.name, rule.critical) for rule in found.expectations] == [
        ("b", True),
        ("a", False),
    ]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (expectation(severity="info"), "severity"),
        (expectation(meta={"rule": "a"}), "reason"),
        (expectation(meta={"rule": "Not A Name", "reason": "x"}), "rule"),
        (expectation(meta={"rule": "a", "reason": "n is {n"}), "expected '}'"),
        (expectation(mostly=0.9), "mostly"),
    ],
)
def test_suite_refuses_a_rule_that_does_not_fit(tmp_path, wrong, told):
    with pytest.raises(MisconfiguredError, match=told):
        suite.read(write(tmp_path, wrong))


def test_suite_refuses_when_it_is_not_json_or_a_rule_is_named_twice(tmp_path):
    with pytest.raises(MisconfiguredError, match="rule positive more than once"):
        suite.read(write(tmp_path, expectation(), expectation()))
    (tmp_path / "suite.json").write_text("{")
    with pytest.raises(MisconfiguredError, match="is not a suite"):
        suite.read(tmp_path / "suite.json")


@pytest.mark.parametrize("dataset", specs.dataset_names())
def test_every_data_set_has_a_readable_suite(dataset):
    assert suite.read(suite_path(specs.dataset(dataset))).expectations
