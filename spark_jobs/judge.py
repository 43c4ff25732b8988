"""Whether a batch may be published: Great Expectations' verdict, the counts, the limit."""

import logging
from pathlib import Path

from pyspark.sql import DataFrame

from pipelines.contracts.spec import DatasetSpec
from pipelines.errors import BadDataError, MisconfiguredError
from pipelines.validation import docs, expectation
from pipelines.validation.suite import Suite
from spark_jobs.checks.rules import is_about_rows
from spark_jobs.tally import Tally

log = logging.getLogger(__name__)
TOP = 5


def verdict(checked: DataFrame, suite: Suite, counts: Tally, page: Path) -> None:
    """Runs the suite, writes its page, and holds it against our own counts.

    A warning about the whole table is noted in `counts`. Raises BadDataError where a critical
    expectation about the whole table fails, MisconfiguredError where Great Expectations
    counts other rows than the conditions that choose the quarantined ones.
    """
    columns = sorted({str(rule.kwargs["column"]) for rule in suite.expectations if rule.kwargs})
    found = expectation.validate(checked.select(*columns), suite)
    unreadable = counts.total - counts.checked
    docs.write(found.result, page, checked=counts.checked, unreadable=unreadable)
    for rule in suite.expectations:
        unexpected = found.failed.get(rule.name, 0)
        if is_about_rows(rule):
            if unexpected != counts.broken[rule.name]:
                raise MisconfiguredError(
                    f"rule {rule.name!r}: Great Expectations finds {unexpected} rows and the "
                    f"condition on rows {counts.broken[rule.name]}. Nothing was published; mend "
                    f"the translation of {rule.type} in spark_jobs/checks/rules.py."
                )
        elif rule.name in found.failed and rule.critical:
            raise BadDataError(
                f"rule {rule.name!r} about the whole batch is broken: {rule.meta.reason}. "
                "Nothing was published. Mend the source, or the rule, and ingest the days again."
            )
        elif rule.name in found.failed:
            counts.days[min(counts.days)].warned[rule.name] += 1


def nothing_lost(counts: Tally, rows_in: int) -> None:
    """Raises BadDataError unless every landed row is either published or quarantined."""
    if counts.total != rows_in:
        raise BadDataError(
            f"{rows_in} rows have landed, but {counts.total - counts.quarantined} to publish and "
            f"{counts.quarantined} to quarantine make {counts.total}. Nothing was published; a "
            "check drops or doubles rows: mend the data set's `checks`."
        )


def within_limit(spec: DatasetSpec, counts: Tally) -> None:
    """Raises BadDataError where too large a share of the batch is refused."""
    share = counts.quarantined / counts.total if counts.total else 0.0
    if share > spec.quarantine_limit:
        top = ", ".join(f"{rule} ({rows})" for rule, rows in counts.refused.most_common(TOP))
        raise BadDataError(
            f"{counts.quarantined} of {counts.total} rows of {spec.name} ({share:.0%}) are over "
            f"its quarantine limit of {spec.quarantine_limit:.0%}: {top}. Nothing was published; "
            "the refused rows with their reasons are in the quarantine table. Mend the files and "
            f"put them in the place of these: `millrace ingest {spec.name} FILE --partition "
            f"{min(counts.days)} --replace`; or mend the rules or `quarantine_limit` in the "
            "dataset.yaml and run the days again."
        )
