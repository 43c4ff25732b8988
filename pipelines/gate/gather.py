"""Scores candidate and champion on both sets: the signals that come after the checks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from pipelines import specs
from pipelines.contracts import names
from pipelines.contracts.learning import Regime
from pipelines.contracts.spec import ModelSpec
from pipelines.errors import MillraceError
from pipelines.estimators.artefact import Artefact
from pipelines.evaluation.comparison import Comparable, Difference, comparable
from pipelines.evaluation.miscalibration import Miscalibration
from pipelines.evaluation.paired import Measure, compare
from pipelines.gate.score import Answered, Clock, answer
from pipelines.gate.signals import Check, SetSignals, Signals
from pipelines.lake.golden import contents
from pipelines.scoring.batch import History

DIFFERENCES = 10
"""Rows that are shown, in which the two models differ."""

Load = Callable[[], list[Artefact]]
"""Gives the candidate and, where there is one, the champion."""


@dataclass(frozen=True)
class Rows:
    """Labelled rows of both sets, with their part of the split."""

    golden: pa.Table
    golden_snapshot_id: int | None
    recent: pa.Table
    regime: Regime | None = None
    """What the training answers: then `recent` has the rows since it began, maybe none."""


@dataclass(frozen=True)
class Evidence:
    """What people want to see beside the figures."""

    differences: list[Difference] = field(default_factory=list)


def gather(
    load: Load,
    rows: Rows,
    checks: list[Check],
    spec: ModelSpec,
    *,
    size_mb: float,
    clock: Clock,
    history: History | None,
) -> tuple[Signals, Evidence]:
    """All signals of a version that passed its checks, and the rows where the two differ.

    A candidate that cannot answer fails the check `answers`, whatever it raises; a champion
    that cannot leaves nothing to compare with, which blocks too.
    """
    try:
        models = load()
        fresh = _not_among(rows.recent, rows.golden, specs.key(spec))
        on_golden = answer(models, rows.golden, clock, history)
        on_fresh = answer(models, fresh, clock, history)
        done = Check(name="answers", passed=True, sentence="Every row of both sets was answered.")
    except Exception as error:
        kind = "" if isinstance(error, MillraceError) else f"{type(error).__name__}: "
        sentence = f"The rows of both sets could not be answered ({kind}{error}); they must be."
        failed = Check(name="answers", passed=False, sentence=sentence)
        return Signals(first=False, checks=[*checks, failed], regime=rows.regime), Evidence()
    return signals_of(rows, on_golden, on_fresh, [*checks, done], spec, size_mb=size_mb)


def signals_of(
    rows: Rows,
    on_golden: list[Answered],
    on_fresh: list[Answered],
    checks: list[Check],
    spec: ModelSpec,
    *,
    size_mb: float,
) -> tuple[Signals, Evidence]:
    """The signals of answers: candidate first, then the champion where there is one.

    `on_fresh` are the answers to the recent rows that are not golden.
    """
    task, key = comparable(spec.task), specs.key(spec)
    on_recent = [
        _of(rows.recent, golden.predictions, fresh.predictions, key)
        for golden, fresh in zip(on_golden, on_fresh, strict=True)
    ]
    timed = [
        1_000 * (golden.seconds + fresh.seconds) / max(1, _count(golden) + _count(fresh))
        for golden, fresh in zip(on_golden, on_fresh, strict=True)
    ]
    candidate = on_golden[0].predictions
    bad = task.unreadable(rows.golden, candidate, spec)
    bad += task.unreadable(rows.recent, on_recent[0], spec)
    on_set = set_signals(task, rows.golden, [one.predictions for one in on_golden], spec)
    # A young home has one set of tested rows: what is drawn of it once need not be drawn again.
    one_set = rows.recent.num_rows > 0 and rows.recent.equals(rows.golden)
    signals = Signals(
        first=len(on_golden) == 1,
        checks=checks,
        regime=rows.regime,
        golden=on_set,
        recent=on_set
        if one_set
        else _none_yet(rows) or set_signals(task, rows.recent, on_recent, spec),
        unreadable=bad,
        calibration_error=_calibration(task, rows.golden, candidate, spec),
        latency_ms=timed[0],
        champion_latency_ms=timed[1] if len(timed) > 1 else None,
        size_mb=size_mb,
    )
    if bad or len(on_golden) == 1:
        return signals, Evidence()
    champion = on_golden[1].predictions
    return signals, Evidence(task.differences(rows.golden, champion, candidate, spec, DIFFERENCES))


def set_signals(
    task: Comparable, rows: pa.Table, predictions: list[pa.Table], spec: ModelSpec
) -> SetSignals | None:
    """Candidate against champion on one set; None where it cannot be measured."""
    parts: Mapping[str, str] = dict(
        zip(rows[specs.key(spec)].to_pylist(), rows[names.PART].to_pylist(), strict=True)
    )
    found = [_measure(task, rows, one, spec, parts) for one in predictions]
    candidate, champion = found[0], found[1] if len(found) > 1 else None
    if candidate is None or (champion is None and len(found) > 1) or not candidate.clusters:
        return None
    policy = spec.gate
    compared = compare(champion, candidate, level=policy.level, gain_level=policy.gain_level)
    return SetSignals(
        n=len(candidate.clusters),
        unit=candidate.unit,
        compared=compared,
        named=sorted(spec.slices),
    )


def _none_yet(rows: Rows) -> SetSignals | None:
    """Of a new regime nothing may be labelled yet: that is to be waited for, and no fault."""
    if rows.regime is None or rows.recent.num_rows:
        return None
    return SetSignals(n=0, unit="rows", compared=[])


def _measure(
    task: Comparable, rows: pa.Table, answers: pa.Table, spec: ModelSpec, parts: Mapping[str, str]
) -> Measure | None:
    """None where the answers cannot be scored: the gate takes it for unreadable, and blocks."""
    try:
        return task.measure(rows, answers, spec, parts)
    except (MillraceError, LookupError, TypeError, ValueError):
        return None


def _calibration(
    task: Comparable, rows: pa.Table, answers: pa.Table, spec: ModelSpec
) -> Miscalibration | None:
    try:
        return task.calibration_error(rows, answers, spec)
    except (MillraceError, LookupError, TypeError, ValueError):
        return None


def _count(answered: Answered) -> int:
    return int(answered.predictions.num_rows)


def _not_among(rows: pa.Table, golden: pa.Table, key: str) -> pa.Table:
    """Rows that are not golden, by key and content: those need answers of their own."""
    known = set(zip(golden[key].to_pylist(), contents(golden, key), strict=True))
    own = zip(rows[key].to_pylist(), contents(rows, key), strict=True)
    return rows.filter(pa.array([one not in known for one in own], pa.bool_()))


def _of(rows: pa.Table, golden: pa.Table, fresh: pa.Table, key: str) -> pa.Table:
    """Answers to `rows` out of those to the golden and to the fresh ones; these come first."""
    own = pa.array(fresh[key].to_pylist(), pa.string())
    wanted = pa.array(rows[key].to_pylist(), pa.string())
    old = golden.filter(
        pc.and_(pc.is_in(golden[key], wanted), pc.invert(pc.is_in(golden[key], own)))
    )
    return pa.concat_tables([fresh, old])
