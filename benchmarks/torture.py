"""Kills whoever writes corrections, batches and requests, and looks whether all still holds.

python -m benchmarks.torture [--kills N] [--engine E] [--airflow-kills N] [--seed S] [--table FILE]

Processes review, correct, claim and train at once on one database, each with a clock of its own
that jumps, each delivering some calls twice, two of them as the same run. Each gets SIGKILL at a
random statement, just before or just after a commit, or at a random moment. After each kill all
that must hold is counted anew, and what a process was told is done must be there.
"""

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

from benchmarks import torture_airflow
from benchmarks.torture_actors import Killed, kill_some
from benchmarks.torture_engines import ENGINES, engine
from benchmarks.torture_era import Era

KILLS_PER_ERA = 40
"""Then a new model begins, so that each check reads little."""


def torture(name: str, kills: int, seed: int) -> tuple[Counter[str], list[str]]:
    """Counts of what happened on one engine, and the faults: none, unless something is broken."""
    seen: Counter[str] = Counter()
    faults: list[str] = []
    with engine(name) as uri:
        number = 0
        while seen["kills"] < kills and not faults:
            era = Era(uri, f"model_{number}", seed * 10_000 + number)
            era.begin()
            while seen["kills"] < kills and era.kills < KILLS_PER_ERA and not faults:
                killed: list[Killed] = kill_some(era, kills - seen["kills"])
                for one in killed:
                    seen.update({"kills": 1, f"killed {one.where}": 1, "calls done": one.calls})
                faults += era.faults(killed)
            faults += era.end()
            seen.update(era.counts())
            seen["models"] += 1
            number += 1
    return seen, faults


def main() -> None:
    """Prints a table of the engines and one of Airflow; exits with 1 where something is broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=1_000, help="over all engines")
    parser.add_argument("--engine", choices=ENGINES, action="append", help="default: all")
    parser.add_argument(
        "--airflow-kills", type=int, default=0, help="of scheduler and triggerer, on each engine"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--table", type=Path, help="file to write the table to")
    asked = parser.parse_args()
    names = asked.engine or list(ENGINES)
    found: dict[str, Counter[str]] = {}
    broken: list[str] = []
    for place, name in enumerate(names):
        begun = time.monotonic()
        share = asked.kills // len(names) + (place < asked.kills % len(names))
        found[name], faults = torture(name, share, asked.seed)
        found[name]["faults"] = len(faults)
        found[name]["seconds"] = round(time.monotonic() - begun)
        broken += [f"{name}: {fault}" for fault in faults]
    page = f"# Torture\n\n{told(__doc__)}\n{table(found)}"
    print(table(found), end="")
    if asked.airflow_kills:
        around: dict[str, Counter[str]] = {}
        for name in names:
            around[name], faults = torture_airflow.torture(
                asked.airflow_kills, asked.seed, engine=name
            )
            broken += [f"airflow on {name}: {fault}" for fault in faults]
        page += f"\n## With Airflow\n\n{told(str(torture_airflow.__doc__))}\n"
        page += table(around)
        print(table(around), end="")
    for fault in broken:
        print(fault, file=sys.stderr)
    if asked.table is not None:
        asked.table.write_text(page, encoding="utf-8")
    sys.exit(1 if broken else 0)


def told(text: str) -> str:
    """A module's own words as a page has them: what it does first, the command last."""
    title, *more = text.strip().split("\n\n")
    commands = [f"    {part}" for part in more if part.startswith("python ")]
    words = [part for part in more if not part.startswith("python ")]
    return "\n\n".join([title, *words, *commands]) + "\n"


def table(found: dict[str, Counter[str]]) -> str:
    """One line a figure, one column an engine."""
    what = sorted({name for counts in found.values() for name in counts})
    lines = [["", *found], ["---", *("---:" for _ in found)]]
    lines += [[name, *(str(counts[name]) for counts in found.values())] for name in what]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    main()
