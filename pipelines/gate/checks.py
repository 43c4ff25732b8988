"""Looks at a version before any score: is it what it says, and has it seen the golden set?"""

from collections.abc import Callable, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from pipelines import specs
from pipelines.contracts import names
from pipelines.contracts.spec import ModelSpec
from pipelines.errors import MillraceError
from pipelines.evaluation.comparison import comparable
from pipelines.gate.duplicates import near_duplicates
from pipelines.gate.signals import Check
from pipelines.lake.golden import contents
from pipelines.lake.lake import Lake
from pipelines.registry import ModelVersion, Registry

INPUT_SNAPSHOT, LOCK_HASH = "input_snapshot_id", "lock_hash"
UNLOCKED = "unlocked"


def examine(
    version: ModelVersion, spec: ModelSpec, *, registry: Registry, lake: Lake
) -> list[Check]:
    """The checks that need no row: the run, the records, the files and what they promise."""
    return [
        _check("finished", lambda: _finished(version, registry)),
        _check("recorded", lambda: _recorded(version, spec, lake)),
        _check("artefact", lambda: _artefact(version, registry)),
        _check("schema", lambda: _schema(version, spec, registry)),
    ]


def leak(golden: pa.Table, trained: pa.Table, spec: ModelSpec) -> tuple[Check, pa.Array]:
    """Whether the candidate was trained on golden rows, and which rows may be scored.

    `trained` are the published rows of the training part. Golden rows with a near-duplicate
    there are not scored; too many of them fail, as does a single golden row itself.
    """
    key, policy = specs.key(spec), spec.gate
    known = {*trained[key].to_pylist(), *contents(trained, key)}
    same = [
        own in known or content in known
        for own, content in zip(golden[key].to_pylist(), contents(golden, key), strict=True)
    ]
    texts = comparable(spec.task).texts
    near = near_duplicates(texts(golden), texts(trained), policy.near_duplicate).tolist()
    near = near or [False] * golden.num_rows
    share = sum(near) / max(1, golden.num_rows)
    check = Check(
        name="leak",
        passed=not any(same) and share <= policy.near_duplicate_share,
        sentence=(
            f"Of {golden.num_rows} golden rows {sum(same)} are in the training data and "
            f"{sum(near)} have a near-duplicate there; 0 and at most "
            f"{policy.near_duplicate_share:.0%} are allowed."
        ),
    )
    return check, pc.invert(pa.array(near, pa.bool_()))


def _check(name: str, look: Callable[[], tuple[bool, str]]) -> Check:
    """A look that cannot be taken is none that was passed."""
    try:
        passed, sentence = look()
    except MillraceError as error:
        return Check(name=name, passed=None, sentence=str(error))
    return Check(name=name, passed=passed, sentence=sentence)


def _finished(version: ModelVersion, registry: Registry) -> tuple[bool, str]:
    done = registry.finished(version)
    state = "came to its end" if done else "did not come to its end"
    return done, f"The run {version.run_id} that made the version {state}; it must have."


def _recorded(version: ModelVersion, spec: ModelSpec, lake: Lake) -> tuple[bool, str]:
    snapshot, lock = version.tags.get(INPUT_SNAPSHOT, ""), version.tags.get(LOCK_HASH, "")
    history = lake.history(names.published_table(spec.dataset))
    there = any(str(one.snapshot_id) == snapshot for one in history)
    state = "is in the lake" if there else "is not in the lake"
    return there and lock not in {"", UNLOCKED}, (
        f"The version records the data snapshot {snapshot or 'none'}, which {state}, and the "
        f"lock {lock[:12] or 'none'}; it must name a snapshot of the lake and a lock."
    )


def _artefact(version: ModelVersion, registry: Registry) -> tuple[bool, str]:
    registry.load(version)  # raises RefusedError where the hash differs
    return True, "The model's files are those that were registered, by their hash."


def _schema(version: ModelVersion, spec: ModelSpec, registry: Registry) -> tuple[bool, str]:
    made = registry.load(version).spec
    wanted = {name: one.kind for name, one in spec.fields.items()}
    found = {name: one.kind for name, one in made.fields.items()}
    same = (made.task, made.dataset, found) == (spec.task, spec.dataset, wanted)
    return same, (
        f"The model answers {_listed(found)} of {made.dataset!r} as {made.task!r}; model.yaml "
        f"asks for {_listed(wanted)} of {spec.dataset!r} as {spec.task!r}."
    )


def _listed(fields: Mapping[str, str]) -> str:
    return ", ".join(f"{name} ({kind})" for name, kind in fields.items()) or "one value"
