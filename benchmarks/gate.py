"""How often the gate stops what is bad and lets through what is better: three tables.

python -m benchmarks.gate [PART ...] [--seeds 20]

A part is `simulated` (benchmarks/planted.py), `receipts`, `cards` (models trained for each seed)
or `registered` (versions with real files and runs). Each is written into its section of
docs/gate.md; about ten minutes on two cores that have nothing else to do.
"""

import argparse
import re
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.stats import binomtest

from benchmarks import registered, trained_cards, trained_receipts
from benchmarks.planted import GOLDEN, PLANTED, POLICY, RECENT
from benchmarks.trained import Said
from pipelines.gate.judge import judge
from pipelines.settings import PROJECT_ROOT

PAGE = PROJECT_ROOT / "docs" / "gate.md"
WIDTH = 130
FIRST_SEED = 400
"""Those before it may have served to make the rules."""
HEAD = (
    "# What the gate stops, and what it lets through\n\n"
    "Written by `python -m benchmarks.gate`, part of `make bench`; how the gate decides is in "
    "[gate_rules.md](gate_rules.md). Each candidate is drawn or trained anew for every seed and "
    "judged by the code that judges in production. The share in the last column is that of the "
    "decisions that are as they must be, with its interval by Clopper and Pearson (95 %): a bad "
    "candidate must not be promoted, a better one must be. What is inconclusive is not promoted, "
    "and counts against a better one. A line with – has no rule: who is better is not known, or "
    "the rows may not show it.\n"
)
COLUMNS = ("candidate", "made by", "must", "promote", "reject", "inconclusive", "as it must")


@dataclass(frozen=True)
class Part:
    """One table: how its candidates are made, what is to be said of it, and its decisions."""

    title: str
    how: str
    text: str
    of_seed: Callable[[int], list[Said]]


def simulated_of_seed(seed: int) -> list[Said]:
    """Each planted candidate once."""
    return [
        Said(
            one.name,
            one.good,
            judge(one.make(np.random.default_rng([seed, 17])), POLICY).decision,
        )
        for one in PLANTED
    ]


PARTS = {
    "simulated": Part(
        "Simulated outcomes",
        "simulation",
        f"Right and wrong answers drawn document by document, {GOLDEN} golden and {RECENT} "
        "recent ones unless the name says otherwise, with the default policy. Scores, bootstrap "
        "and rules are the real code; what a check or a meter reports (a swapped artefact, NaN, "
        "slowness, …) is planted here, and real in the tables below or in "
        "tests/integration/test_gate_step.py and tests/unit/gate/test_gate_signals.py.",
        simulated_of_seed,
    ),
    "receipts": Part(
        "Trained extractors of receipts",
        "training",
        f"Small extractors (few trees), trained on a sample of {trained_receipts.DOCUMENTS} "
        "documents of their own for each seed; about half of them are tested, and are golden and "
        f"recent set at once. Allowed are {trained_receipts.POLICY.latency_ratio:g} times the "
        "champion's time, since the machine does other things, and a calibration error of "
        f"{trained_receipts.POLICY.calibration_error:g}, which is what so small models have. "
        "Against a tenth of the data some field is no better with all of it, or a hundred "
        "documents do not show that it is.",
        trained_receipts.of_seed,
    ),
    "cards": Part(
        "Trained classifiers of card purchases",
        "training",
        f"card_fraud as it is, trained on {trained_cards.PURCHASES:,} purchases of about ninety "
        f"cards in {trained_cards.DAYS} days for each seed, of which the last "
        f"{trained_cards.TEST_DAYS} are tested: in fewer days there are hardly twenty cards with "
        "a fraud in each slice that model.yaml names, and all is inconclusive for that. Golden "
        "and recent set are the same rows but for the leak: golden are the days in which it is "
        "there, recent those after it. "
        f"Allowed are {trained_cards.POLICY['latency_ratio']:g} times the champion's time and a "
        f"calibration error of {trained_cards.POLICY['calibration_error']:g}. Who sees no "
        "small frauds gives every small purchase the same score; the champion has learnt the "
        "small ones alone.",
        trained_cards.of_seed,
    ),
    "registered": Part(
        "Registered versions that are tampered with",
        "training and registration",
        f"card_fraud trained on {registered.PURCHASES:,} purchases and registered, with a lake "
        "and a registry of its own for each seed, judged by the step that the DAG runs. The "
        "champion has learnt shuffled labels, and the slices of model.yaml are left out, in which "
        "hardly one of so few cards has a fraud; each tampering is of the version of the last "
        "line, which is far better.",
        registered.of_seed,
    ),
}


@dataclass(frozen=True)
class Line:
    """Decisions about one kind of candidate."""

    name: str
    good: bool | None
    counted: Counter[str]

    @property
    def right(self) -> int:
        """Decisions that are as they must be."""
        promoted = self.counted["promote"]
        return promoted if self.good else self.counted.total() - promoted


def lines(found: Sequence[Said]) -> list[Line]:
    """The decisions by candidate, in the order in which they first came."""
    kept: dict[str, Line] = {}
    for one in found:
        line = kept.setdefault(one.name, Line(one.name, one.good, Counter()))
        line.counted[one.decision] += 1
    return list(kept.values())


def share(right: int, whole: int) -> str:
    """`95% (75 to 100)`: the interval is that of Clopper and Pearson 1934, Biometrika 26."""
    ends = binomtest(right, whole).proportion_ci(method="exact")
    return f"{right / whole:.0%} ({100 * ends.low:.1f} to {100 * ends.high:.1f})"


def cells(line: Line, how: str) -> tuple[str, ...]:
    """A line of the table as text."""
    each = [str(line.counted[one]) for one in ("promote", "reject", "inconclusive")]
    if line.good is None:
        return (line.name, how, "–", *each, "–")
    must = "pass" if line.good else "be blocked"
    return (line.name, how, must, *each, share(line.right, line.counted.total()))


def summary(found: Sequence[Line]) -> str:
    """Catch rate and pass rate of a table."""
    said = []
    for good, what in ((False, "bad candidates were blocked"), (True, "better ones were promoted")):
        ones = [line for line in found if line.good is good]
        if ones:
            right = sum(line.right for line in ones)
            whole = sum(line.counted.total() for line in ones)
            said.append(f"{right} of {whole} {what}, {share(right, whole)}")
    open_ = sum(line.counted["inconclusive"] for line in found if line.good)
    return f"**{'; '.join(said)}; inconclusive were {open_} of the better ones.**"


def section(part: Part, found: Sequence[Line], seeds: range) -> str:
    """A part of the page."""
    said = f"Seeds {seeds[0]} to {seeds[-1]}; the rules were made with others."
    rows: list[tuple[str, ...]] = [COLUMNS, ("---", "---", "---", "--:", "--:", "--:", "--:")]
    rows += [cells(line, part.how) for line in found]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return f"## {part.title}\n\n{part.text} {said}\n\n{summary(found)}\n\n{table}\n"


def page(sections: dict[str, str], before: str) -> str:
    """The page with new sections by their part; the other ones stay as they were `before`."""
    kept = {one.splitlines()[0]: one for one in re.split(r"^(?=## )", before, flags=re.M)[1:]}
    found = [sections.get(name) or kept.get(f"## {one.title}") for name, one in PARTS.items()]
    return "\n".join([HEAD, *(f"{one.rstrip()}\n" for one in found if one)])


def main() -> None:
    """Measures, shows and writes the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", nargs="*", help="default: all of them")
    parser.add_argument("--seeds", type=int, default=20)
    given = parser.parse_args()
    # A file or a pipe has no width of its own.
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    seeds = range(FIRST_SEED, FIRST_SEED + given.seeds)
    unknown = set(given.part) - set(PARTS)
    if unknown:
        parser.error(f"no part {sorted(unknown)}; known: {list(PARTS)}")
    for name in given.part or PARTS:
        part, said = PARTS[name], []
        with ProcessPoolExecutor() as pool:
            for seed, found in enumerate(pool.map(part.of_seed, seeds), FIRST_SEED):
                said += found
                console.print(f"{name}: seed {seed}", style="dim")
        counted = lines(said)
        table = Table(*COLUMNS, title=part.title)
        for line in counted:
            table.add_row(*cells(line, part.how))
        console.print(table)
        before = PAGE.read_text(encoding="utf-8") if PAGE.is_file() else ""
        PAGE.write_text(page({name: section(part, counted, seeds)}, before), encoding="utf-8")


if __name__ == "__main__":
    main()
