"""False alarms on real streams, and which shifts are found, into docs/drift.md.

python -m benchmarks.drift [PART ...] [--windows 5]

Ours judges every window; Evidently's defaults judge so many of them, and one of each shift. Two
minutes on two cores that have nothing else to do.
"""

import argparse
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl
from rich.console import Console

from benchmarks import drift_page, drift_shifts, drift_streams
from benchmarks.drift_judge import SEED, Judge, alarms, found
from benchmarks.drift_page import Alarms, Found
from benchmarks.drift_shifts import Shift
from benchmarks.drift_streams import Stream

RETAIL = tuple(date(2010, 12, 5) + timedelta(days=28 * number) for number in range(11))
"""First days of references of invoice lines; each judges the month after its eight weeks."""
TRADE = date(2011, 10, 1)
"""From then on the wholesaler sells for Christmas: that is no stable part."""


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
