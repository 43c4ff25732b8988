"""Counts of one publication: one aggregate, a few rows of numbers, no data."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from pipelines.contracts.names import DAY, RULE
from pipelines.validation.suite import Rule
from spark_jobs.checks.rules import broken, is_about_rows
from spark_jobs.split import REFUSALS, unreadable

_ROWS = "rows"


@dataclass
class DayTally:
    """Rows of one day by what became of them."""

    published: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    """Refused rows by the first rule they break."""
    warned: Counter[str] = field(default_factory=Counter)
    """Published rows that break a rule of severity `warning`, by rule."""

    @property
    def quarantined(self) -> int:
        return self.refused.total()

    @property
    def total(self) -> int:
        return self.published + self.quarantined


@dataclass
class Tally:
    """Rows by day, and how many rows break each rule, be it their first or not."""

    days: dict[str, DayTally]
    broken: Counter[str] = field(default_factory=Counter)
    checked: int = 0
    """Rows that could be read and were held against the rules."""

    @property
    def total(self) -> int:
        return sum(day.total for day in self.days.values())

    @property
    def quarantined(self) -> int:
        return sum(day.quarantined for day in self.days.values())

    @property
    def refused(self) -> Counter[str]:
        return sum((day.refused for day in self.days.values()), Counter[str]())


def count(rows: DataFrame, checked: DataFrame, rules: Sequence[Rule], days: Sequence[str]) -> Tally:
    """Counts of the landed and the checked rows; every one of `days` has an entry."""
    about_rows = [rule for rule in rules if is_about_rows(rule)]
    tally = Tally(days={day: DayTally() for day in days})
    first = F.get(REFUSALS, F.lit(0))["rule"].alias(RULE)
    breaches = [_breaches(rule) for rule in about_rows]
    for row in checked.groupBy(DAY, first).agg(F.count(F.lit(1)).alias(_ROWS), *breaches).collect():
        day = tally.days[row[DAY]]
        tally.checked += row[_ROWS]
        if row[RULE] is None:
            day.published += row[_ROWS]
        else:
            day.refused[row[RULE]] += row[_ROWS]
        for rule in about_rows:
            found = row[f"broken_{rule.name}"]
            tally.broken[rule.name] += found
            if found and row[RULE] is None and not rule.critical:
                day.warned[rule.name] += found
    for row in unreadable(rows).groupBy(DAY, RULE).agg(F.count(F.lit(1)).alias(_ROWS)).collect():
        tally.days[row[DAY]].refused[row[RULE]] += row[_ROWS]
    return tally


def _breaches(rule: Rule) -> Column:
    return F.sum(broken(rule).cast("bigint")).alias(f"broken_{rule.name}")
