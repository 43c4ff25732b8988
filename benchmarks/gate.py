"""How often the gate stops what is bad and lets through what is better: two tables.

python -m benchmarks.gate [--seeds 20] [--trained 20]

The first table is simulated outcomes (benchmarks/planted.py), the second trained models: small
extractors on generated samples, a sample and a training for each seed. Written to docs/gate.md.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pyarrow as pa
from rich.console import Console
from rich.table import Table

from benchmarks.planted import GOLDEN, PLANTED, POLICY, RECENT, checks
from pipelines import specs
from pipelines.contracts import names
from pipelines.contracts.spec import GatePolicy, ModelSpec
from pipelines.gate.checks import leak
from pipelines.gate.gather import Rows, signals_of
from pipelines.gate.judge import judge
from pipelines.gate.retrain import Retrained, retrain, sample
from pipelines.gate.score import answer
from pipelines.gate.signals import Check
from pipelines.settings import PROJECT_ROOT
from pipelines.training.plant import spoil

PAGE = PROJECT_ROOT / "docs" / "gate.md"
WIDTH = 120
SAMPLE = 220
"""Documents of a sample; about half of them are tested, so that twenty trainings are quick."""
SMALL = {
    "folds": 2, "word_models": 1, "word_trees": 12, "rank_trees": 12, "value_trees": 20,
    "render_trees": 12,
}  # fmt: skip
# Twice as slow is no news on a machine that does other things: this table is about scores.
TRAINED_POLICY = GatePolicy(latency_ratio=5, calibration_error=0.2)
COLUMNS = ("candidate", "must", "promote", "reject", "inconclusive", "as it must")

Line = tuple[str, bool | None, Counter[str]]
"""Name, whether it may pass (None: who is better is not known), and the decisions."""


def simulated(seeds: int) -> list[Line]:
    """Decisions about every planted candidate."""
    return [
        (
            planted.name,
            planted.good,
            Counter(
                judge(planted.make(np.random.default_rng([seed, 17])), POLICY).decision
                for seed in range(seeds)
            ),
        )
        for planted in PLANTED
    ]


def trained(seeds: int, say: Callable[[str], None]) -> list[Line]:
    """Decisions about trained models, each kind once a seed."""
    lines: dict[str, Line] = {}
    with ProcessPoolExecutor() as pool:
        for seed, found in enumerate(pool.map(_of_seed, range(seeds))):
            for name, good, word in found:
                lines.setdefault(name, (name, good, Counter()))[2][word] += 1
            say(f"trained models of seed {seed}")
    return list(lines.values())


def _of_seed(seed: int) -> list[tuple[str, bool | None, str]]:
    model = specs.model("receipts")
    shares = {"unseen_group_share": 0.25, "seen_group_share": 0.3}
    spec = model.model_copy(
        update={
            "parameters": SMALL,
            "seed": seed,
            "gate": TRAINED_POLICY,
            "split": model.split.model_copy(update=shares),
        }
    )
    rows = sample(spec, SAMPLE, 1_000 + seed)
    whole = retrain(spec, rows)
    shuffled = retrain(spec, rows, lambda train: spoil(train, spec, "shuffled_labels", seed=seed))
    tenth = retrain(spec, rows, lambda train: spoil(train, spec, "tenth_of_data", seed=seed))
    broken = retrain(spec, rows, lambda train: with_wrong_labels(train, "date"))
    leaked = pa.concat_tables([whole.trained, whole.tested.slice(0, 1)])
    return [
        ("shuffled labels", False, decision(spec, shuffled, whole)),
        ("a tenth of the data", False, decision(spec, tenth, whole)),
        ("dates of other rows, against a tenth", False, decision(spec, broken, tenth)),
        ("the champion itself", False, decision(spec, whole, whole)),
        ("one golden row in training", False, decision(spec, whole, shuffled, leaked)),
        ("all of the data, against shuffled labels", True, decision(spec, whole, shuffled)),
        ("all of the data, against a tenth", None, decision(spec, whole, tenth)),
    ]


def with_wrong_labels(train: pa.Table, field: str) -> pa.Table:
    """Each row has the field's label of the row before it, and its own other labels."""
    place = train.schema.get_field_index(names.FIELDS)
    found = [dict(row) for row in train[names.FIELDS].to_pylist()]
    labels = [
        list({**row, field: found[at - 1].get(field)}.items()) for at, row in enumerate(found)
    ]
    kind = train.schema.field(place)
    return train.set_column(place, kind, pa.array(labels, kind.type))


def decision(
    spec: ModelSpec, candidate: Retrained, champion: Retrained, learnt: pa.Table | None = None
) -> str:
    """The gate's word on two trained models; `learnt` are the rows said to be trained on."""
    rows = candidate.tested
    found, sound = leak(rows, candidate.trained if learnt is None else learnt, spec)
    kept = rows.filter(sound)
    models = [candidate.model, champion.model]
    on_golden = answer(models, kept, time.process_time, None)
    on_fresh = answer(models, kept.slice(0, 0), time.process_time, None)
    made: list[Check] = [found if one.name == "leak" else one for one in checks()]
    signals, _ = signals_of(Rows(kept, None, kept), on_golden, on_fresh, made, spec, size_mb=1.0)
    return judge(signals, spec.gate).decision


def cells(line: Line) -> tuple[str, ...]:
    """A line of the table as text."""
    name, good, counted = line
    each = [str(counted[one]) for one in ("promote", "reject", "inconclusive")]
    if good is None:
        return (name, "–", *each, "–")
    whole = sum(counted.values())
    right = counted["promote"] if good else whole - counted["promote"]
    return (name, "pass" if good else "be blocked", *each, f"{right / whole:.0%}")


def markdown(simulations: Sequence[Line], models: Sequence[Line]) -> str:
    """The page docs/gate.md."""
    parts = [
        "# What the gate stops, and what it lets through",
        "",
        "Written by `python -m benchmarks.gate`, part of `make bench`. Each candidate is drawn or "
        "trained anew for every seed and judged by the code that judges in production.",
        "",
        "## Simulated outcomes",
        "",
        f"Right and wrong answers drawn document by document, {GOLDEN} golden and {RECENT} "
        "recent ones unless the name says otherwise, with the default policy. Scores, bootstrap "
        "and rules are the real code; what a check reports (a swapped artefact, …) is planted. "
        "The checks themselves are tested on real files in tests/integration/test_gate_step.py.",
        "",
        *_table(simulations),
        "",
        "## Trained models",
        "",
        f"Small extractors (few trees), trained on a sample of {SAMPLE} documents of their own "
        "for each seed; about half of them are tested, and are golden and recent set at once. "
        "Where the last row is no promotion, some field is no better with ten times the data, or "
        "a hundred documents do not show that it is.",
        "",
        *_table(models),
    ]
    return "\n".join(parts) + "\n"


def _table(lines: Sequence[Line]) -> list[str]:
    rows = [COLUMNS, ("---", "---", "--:", "--:", "--:", "--:"), *map(cells, lines)]
    return [f"| {' | '.join(row)} |" for row in rows]


def main() -> None:
    """Measures, shows and writes both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20, help="seeds of the simulation")
    parser.add_argument("--trained", type=int, default=20, help="seeds of the trained models")
    given = parser.parse_args()
    # A file or a pipe has no width of its own.
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    simulations = simulated(given.seeds)
    models = trained(given.trained, lambda text: console.print(text, style="dim"))
    for lines in (simulations, models):
        table = Table(*COLUMNS)
        for line in lines:
            table.add_row(*cells(line))
        console.print(table)
    PAGE.write_text(markdown(simulations, models), encoding="utf-8")


if __name__ == "__main__":
    main()
