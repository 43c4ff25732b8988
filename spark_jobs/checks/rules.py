"""Expectations as conditions on single rows, to say which rows a rule refuses and why.

Great Expectations gives verdict and counts; on Spark Connect it cannot give the rows. Each
type that a suite may use for rows is translated here once, with Great Expectations' own
meaning: a null value breaks no rule but the one about nulls. The ingest job compares the
counts of both on every run, and refuses to go on where they differ.
"""

from collections.abc import Callable, Mapping
from functools import reduce
from operator import and_, or_
from string import Formatter
from typing import Any

from pyspark.sql import Column
from pyspark.sql import functions as F

from pipelines.errors import MisconfiguredError
from pipelines.validation.suite import Rule

REASON_LENGTH = 500
_Condition = Callable[[Column, Mapping[str, Any]], Column]


def _outside(value: Column, kwargs: Mapping[str, Any]) -> Column:
    low, high = kwargs.get("min_value"), kwargs.get("max_value")
    terms = []
    if low is not None:
        terms.append(value <= low if kwargs.get("strict_min") else value < low)
    if high is not None:
        terms.append(value >= high if kwargs.get("strict_max") else value > high)
    return reduce(or_, terms, F.lit(False))


_BETWEEN = {"min_value", "max_value", "strict_min", "strict_max"}
_BROKEN: dict[str, tuple[set[str], _Condition]] = {
    "expect_column_values_to_not_be_null": (set(), lambda value, _: value.isNull()),
    "expect_column_values_to_be_null": (set(), lambda value, _: value.isNotNull()),
    "expect_column_values_to_be_between": (_BETWEEN, _outside),
    "expect_column_value_lengths_to_be_between": (
        _BETWEEN,
        lambda value, kwargs: _outside(F.length(value), kwargs),
    ),
    "expect_column_values_to_be_in_set": (
        {"value_set"},
        lambda value, kwargs: ~value.isin(kwargs["value_set"]),
    ),
    "expect_column_values_to_not_be_in_set": (
        {"value_set"},
        lambda value, kwargs: value.isin(kwargs["value_set"]),
    ),
    "expect_column_values_to_match_regex": (
        {"regex"},
        lambda value, kwargs: ~value.rlike(kwargs["regex"]),
    ),
    "expect_column_values_to_not_match_regex": (
        {"regex"},
        lambda value, kwargs: value.rlike(kwargs["regex"]),
    ),
}


def is_about_rows(rule: Rule) -> bool:
    """Whether the rule refuses single rows; else it is about the table as a whole."""
    return rule.type in _BROKEN


def broken(rule: Rule) -> Column:
    """True for a row that breaks the rule, never null; raises MisconfiguredError."""
    if not is_about_rows(rule):
        raise MisconfiguredError(
            f"rule {rule.name!r} is of type {rule.type}, which no row can break. "
            f"Expected one of {', '.join(sorted(_BROKEN))}."
        )
    known, condition = _BROKEN[rule.type]
    strange = set(rule.kwargs) - known - {"column"}
    if strange:
        raise MisconfiguredError(
            f"rule {rule.name!r} has {', '.join(sorted(strange))}, which a condition on rows "
            f"does not know; {rule.type} may have {', '.join(sorted(known)) or 'no argument'}."
        )
    value = F.col(rule.kwargs["column"])
    found = condition(value, rule.kwargs)
    if rule.type != "expect_column_values_to_not_be_null":
        found = and_(value.isNotNull(), found)
    return F.coalesce(found, F.lit(False))


def reason(rule: Rule) -> Column:
    """The rule's sentence with the row's own values; control characters become `�`."""
    parts: list[Column] = []
    for text, column, _, _ in Formatter().parse(rule.meta.reason):
        parts.append(F.lit(text))
        if column:
            parts.append(F.coalesce(F.col(column).cast("string"), F.lit("?")))
    whole = F.regexp_replace(F.concat(*parts), r"\p{Cntrl}", "\ufffd")
    return F.substring(whole, 1, REASON_LENGTH)


def refusals(rules: list[Rule]) -> Column:
    """Array of `{rule, reason}` of all critical rules a row breaks, in the suite's order."""
    each = [
        F.when(
            broken(rule),
            F.struct(F.lit(rule.name).alias("rule"), reason(rule).alias("reason")),
        )
        for rule in rules
        if rule.critical and is_about_rows(rule)
    ]
    empty = F.array().cast("array<struct<rule:string,reason:string>>")
    return F.filter(F.array(*each), lambda one: one.isNotNull()) if each else empty
