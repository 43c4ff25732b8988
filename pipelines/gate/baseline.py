"""The merge gate: code and configuration of now against the committed baseline of a model.

The model is trained anew on a generated sample that is the same everywhere, and compared row by
row with the answers that the baseline keeps, by the rules of the gate. A loss that cannot be
ruled out fails; a gain is not asked for. Writing the baseline anew takes a reason.
"""

from pathlib import Path

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from pipelines import specs
from pipelines.contracts.spec import ModelSpec
from pipelines.contracts.verdict import Finding
from pipelines.errors import BadDataError, MisconfiguredError
from pipelines.evaluation.comparison import comparable
from pipelines.gate.baseline_file import COMMAND, Baseline, path_of, read, write
from pipelines.gate.gather import set_signals
from pipelines.gate.retrain import Retrained, Spoil, retrain, sample
from pipelines.gate.rules import SCORE_RULES
from pipelines.gate.signals import SetSignals, Signals

__all__ = ["Merge", "check", "path_of", "update"]

ROWS = 600
"""Rows of the sample: a training of a quarter of a minute."""
SEED = 11
TESTED_SHARE = 0.3
"""Share of the groups, and of the other rows, that is tested: more than in production, since
here a small loss is to be seen and no model is made."""
_RULES = (
    "readable",
    "golden overall",
    "golden fields",
    "golden slices",
    "golden of few rows",
    "calibration",
)


class Merge(BaseModel):
    """Whether the code of now may be merged, as far as one model goes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str
    passed: bool
    reasons: list[str]
    """Of a pass, everything that was seen; else what blocks."""
    compared: SetSignals


def check(spec: ModelSpec, path: Path, spoil: Spoil = lambda train: train) -> Merge:
    """Trains on the sample of the baseline at `path` and compares; `spoil` is for tests.

    Raises NotFoundError without a baseline and BadDataError where it was made of other rows.
    """
    baseline = read(path)
    now = retrain(_half(spec), sample(spec, baseline.rows, baseline.seed), spoil)
    before = _answers(baseline, now, specs.key(spec))
    task = comparable(spec.task)
    # Both as they are kept, so that what the file leaves out is no difference.
    both = [task.compact(now.predictions), before]
    compared = set_signals(task, now.tested, both, spec)
    if compared is None:
        raise BadDataError(
            f"the answers of {spec.name!r} or of its baseline cannot be scored. Write the "
            f"baseline anew: {COMMAND.format(spec.name)}."
        )
    found = _findings(task.unreadable(now.tested, now.predictions, spec), compared, now, spec)
    blocks = [one.sentence for one in found if one.outcome != "passed"]
    return Merge(
        model=spec.name,
        passed=not blocks,
        reasons=blocks or [one.sentence for one in found],
        compared=compared,
    )


def update(spec: ModelSpec, path: Path, why: str, rows: int | None = None) -> Baseline:
    """Writes the baseline of the code of now; raises MisconfiguredError without a reason.

    `rows` of the sample; without it as many as the baseline had, or `ROWS` for the first one.
    """
    if len(why.strip()) < 3:
        raise MisconfiguredError(
            f"the reason {why!r} says nothing; a new baseline needs one that a reviewer can "
            "weigh. Give it with --why."
        )
    rows = rows or (read(path).rows if path.is_file() else ROWS)
    now = retrain(_half(spec), sample(spec, rows, SEED))
    answers = comparable(spec.task).compact(now.predictions)
    return write(path, answers, model=spec.name, why=why.strip(), rows=rows, seed=SEED)


def _half(spec: ModelSpec) -> ModelSpec:
    """The model with about half of its rows tested, where rows are split by their content."""
    if spec.split.time is not None:
        return spec
    shares = {"unseen_group_share": TESTED_SHARE, "seen_group_share": TESTED_SHARE}
    return spec.model_copy(update={"split": spec.split.model_copy(update=shares)})


def _findings(
    unreadable: int, compared: SetSignals, now: Retrained, spec: ModelSpec
) -> list[Finding]:
    signals = Signals(
        first=False,
        checks=[],
        # What is known of a generated sample's slices is no matter of the change.
        golden=compared.model_copy(update={"named": []}),
        recent=compared.model_copy(update={"compared": []}),
        unreadable=unreadable,
        calibration_error=comparable(spec.task).calibration_error(
            now.tested, now.predictions, spec
        ),
    )
    return [one for name in _RULES for one in SCORE_RULES[name](signals, spec.gate)]


def _answers(baseline: Baseline, now: Retrained, key: str) -> pa.Table:
    """The baseline's answers in today's form; raises BadDataError for other rows."""
    rows = baseline.values()
    kept, wanted = {row.get(key) for row in rows}, set(now.tested[key].to_pylist())
    if kept != wanted:
        raise BadDataError(
            f"the baseline of {baseline.model!r} has answers to {len(kept)} rows, of which "
            f"{len(kept & wanted)} are among the {len(wanted)} test rows of today's sample: the "
            "generator or the split has changed. Write it anew with the reason: "
            f"{COMMAND.format(baseline.model)}."
        )
    return pa.Table.from_pylist(rows, schema=now.predictions.schema)
