"""Card purchases of invented customers, with the frauds of the Fraud Detection Handbook.

Customers have a place, habits and terminals near them; volume follows the hour, the weekday and
the month. Three kinds of fraud: amounts nobody pays, terminals that are tampered with for four
weeks, and cards whose data were stolen and are abused for two. The same arguments give the same
bytes. Handbook, chapter 2: https://fraud-detection-handbook.github.io/fraud-detection-handbook/
"""

import gzip
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import numpy as np
import polars as pl

from pipelines.errors import MisconfiguredError
from pipelines.samples.card_transactions.frauds import Frauds
from pipelines.samples.card_transactions.world import World

__all__ = ["START", "Sample", "generate"]

START = date(2026, 1, 5)
"""First day of a sample that names none: fixed, so that the bytes are."""
DAYS = 91

_PER_CUSTOMER = 1.9
"""Purchases of a customer in a day, on average."""
_SPARE = 1.2
"""More purchases are made than are written, so that their number is the one asked for."""


@dataclass(frozen=True)
class Sample:
    """What was written."""

    path: Path
    transactions: int
    frauds: int
    broken: int

    def __str__(self) -> str:
        return (
            f"{self.transactions} transactions, {self.frauds} of them fraud, and {self.broken} "
            f"broken lines in {self.path}"
        )


def generate(
    n: int, seed: int, out: Path, *, start: date = START, days: int = DAYS, bad: int = 0
) -> Sample:
    """Writes `n` transactions as CSV, as gzip where `out` ends in .gz, over `days` from `start`.

    `bad` adds that many broken lines. Fewer than 10,000 transactions hold few frauds.
    """
    if n < 1 or days < 1 or bad < 0:
        raise MisconfiguredError(
            f"n={n}, days={days}, bad={bad}: expected at least 1, 1 and 0. Mend the numbers."
        )
    random = np.random.default_rng(seed)
    customers = max(5, round(n / days / _PER_CUSTOMER))
    world = World.make(customers, random)
    bought = world.purchases(_SPARE * n, days, start.weekday(), random)
    kept = np.sort(random.choice(len(bought.second), min(n, len(bought.second)), replace=False))
    bought = bought.take(kept)
    scenario, amount = Frauds.make(world, days, random).mark(bought, random)
    seconds = bought.second
    frame = pl.DataFrame({
        "TRANSACTION_ID": np.arange(len(seconds)),
        "TX_DATETIME": datetime.combine(start, datetime.min.time())
        + pl.Series(seconds * 1_000_000).cast(pl.Duration("us")),
        "CUSTOMER_ID": bought.customer,
        "TERMINAL_ID": bought.terminal,
        "TX_AMOUNT": amount,
        "TX_TIME_SECONDS": seconds,
        "TX_TIME_DAYS": seconds // 86_400,
        "TX_FRAUD": (scenario > 0).astype(np.int8),
        "TX_FRAUD_SCENARIO": scenario,
    })
    lines = frame.write_csv(datetime_format="%Y-%m-%d %H:%M:%S", float_precision=2).splitlines()
    for place, line in enumerate(_broken(lines, bad)):
        lines.insert((place + 1) * len(lines) // (bad + 1), line)
    _write(out, "".join(f"{line}\n" for line in lines).encode())
    return Sample(out, len(seconds), int((scenario > 0).sum()), bad)


def _broken(lines: list[str], count: int) -> list[str]:
    """Lines as they break in practice, in turn: cut, a comma for a point, no day, no number."""
    found = []
    for number in range(count):
        values = lines[1 + number % (len(lines) - 1)].split(",")
        kinds = (
            values[:3],
            [*values[:4], *values[4].split("."), *values[5:]],
            [values[0], "2026-02-30 10:00:00", *values[2:]],
            [*values[:4], "NaN", *values[5:]],
        )
        found.append(",".join(kinds[number % len(kinds)]))
    return found


def _write(out: Path, content: bytes) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    # Without name and time, which gzip would write into its header.
    out.write_bytes(gzip.compress(content, mtime=0) if out.suffix == ".gz" else content)
