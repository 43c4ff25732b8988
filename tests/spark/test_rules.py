"""Conditions on rows refuse exactly the rows that Great Expectations counts."""

import pytest

from pipelines.errors import MisconfiguredError
from pipelines.validation import expectation
from pipelines.validation.suite import Meta, Rule, Suite
from spark_jobs.checks import rules

COLUMN = "expect_column_"
VALUES = [
    (None, None, None),
    (0, "a", 0.0),
    (1, "", 1.5),
    (2, "ab", float("nan")),
    (3, "abc ", float("inf")),
    (3, "é" * 5, float("-inf")),
    (-1, "a\nb", None),
]
CASES = {
    "not_null": ("values_to_not_be_null", {"column": "s"}),
    "is_null": ("values_to_be_null", {"column": "n"}),
    "between": ("values_to_be_between", {"column": "n", "min_value": 0, "max_value": 2}),
    "between_strict": (
        "values_to_be_between",
        {"column": "n", "min_value": 0, "strict_min": True, "max_value": 3, "strict_max": True},
    ),
    "at_least": ("values_to_be_between", {"column": "f", "min_value": 1}),
    "at_most": ("values_to_be_between", {"column": "f", "max_value": 1.5}),
    "long_enough": ("value_lengths_to_be_between", {"column": "s", "min_value": 1}),
    "short_enough": ("value_lengths_to_be_between", {"column": "s", "max_value": 3}),
    "among": ("values_to_be_in_set", {"column": "s", "value_set": ["a", "ab"]}),
    "number_among": ("values_to_be_in_set", {"column": "n", "value_set": [0, 3]}),
    "not_among": ("values_to_not_be_in_set", {"column": "s", "value_set": ["a", ""]}),
    "matching": ("values_to_match_regex", {"column": "s", "regex": "^a.?$"}),
    "anywhere": ("values_to_match_regex", {"column": "s", "regex": "b"}),
    "not_matching": ("values_to_not_match_regex", {"column": "s", "regex": r"\s"}),
}


def rule(name, type_, kwargs, reason="bad") -> Rule:
    return Rule(
        type=COLUMN + type_,
        kwargs=kwargs,
        severity="critical",
        meta=Meta(rule=name, reason=reason),
    )


@pytest.mark.spark
def test_conditions_refuse_the_rows_that_great_expectations_counts(spark):
    frame = spark.createDataFrame(VALUES, "n int, s string, f double")
    suite = Suite(name="all", expectations=[rule(name, *case) for name, case in CASES.items()])

    verdict = expectation.validate(frame, suite)

    counts = (
        frame
        .select(*[rules.broken(one).cast("int").alias(one.name) for one in suite.expectations])
        .groupBy()
        .sum()
        .first()
    )
    ours = {one.name: counts[f"sum({one.name})"] for one in suite.expectations}
    assert ours == {name: verdict.failed.get(name, 0) for name in CASES}
    assert {name for name, count in ours.items() if not count} == set()  # each case refuses some
    assert {kwargs[0] for kwargs in CASES.values()} == {
        type_.removeprefix(COLUMN) for type_ in rules._BROKEN
    }

    reasons = frame.select(
        rules.refusals([
            rule("first", "values_to_be_null", {"column": "n"}, "n is {n} and s is {s}"),
            rule("second", "values_to_not_be_null", {"column": "f"}),
        ]).alias("refusals")
    ).collect()
    found = [[tuple(one) for one in row["refusals"]] for row in reasons]
    assert found[0] == [("second", "bad")]
    assert found[1] == [("first", "n is 0 and s is a")]
    assert found[6] == [("first", "n is -1 and s is a\ufffdb"), ("second", "bad")]


def test_condition_is_refused_when_it_cannot_be_the_expectation():
    with pytest.raises(MisconfiguredError, match="row_condition"):
        rules.broken(rule("r", "values_to_be_null", {"column": "n", "row_condition": "x > 1"}))
    with pytest.raises(MisconfiguredError, match="which no row can break"):
        rules.broken(rule("r", "mean_to_be_between", {"column": "n", "min_value": 1}))


@pytest.mark.spark
def test_suite_that_names_an_absent_column_is_refused(spark):
    frame = spark.createDataFrame([(1,)], "n int")
    suite = Suite(
        name="absent", expectations=[rule("r", "values_to_not_be_null", {"column": "other"})]
    )

    with pytest.raises(MisconfiguredError, match="rule 'r' of suite 'absent'"):
        expectation.validate(frame, suite)
