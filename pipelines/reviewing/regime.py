"""Documents of a new regime, whose labels a training waits for: drawn by chance, and asked whole.

By chance, because what is learnt and tested of a regime must look like the regime: the costliest
doubts of a model that it has overtaken would be its strangest documents alone. Those that come
later have their draw in the runs to come, until labels enough are there or the incident ends.
"""

from collections.abc import Collection, Sequence

from pipelines.contracts.monitoring import Incident
from pipelines.reviewing.audit import uniform
from pipelines.reviewing.pool import Scored


def draw(
    documents: Sequence[Scored],
    taken: Collection[str],
    incident: Incident,
    *,
    waiting: int,
    room: int,
    seed: int,
) -> list[Scored]:
    """Documents since the incident began that nobody was asked about, at most `room`.

    `taken` are contents that were asked; `waiting` of its documents are with reviewers already, so
    that no more are asked than labels are missing. The same run tried again draws the same.
    """
    wanted = min(room, (incident.labels_missing or 0) - waiting)
    free = [one for one in documents if one.day >= incident.since and one.content not in taken]
    free.sort(key=lambda one: uniform(seed, f"regime {one.content}"))
    return free[: max(0, wanted)]
