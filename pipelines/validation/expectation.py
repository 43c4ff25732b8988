"""Runs a suite with Great Expectations on a Spark frame, classic or Connect.

Two passes, because counting costs several times a yes or no: first every expectation as a
yes or no, then those that failed with their counts.
"""

import os
from dataclasses import dataclass
from typing import Any

from pipelines.errors import MisconfiguredError
from pipelines.validation.suite import Rule, Suite

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")

import great_expectations as gx
from great_expectations.core import ExpectationSuiteValidationResult

# Numbers only: the samples of values would carry personal data and markup into reports.
_KEPT = (
    "element_count",
    "missing_count",
    "missing_percent",
    "unexpected_count",
    "unexpected_percent",
    "unexpected_percent_total",
    "unexpected_percent_nonmissing",
)


@dataclass(frozen=True)
class Verdict:
    """What Great Expectations said: the failed rules with their counts, and the whole."""

    failed: dict[str, int | None]
    """Unexpected rows by rule; None where the expectation is about the table as a whole."""
    result: ExpectationSuiteValidationResult


def validate(frame: Any, suite: Suite) -> Verdict:
    """Verdict of the suite on all rows of a Spark frame.

    Raises MisconfiguredError where an expectation cannot be evaluated at all, e.g. because
    it names a column that is not there.
    """
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}  # type: ignore[assignment]
    source = context.data_sources.add_or_update_spark("frame")
    definition = source.add_dataframe_asset(suite.name).add_batch_definition_whole_dataframe("all")
    batch = definition.get_batch({"dataframe": frame})
    whole = batch.validate(_gx(suite, suite.expectations), result_format="BOOLEAN_ONLY")
    broken = [
        rule
        for rule, result in zip(suite.expectations, _results(suite, whole), strict=True)
        if not result.success
    ]
    failed: dict[str, int | None] = {}
    if broken:
        counted = batch.validate(_gx(suite, broken), result_format="SUMMARY")
        by_rule = {_rule(result): result for result in counted.results}
        for name, result in by_rule.items():
            result.result = {key: result.result[key] for key in _KEPT if key in result.result}
            failed[name] = result.result.get("unexpected_count")
        whole.results = [by_rule.get(_rule(result), result) for result in whole.results]
    return Verdict(failed=failed, result=whole)


def _gx(suite: Suite, rules: list[Rule]) -> gx.ExpectationSuite:
    return gx.ExpectationSuite(
        name=suite.name, expectations=[rule.model_dump(mode="json") for rule in rules]
    )


def _rule(result: Any) -> str:
    return str(result.expectation_config.meta["rule"])


def _results(suite: Suite, whole: ExpectationSuiteValidationResult) -> list[Any]:
    """Results in the suite's order; raises where one could not be evaluated."""
    by_rule = {_rule(result): result for result in whole.results}
    found = [by_rule[rule.name] for rule in suite.expectations]
    for result in found:
        info = result.exception_info or {}
        details = [info] if "raised_exception" in info else list(info.values())
        for detail in details:
            if detail.get("raised_exception"):
                raise MisconfiguredError(
                    f"rule {_rule(result)!r} of suite {suite.name!r} cannot be evaluated: "
                    f"{detail.get('exception_message')}. Mend the expectation or its column."
                )
    return found
