"""What the gate says of models that are trained here, on samples and with seeds of their own.

A candidate goes through the leak check and `gather` of the gate on labelled rows that neither
model has seen; only the checks of a registered version, which these are not, are said to have
passed (benchmarks/registered.py has versions).
"""

import time
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.planted import checks
from pipelines import specs
from pipelines.contracts.spec import ModelSpec
from pipelines.gate.checks import leak
from pipelines.gate.gather import Rows, gather
from pipelines.gate.judge import judge
from pipelines.gate.retrain import Retrained
from pipelines.scoring.batch import History
from pipelines.tasks import task

SIZE_MB = 1.0
SLOWER = 60
"""Times that the features are worked out: then they are most of an answer's time."""


@dataclass(frozen=True)
class Said:
    """The gate's word on one candidate, and whether it may pass (None: it is not known)."""

    name: str
    good: bool | None
    decision: str


def decide(
    spec: ModelSpec,
    candidate: Retrained,
    champion: Retrained,
    *,
    golden: pa.Table | None = None,
    recent: pa.Table | None = None,
    learnt: pa.Table | None = None,
    published: pa.Table | None = None,
) -> str:
    """The gate's word. Without sets of its own both are all rows that the candidate has not seen.

    `learnt` are the rows that were trained on where they are not those of the candidate,
    `published` those that a model may look back at.
    """
    golden = candidate.tested if golden is None else golden
    found, sound = leak(golden, candidate.trained if learnt is None else learnt, spec)
    made = [found if one.name == "leak" else one for one in checks() if one.name != "answers"]
    kept = golden.filter(sound)
    signals, _ = gather(
        lambda: [candidate.model, champion.model],
        Rows(kept, None, kept if recent is None else recent),
        made,
        spec,
        size_mb=SIZE_MB,
        clock=time.process_time,
        history=None if published is None else _history(spec, published),
    )
    return judge(signals, spec.gate).decision


def by_other_features(made: Retrained, features: str) -> Retrained:
    """The same model, whose features are computed by another function when it answers."""
    spec = made.model.spec.model_copy(update={"features": features})
    return replace(made, model=replace(made.model, spec=spec))


def slowly(rows: pa.Table, spec: ModelSpec) -> pa.Table:
    """A model's features, worked out again and again."""
    compute = specs.resolve(specs.model(spec.name).features)
    return [compute(rows, spec) for _ in range(SLOWER)][-1]


def without_a_column(rows: pa.Table, spec: ModelSpec) -> pa.Table:
    """A model's features but for the last one."""
    found: pa.Table = specs.resolve(specs.model(spec.name).features)(rows, spec)
    return found.drop_columns(found.column_names[-1:])


def _history(spec: ModelSpec, published: pa.Table) -> History:
    key, columns = specs.key(spec), task(spec.task).input_columns(spec)

    def of(rows: pa.Table) -> pa.Table:
        new = pc.invert(pc.is_in(published[key], rows[key].combine_chunks()))
        return published.filter(new).select(columns)

    return of
