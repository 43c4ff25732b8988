"""False alarms on real streams, and which shifts are found, into docs/drift.md.

python -m benchmarks.drift [PART ...] [--windows 5]

Ours judges every window; Evidently's defaults judge so many of them, and one of each shift. Two
minutes on two cores that have nothing else to do.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property

import numpy as np
import polars as pl
from rich.console import Console

from benchmarks import drift_evidently, drift_page, drift_shifts, drift_streams
from benchmarks.drift_page import Alarms, Found
from benchmarks.drift_shifts import Shift
from benchmarks.drift_streams import Stream
from pipelines.contracts.monitoring import Calibration, Day, Limit
from pipelines.monitoring.drift import history
from pipelines.monitoring.drift.calibrate import calibrate
from pipelines.monitoring.drift.rule import Judgement, Watched, judge, watched

SEED = 2_026
"""Of what is reported; all tuning was done with others."""
NOW = datetime(2026, 1, 1, tzinfo=UTC)
LABELS = ("fraud", "rank_of_fraud")
"""Columns that are known only when labels come."""
RETAIL = tuple(date(2010, 12, 5) + timedelta(days=28 * number) for number in range(11))
"""First days of references of invoice lines; each judges the month after its eight weeks."""
TRADE = date(2011, 10, 1)
"""From then on the wholesaler sells for Christmas: that is no stable part."""


@dataclass(frozen=True)
class Judge:
    """The rule in production, calibrated once for many windows."""

    stream: Stream

    @cached_property
    def calibration(self) -> Calibration:
        """The stream's reference."""
        one = self.stream
        return calibrate(one.past, one.binning, one.policy, model=one.name, now=NOW)

    @cached_property
    def known(self) -> Watched:
        """What is watched, with its past."""
        made = self.calibration
        return watched(self.stream.past, made.binning, made.policy, made.limits)

    def alarms(self, days: Sequence[Day]) -> list[set[str]]:
        """Columns in alarm in each window of some days."""
        return [
            {name for name, one in zip(self.known.names, line, strict=True) if one}
            for line in self._judged(days).alarms
        ]

    def exceeded(self, days: Sequence[Day]) -> int:
        """Windows in which anything is past its limit."""
        return int(self._judged(days).exceeded.any(axis=1).sum())

    def _judged(self, days: Sequence[Day]) -> Judgement:
        of = history.windows(days, self.stream.policy.window_days)
        return judge(self.calibration, self.known, of)

    @cached_property
    def limits(self) -> dict[str, Limit]:
        """What calibration says of each column."""
        return {one.name: one for one in self.calibration.limits}


def alarms(stream: Stream, windows: int) -> Alarms:
    """Every window without a shift by our rule, and some of them by Evidently's defaults."""
    rule = Judge(stream)
    days = [stream.sketched(day) for day in stream.judged]
    every = history.windows(days, stream.policy.window_days)
    alarm = np.array([bool(one) for one in rule.alarms(days)])
    columns = [one.column for one in stream.binning.columns]
    known = drift_evidently.reference(stream, columns, SEED)
    others = []
    for at in np.linspace(0, len(every) - 1, min(windows, len(every))).astype(int):
        rows = pl.concat([stream.days[day.day] for day in every[at].days])
        others.append(drift_evidently.judge(known, stream.derive(rows).select(columns)))
    return Alarms(
        stream=stream.name,
        columns=len(columns),
        rows=int(np.median([one.rows for one in every])),
        windows=len(every),
        expected=rule.calibration.false_alarms_per_month,
        exceeded=rule.exceeded(days),
        in_alarm=int(alarm.sum()),
        alarms=int((alarm & ~np.append(False, alarm[:-1])).sum()),
        evidently=len(others),
        any_column=sum(bool(one.drifted) for one in others),
        dataset=sum(one.dataset for one in others),
    )


def found(stream: Stream, shifts: Sequence[Shift], *, evidently: bool = True) -> list[Found]:
    """Each shift in every pair of windows in a row; Evidently judges one shifted window."""
    rule = Judge(stream)
    columns = [one.column for one in stream.binning.columns]
    known = drift_evidently.reference(stream, columns, SEED)
    lines = []
    for number, shift in enumerate(shifts):
        pairs = _grown(rule, shift, number) if shift.grows else _pairs(rule, shift, number)
        moved = [{name.partition("/")[2] for name in one} for one in pairs]
        said = []
        if evidently:
            size = stream.policy.window_days
            days = stream.judged[-size:]
            rows = pl.concat([_shifted(stream, shift, day, number) for day in days])
            said = [drift_evidently.judge(known, stream.derive(rows).select(columns))]
        lines.append(
            Found(
                stream=stream.name,
                kind=shift.kind,
                size=shift.size,
                promised=shift.promised,
                tries=len(pairs),
                found=sum(bool(one) for one in moved),
                of_column=sum(bool(one & {*shift.columns, "rows"}) for one in moved),
                without_labels=sum(bool(one - set(LABELS)) for one in moved),
                evidently=len(said),
                any_column=sum(bool(one.drifted & set(shift.columns)) for one in said),
                dataset=sum(one.dataset for one in said),
            )
        )
    return lines


def _shifted(
    stream: Stream, shift: Shift, day: str, number: int, part: float = 1.0
) -> pl.DataFrame:
    """A day's rows with the shift; the same ones each time."""
    random = np.random.default_rng([SEED, number, stream.judged.index(day)])
    return shift.apply(stream.days[day], random, part)


def _pairs(rule: Judge, shift: Shift, number: int) -> list[set[str]]:
    """Columns in alarm after each two shifted windows in a row."""
    stream = rule.stream
    days = [stream.sketched(day, _shifted(stream, shift, day, number)) for day in stream.judged]
    return rule.alarms(days)[1:]


def _grown(rule: Judge, shift: Shift, number: int) -> list[set[str]]:
    """Columns in alarm up to two windows after the shift has its full size, for each start."""
    stream, steps = rule.stream, shift.grows + 1
    seen = []
    for start in range(len(stream.judged) - steps + 1):
        days = [
            stream.sketched(
                day, _shifted(stream, shift, day, number, min(1.0, (at + 1) / shift.grows))
            )
            for at, day in enumerate(stream.judged[start : start + steps])
        ]
        seen.append(set().union(*rule.alarms(days)) & {f"input/{one}" for one in shift.columns})
    return seen


def of_cards(windows: int) -> tuple[list[Alarms], list[Found]]:
    """Card purchases."""
    stream = drift_streams.cards()
    limits = Judge(stream).limits
    rows = pl.concat([stream.days[day] for day in stream.reference])
    deviation = float(np.std(rows["amount"].to_numpy()))
    size = float(limits["input/amount"].smallest_shift or np.nan)
    lost = limits["input/amount"].past["smallest_missing"]
    mixed = float(limits["input/region"].smallest_shift or np.nan)
    gone = int((rows["region"] == "3").sum()) / len(rows)
    labelled = ("fraud", "rank_of_fraud", "probability")
    shifts = [
        drift_shifts.mean("amount", size * deviation, f"+{size:g} standard deviations (stated)"),
        drift_shifts.mean("amount", -size * deviation, f"−{size:g} standard deviations (stated)"),
        drift_shifts.mean("amount", deviation / 4, "+0.25 standard deviations"),
        drift_shifts.mean(
            "amount", deviation / 4, "+0.25 standard deviations in 20 days", grows=20
        ),
        drift_shifts.spread("amount", 1.2),
        drift_shifts.recoded("region", "3", mixed, " (stated)"),
        drift_shifts.vanishing("region", "3", gone),
        drift_shifts.unit("amount", 100, 1.0),
        drift_shifts.unit("amount", 100, 0.02),
        drift_shifts.swap("customer_mean_7d", "terminal_mean_7d"),
        drift_shifts.nulls("amount", lost, " (stated)"),
        drift_shifts.nulls("amount", 0.02),
        drift_shifts.more("fraud", 2, labelled),
        drift_shifts.concept("fraud", 1.0, labelled),
        drift_shifts.concept("fraud", 0.5, labelled),
    ]
    return [alarms(stream, windows)], found(stream, shifts)


def of_receipts(windows: int) -> tuple[list[Alarms], list[Found]]:
    """The generated receipts."""
    stream = drift_streams.receipts()
    limits = Judge(stream).limits
    rows = pl.concat([stream.days[day] for day in stream.reference])
    size = float(limits["input/lines"].smallest_shift or np.nan)
    deviation = float(np.std(rows["lines"].to_numpy()))
    every = tuple(one.column for one in stream.binning.columns)
    invoices = drift_streams.of_documents(10, "invoices", worn=False, seed=SEED)
    worn = drift_streams.of_documents(10, "receipts", worn=True, seed=SEED)
    shifts = [
        drift_shifts.replaced("new merchant layout", invoices, 1.0, "are invoices", every),
        drift_shifts.replaced("new merchant layout", invoices, 0.5, "are invoices", every),
        drift_shifts.replaced("worse OCR", worn, 1.0, "come from a worn scanner", every),
        drift_shifts.replaced("worse OCR", worn, 0.5, "come from a worn scanner", every),
        drift_shifts.mean("lines", size * deviation, f"+{size:g} standard deviations (stated)"),
        drift_shifts.unit("line_height", 1.5, 1.0),
    ]
    return [alarms(stream, windows)], found(stream, shifts)


def of_weather(windows: int) -> tuple[list[Alarms], list[Found]]:
    """Weather by day and by week."""
    daily, weekly = drift_streams.weather(1), drift_streams.weather(7)
    lines = []
    for stream in (daily, weekly):
        limits = Judge(stream).limits
        lost = limits["input/hum"].past["smallest_missing"]
        shifts = [
            drift_shifts.unit("temp", 41, 1.0),
            drift_shifts.swap("windspeed", "hum"),
            drift_shifts.nulls("hum", lost, " (stated)"),
        ]
        lines += found(stream, shifts)
    return [alarms(one, windows) for one in (daily, weekly)], lines


def of_retail(windows: int) -> tuple[list[Alarms], list[Found]]:
    """Invoice lines: eleven references, one month after each of them."""
    days = drift_streams.retail_days()
    every = [drift_streams.retail(days, first) for first in RETAIL]
    stable = [one for one in every if one.judged[-1] < TRADE.isoformat()]
    trade = [one for one in every if one not in stable]
    counted = [
        drift_page.together("invoice lines, to September", [alarms(one, 1) for one in stable]),
        drift_page.together("invoice lines, Christmas trade", [alarms(one, 1) for one in trade]),
    ]
    lines = []
    for stream in stable:
        lines += found(stream, _retail_shifts(stream), evidently=stream is stable[0])
    return counted, drift_page.pooled("invoice lines", lines)


def _retail_shifts(stream: Stream) -> list[Shift]:
    limits = Judge(stream).limits
    lost = limits["input/stock_code"].past["smallest_missing"]
    changed = float(limits["input/stock_code"].smallest_shift or np.nan)
    code = stream.binning.columns[-1].categories[1]
    return [
        drift_shifts.recoded("stock_code", code, changed, " (stated)"),
        drift_shifts.nulls("stock_code", lost, " (stated)"),
        drift_shifts.unit("price", 100, 1.0),
        drift_shifts.unit("quantity", 12, 1.0),
        drift_shifts.swap("price", "quantity"),
    ]


@dataclass(frozen=True)
class Part:
    """A section of the page."""

    title: str
    text: str
    measure: Callable[[int], tuple[list[Alarms], list[Found]]]


PARTS = {
    "cards": Part(
        "Card purchases",
        "Three months of card purchases, simulated by the Fraud Detection Handbook, without the "
        "column that leaks the label: features of card_fraud over at most seven days (those of "
        "thirty days fill up until May), the hour, one of twenty regions of terminals, predictions "
        "of a small model, the label and, of each fraud, its rank among the predictions (whose "
        "mean is the AUROC). The model was trained on every fourth card, and those are not "
        "watched. Six weeks to the end of May 2018 are the reference, June is judged. Labels are "
        "taken to be there at once.",
        of_cards,
    ),
    "invoices": Part(
        "Invoice lines of a wholesaler",
        "Online Retail, real, by day. Eight weeks are the reference and the four weeks after them "
        "are judged, every four weeks anew. From October on the wholesaler sells for Christmas: "
        "its stream moves, which the second line shows. Rows come by invoice, so that days differ "
        "far more than rows drawn one by one.",
        of_retail,
    ),
    "weather": Part(
        "Weather",
        "Bike Sharing, real, by hour: 24 rows a day. The year 2011 is the reference, so that the "
        "season is known, and 2012 is judged, by day and by week.",
        of_weather,
    ),
    "receipts": Part(
        "Receipts",
        "The generated sample, 80 documents a day, properties of pages; eight weeks are the "
        "reference and four are judged.",
        of_receipts,
    ),
}


def main() -> None:
    """Measures, shows and writes the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", nargs="*", help=f"of {list(PARTS)}; default: all of them")
    parser.add_argument("--windows", type=int, default=5, help="that Evidently judges")
    given = parser.parse_args()
    unknown = set(given.part) - set(PARTS)
    if unknown:
        parser.error(f"no part {sorted(unknown)}; known: {list(PARTS)}")
    console = Console(width=None if sys.stdout.isatty() else drift_page.WIDTH)
    with ProcessPoolExecutor() as pool:
        chosen = [PARTS[name] for name in given.part or PARTS]
        jobs = [pool.submit(one.measure, given.windows) for one in chosen]
        for part, job in zip(chosen, jobs, strict=True):
            quiet, shifted = job.result()
            drift_page.show(console, quiet, shifted)
            drift_page.write(part.title, part.text, quiet, shifted)


if __name__ == "__main__":
    main()
