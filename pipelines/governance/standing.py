"""What the ledger says about a model: champion, shadow, and what was before. Pure.

Every function takes the rows of one model, oldest first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pipelines.contracts.decision import LedgerRow

SHADOW_KIND = "shadow"


@dataclass(frozen=True)
class Reign:
    """A time in which one version was the champion."""

    version: int
    since: datetime
    until: datetime | None
    row: LedgerRow


def reigns(rows: Sequence[LedgerRow]) -> list[Reign]:
    """What was live when, oldest first; the last one is live."""
    changes = [row for row in rows if row.kind != SHADOW_KIND]
    ends = [*(row.at for row in changes[1:]), None]
    return [
        Reign(row.to_version, row.at, end, row) for row, end in zip(changes, ends, strict=False)
    ]


def champion(rows: Sequence[LedgerRow]) -> int | None:
    """The version that answers; None before the first promotion."""
    found = reigns(rows)
    return found[-1].version if found else None


def shadow(rows: Sequence[LedgerRow]) -> int | None:
    """The version that is scored beside the champion; it ends when it becomes champion."""
    found: int | None = None
    for row in rows:
        if row.kind == SHADOW_KIND:
            found = row.to_version
        elif row.to_version == found:
            found = None
    return found


def previous(rows: Sequence[LedgerRow]) -> int | None:
    """The champion that a rollback goes back to; None where there is none.

    Each promotion goes on top of a pile, a rollback takes off what was above its version. So two
    rollbacks go two champions back, not forth and back again.
    """
    pile: list[int] = []
    for row in rows:
        if row.kind == SHADOW_KIND:
            continue
        if row.kind == "rollback" and row.to_version in pile:
            del pile[pile.index(row.to_version) + 1 :]
            continue
        # A version that comes back to the top is in the pile once.
        pile = [version for version in pile if version != row.to_version] + [row.to_version]
    return pile[-2] if len(pile) > 1 else None


def aliases(rows: Sequence[LedgerRow]) -> Mapping[str, int | None]:
    """What the registry's aliases must name."""
    return {"champion": champion(rows), "shadow": shadow(rows)}
