"""Which set each document of a model belongs to, for good: a versioned table that only grows.

`training` documents are learnt from, `rolling` ones are tested, `golden` ones are tested and frozen
(`pipelines.lake.golden`). A document gets its set when a training first uses it. From then on it
stays, whatever becomes of its labels, its group or the shares in model.yaml: a tested document
that moved to training would have been seen by the model that it tests, and the other way round.
The one passage is the freezing of rolling documents, after which they are golden for ever.

Models that keep rows apart by time have no such sets: there every row is tested once and trained
on later.
"""

from collections.abc import Mapping

import pyarrow as pa

from pipelines.contracts.names import NAMESPACE, SET_ASIDE, TEST_PARTS, TRAIN
from pipelines.errors import RefusedError
from pipelines.lake.golden import golden_keys
from pipelines.lake.lake import Lake
from pipelines.publication import lock
from pipelines.settings import Settings

SET = "set"
"""Column of the set's name."""
TRAINING, ROLLING, GOLDEN = "training", "rolling", "golden"
_OF_PART = {TRAIN: TRAINING, **dict.fromkeys(TEST_PARTS, ROLLING)}
_NOTE = "millrace.sets.input_snapshot_id"
_NAMED = 5


def sets_table(model: str) -> str:
    """Table of a model's documents and their sets."""
    return f"{NAMESPACE}.sets_{model}"


def kept(lake: Lake, model: str, key: str, snapshot_id: int | None = None) -> dict[str, str]:
    """The set of every document that has one, now or as of a snapshot; golden goes before."""
    if lake.current_snapshot(sets_table(model)) is None:
        found = {}
    else:
        rows = lake.read(sets_table(model), snapshot_id=snapshot_id)
        found = dict(zip(rows[key].to_pylist(), rows[SET].to_pylist(), strict=True))
    return found | dict.fromkeys(golden_keys(lake, model, key), GOLDEN)


def apart(parts: Mapping[str, str], sets: Mapping[str, str]) -> dict[str, str]:
    """Parts of a split, where a document of another set is set aside: it does not move."""
    return {key: part if _fits(sets.get(key), part) else SET_ASIDE for key, part in parts.items()}


def assign(
    lake: Lake,
    settings: Settings,
    model: str,
    key: str,
    parts: Mapping[str, str],
    input_snapshot_id: int,
) -> int | None:
    """Writes the set of each document that has none, in one commit; gives the snapshot's id.

    Raises RefusedError, and writes nothing, where a document would move. What is set aside gets
    no set. None where nothing was ever written.
    """
    wanted = {one: part for one, part in parts.items() if part in _OF_PART}
    with lock(settings.root / "lake" / f"sets-{model}"):
        known = kept(lake, model, key)
        moved = sorted(one for one, part in wanted.items() if not _fits(known.get(one), part))
        if moved:
            named = ", ".join(
                f"{one} from {known[one]} to {_OF_PART[wanted[one]]}" for one in moved[:_NAMED]
            )
            raise RefusedError(
                f"{len(moved)} documents of {model} would move between its sets: {named}. A "
                "document stays where a training first put it; leave these out."
            )
        new = sorted(one for one in wanted if one not in known)
        if new:
            rows = pa.table({key: new, SET: [_OF_PART[wanted[one]] for one in new]})
            lake.create(sets_table(model), rows.schema, [])
            return lake.append(sets_table(model), rows, {_NOTE: str(input_snapshot_id)})
    return lake.current_snapshot(sets_table(model))


def _fits(known: str | None, part: str) -> bool:
    if known is None or part not in _OF_PART:
        return True
    return (known == TRAINING) == (_OF_PART[part] == TRAINING)
