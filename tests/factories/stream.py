"""A stream of days drawn straight into sketches: numbers and a category, with a weekly rhythm."""

from datetime import date, timedelta

import numpy as np

from pipelines.contracts.monitoring import Binning, Bins, Day, Sketch

EDGES = tuple(np.linspace(-1.8, 1.8, 13).tolist())
KINDS = ("bread", "milk", "salt", "tea")
MONDAY = date(2024, 1, 1)


def binning(numbers: int = 3) -> Binning:
    columns = [
        Bins(column=f"n{at}", side="input", kind="number", edges=EDGES) for at in range(numbers)
    ]
    kind = Bins(column="kind", side="input", kind="category", categories=KINDS)
    return Binning(model="stream", columns=(*columns, kind))


def day(
    number: int,
    seed: int = 0,
    *,
    rows: int = 800,
    numbers: int = 3,
    natural: float = 0.05,
    mean: float = 0.0,
    factor: float = 1.0,
    lost: float = 0.0,
    without: str | None = None,
    new: int = 0,
    quarantined: int = 3,
) -> Day:
    """Sketches of one day; the shifts are of `n0` and of `kind`. Weekends have half the rows and
    other means, and each day has a mean of its own by `natural`."""
    draw = np.random.default_rng([seed, number])
    when = MONDAY + timedelta(days=number)
    weekend = when.weekday() > 4
    n = int(rows * (0.5 if weekend else 1.0) * np.exp(0.05 * draw.normal()))
    found = {}
    for at in range(numbers):
        values = draw.normal(natural * draw.normal() + 0.3 * weekend, 1.0, n)
        gone = 0.01
        if at == 0:
            values, gone = values * factor + mean, 0.01 + lost
        found[f"input/n{at}"] = number_sketch(f"input/n{at}", values, draw.random(n) < gone)
    shares = np.array([0.5, 0.3, 0.15, 0.05])
    if without:
        shares[KINDS.index(without)] = 0
    counts = draw.multinomial(n, shares / shares.sum())
    found["input/kind"] = Sketch(
        name="input/kind",
        rows=n + new,
        missing=0,
        counts=(*counts.tolist(), new),
        unseen={"sugar": new} if new else {},
    )
    return Day(day=when.isoformat(), version=1, rows=n, quarantined=quarantined, sketches=found)


def number_sketch(name: str, values: np.ndarray, missing: np.ndarray) -> Sketch:
    there = values[~missing]
    places = np.searchsorted(EDGES, there, side="right")
    return Sketch(
        name=name,
        rows=len(values),
        missing=int(missing.sum()),
        counts=tuple(np.bincount(places, minlength=len(EDGES) + 1).tolist()),
        total=float(there.sum()),
        squares=float((there**2).sum()),
        least=float(there.min()) if len(there) else None,
        most=float(there.max()) if len(there) else None,
    )


def days(first: int, last: int, **different) -> list[Day]:
    """Days `first` to before `last`."""
    return [day(number, **different) for number in range(first, last)]
