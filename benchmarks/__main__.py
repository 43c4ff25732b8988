"""Measures everything and writes the table to the terminal and to docs/benchmarks.md.

python -m benchmarks [NAME...]

With names only these are measured, and the page is left as it is.
"""

import argparse
import importlib
import signal
import sys
import time

from rich.console import Console
from rich.table import Table

from benchmarks.figures import COLUMNS, Figure, markdown
from benchmarks.workbench import machine, workbench
from pipelines.settings import PROJECT_ROOT

PAGE = PROJECT_ROOT / "docs" / "benchmarks.md"
WIDTH = 180
MEASUREMENTS = (
    "features",
    "prediction",
    "scoring",
    "starting",
    "tasks",
    "deciding",
    "parsing",
    "validation",
)
"""Modules of this folder with a `measure(bench) -> list[Figure]`, in the order of the table."""


def main() -> None:
    """Starts the services of a home of its own, measures, stops them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(MEASUREMENTS))
    asked = parser.parse_args().names
    unknown = sorted(set(asked) - set(MEASUREMENTS))
    if unknown:
        parser.error(f"unknown {', '.join(unknown)}; known: {', '.join(MEASUREMENTS)}")
    # A file or a pipe has no width of its own.
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    begun = time.monotonic()
    # A run that is ended from outside stops its services too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))

    def say(text: str) -> None:
        console.print(f"{time.monotonic() - begun:4.0f} s  {text}", style="dim", highlight=False)

    figures: list[Figure] = []
    with workbench(say) as bench:
        for name in asked or MEASUREMENTS:
            say(f"measuring {name}")
            figures += importlib.import_module(f"benchmarks.{name}").measure(bench)
    show(figures, console)
    if not asked:
        PAGE.write_text(markdown(figures, machine()), encoding="utf-8")
        say(f"written to {PAGE.relative_to(PROJECT_ROOT)}")


def show(figures: list[Figure], console: Console) -> None:
    """The table for people at a terminal."""
    table = Table(*COLUMNS)
    for figure in figures:
        table.add_row(*figure.row())
    console.print(machine(), highlight=False)
    console.print(table)


if __name__ == "__main__":
    main()
