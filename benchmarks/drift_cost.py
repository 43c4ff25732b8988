"""What it costs to tell drift of a million rows: our pass, Spark's own histograms and Evidently.

python -m benchmarks.drift_cost [--rows N] [--repeats N]

Writes docs/drift_cost.md. About four minutes on two cores, most of them Evidently's.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import pyarrow as pa
from pyspark.sql import SparkSession
from rich.console import Console

from benchmarks.__main__ import WIDTH, show
from benchmarks.figures import Figure, in_turn, table
from benchmarks.workbench import machine
from pipelines import specs
from pipelines.contracts.monitoring import Bins, Sketch
from pipelines.contracts.names import DAY, NAMESPACE
from pipelines.contracts.policy import MonitorPolicy
from pipelines.contracts.spec import ModelSpec
from pipelines.lake.files import files
from pipelines.lake.lake import Lake
from pipelines.monitoring.drift.distance import jensen_shannon, psi, shares
from pipelines.monitoring.sketches.binning import SAMPLE, choose
from pipelines.settings import PROJECT_ROOT, Settings
from spark_jobs import session
from spark_jobs.sketching import added_up, partial_of_files

os.environ["DO_NOT_TRACK"] = "1"  # read when Evidently is imported
from evidently import Report
from evidently.presets import DataDriftPreset

PAGE = PROJECT_ROOT / "docs" / "drift_cost.md"
ROWS, COLUMNS, REPEATS = 1_000_000, 30, 3
EVIDENTLY, PLAIN = 0.01, 2.0
"""Most that our pass should cost, as a share of the one and of the other."""
_NAMES = tuple(f"number_{at:02}" for at in range(COLUMNS))
_SIDES = ("reference", "window")
_DAY = "2026-01-05"


def features(rows: pa.Table, spec: ModelSpec) -> pa.Table:
    """What the made-up model looks at: its columns as they are. Spark's workers import it."""
    del spec
    return rows.select(_NAMES)


@dataclass(frozen=True)
class Bench:
    """Two tables of one day each in a lake of their own, and a Spark that is warm."""

    spark: SparkSession
    lake: Lake
    spec: ModelSpec
    frames: dict[str, pa.Table]
    bins: list[Bins]

    def ours(self, *sides: str) -> list[list[Sketch]]:
        """The job's own way from the tables to sketches on the driver."""
        return [self._sketches(side) for side in sides]

    def _sketches(self, side: str) -> list[Sketch]:
        found = files(
            self.lake,
            _table(side),
            snapshot_id=self.lake.current_snapshot(_table(side)),
            where=[{DAY: [_DAY]}],
            columns=[*_NAMES, DAY],
        )
        partials = partial_of_files(self.spark, found, self.spec, "input", self.bins)
        return added_up(partials, self.bins, [_DAY])[_DAY]

    def drift(self, *sides: str, stored: list[Sketch]) -> None:
        """Sketches of the sides, and both distances of each column from the reference's."""
        reference, window = [stored, *self.ours(*sides)][-2:]
        for one, other in zip(reference, window, strict=True):
            both = [shares(np.array(sketch.counts, dtype=float)) for sketch in (one, other)]
            psi(*both), jensen_shannon(*both)

    def plain(self, side: str) -> None:
        """A histogram of each column as many equal steps from its least to its greatest value."""
        rows = self.spark.read.table(f"{session.CATALOG}.{_table(side)}")
        for bins, column in zip(self.bins, _NAMES, strict=True):
            ends = f"{bins.edges[0]}D, {bins.edges[-1]}D, {bins.size}"
            bucket = f"width_bucket({column}, {ends}) as bucket"
            rows.selectExpr(bucket).groupBy("bucket").count().collect()

    def evidently(self) -> float:
        """CPU seconds of Evidently's report with its own choice of tests."""
        reference, window = (self.frames[side].to_pandas() for side in _SIDES)
        return cpu(lambda: Report([DataDriftPreset()]).run(window, reference).dict())


def measure(say: Callable[[str], None], rows: int = ROWS, repeats: int = REPEATS) -> list[Figure]:
    """CPU seconds of this process, of Java and of Spark's Python workers together."""
    with _bench(rows) as bench:
        say("warming up: the first query of a kind is compiled")
        (stored,) = bench.ours(_SIDES[0])
        bench.plain(_SIDES[1])

        def window() -> None:
            bench.drift(_SIDES[1], stored=stored)

        def both() -> None:
            bench.drift(*_SIDES, stored=stored)

        say("measuring our pass and Spark's histograms in turn")
        one, plain = in_turn(
            lambda: cpu(window), lambda: cpu(lambda: bench.plain(_SIDES[1])), repeats
        )
        two = tuple(cpu(both) for _ in range(repeats))
        say("measuring Evidently, once")
        evidently = (bench.evidently(),) * repeats
    pair = f"{rows:,} + {rows:,} rows × {COLUMNS}"
    ours = (
        "the tables are in Iceberg, a day in a file as ingestion leaves it. The job's own "
        "transform on a warm Spark, from planning the files to sketches on the driver, and PSI and "
        "Jensen-Shannon distance of each column from the reference's sketch"
    )
    theirs = (
        "Evidently's DataDriftPreset with its defaults (`run` and `dict`, no page) on the same "
        "rows as pandas frames, once and in this very run"
    )
    native = (
        "`width_bucket`, `groupBy`, `count` and `collect` of each column in as many steps of equal "
        "width: the cheapest way in Spark SQL that we know (all columns at once by `stack` cost a "
        "third more)"
    )
    return [
        Figure(
            f"drift of {pair}, the reference is a sketch", "CPU-s", "Evidently",
            f"{ours}; against {theirs}. The sketch of the reference was stored before, as it is in "
            "production.", one, evidently, ratio_limit=EVIDENTLY,
        ),
        Figure(
            f"drift of {pair}, both sides sketched", "CPU-s", "Evidently",
            "the same where the reference is sketched too; against the same.",
            two, evidently,
        ),
        Figure(
            f"sketches of {rows:,} rows × {COLUMNS}", "CPU-s", "plain Spark histograms",
            f"as in the first line; against {native}.", one, plain, ratio_limit=PLAIN,
        ),
    ]  # fmt: skip


def cpu(work: Callable[[], object]) -> float:
    """CPU seconds of this process and of all below it while `work` runs."""
    before = _times()
    work()
    # A process that is gone since was idle before: its time is not counted twice.
    return sum(after - before.get(pid, 0.0) for pid, after in _times().items())


def _times() -> dict[int, float]:
    me = psutil.Process()
    found = {}
    for one in (me, *me.children(recursive=True)):
        try:
            times = one.cpu_times()
        except psutil.NoSuchProcess:
            continue
        found[one.pid] = times.user + times.system
    return found


@contextmanager
def _bench(rows: int) -> Iterator[Bench]:
    with tempfile.TemporaryDirectory(prefix="millrace-bench-") as folder:
        settings = Settings(home=Path(folder))
        lake = Lake.open(settings)
        frames = {side: _drawn(rows, seed) for seed, side in enumerate(_SIDES)}
        for side, one in frames.items():
            dated = one.append_column(DAY, pa.array([_DAY]).take(pa.array(np.zeros(rows, int))))
            lake.create(_table(side), dated.schema, [DAY])
            lake.append(_table(side), dated, {})
        spec = specs.model("card_fraud").model_copy(
            update={"history": None, "features": f"{features.__module__}:{features.__name__}"}
        )
        bins = choose(frames[_SIDES[0]].slice(0, SAMPLE), "input", MonitorPolicy())
        spark = session.session("benchmark", settings)
        try:
            yield Bench(spark, lake, spec, frames, bins)
        finally:
            spark.stop()


def _table(side: str) -> str:
    return f"{NAMESPACE}.bench_{side}"


def _drawn(rows: int, seed: int) -> pa.Table:
    """Columns of normal and of lognormal numbers in turn; nothing has moved."""
    draw = np.random.default_rng(seed)
    kinds = (draw.normal, draw.lognormal)
    return pa.table({name: kinds[at % 2](size=rows) for at, name in enumerate(_NAMES)})


def main() -> None:
    """Measures, shows the table and writes the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--repeats", type=int, default=REPEATS)
    given = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else WIDTH)

    def say(text: str) -> None:
        console.print(text, style="dim", highlight=False)

    figures = measure(say, given.rows, given.repeats)
    show(figures, console)
    if (given.rows, given.repeats) == (ROWS, REPEATS):
        PAGE.write_text(_page(figures), encoding="utf-8")
        say(f"written to {PAGE.relative_to(PROJECT_ROOT)}")


def _page(figures: list[Figure]) -> str:
    lines = [
        "# What it costs to tell drift",
        "",
        "Written by `make bench-drift`. CPU seconds are those of Java, of Spark's Python workers "
        "and of the client together. Each figure is a ratio against a baseline of the same run; "
        "the table has medians, and the least and the greatest ratio of the pairs.",
        "",
        f"Measured on {machine()}.",
        "",
        *table(figures),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    # By its own name: Spark's workers import `features` from the module, not from `__main__`.
    from benchmarks import drift_cost

    drift_cost.main()
