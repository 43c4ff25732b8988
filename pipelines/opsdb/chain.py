"""The chain of the ledger: each row's hash covers the row and the hash of the one before. Pure."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from hashlib import sha256

from pipelines.contracts.decision import Change, Head, LedgerRow

GENESIS = Head(sequence=0, hash="0" * 64)
"""Head of a ledger without rows."""


def instant_text(instant: datetime) -> str:
    """`2026-11-21T03:00:00.000000Z`; raises ValueError for a time without a zone."""
    if instant.tzinfo is None:
        raise ValueError(f"{instant} has no time zone; give an instant in UTC")
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def link(change: Change, head: Head) -> LedgerRow:
    """The row that follows `head`."""
    content = {**change.model_dump(), "sequence": head.sequence + 1, "previous": head.hash}
    return LedgerRow.model_validate({**content, "hash": _hash(content)})


def verify(rows: Iterable[LedgerRow], head: Head, anchors: Mapping[int, str]) -> list[str]:
    """What is wrong with a ledger, in sentences; empty for a sound one.

    `rows` as the table has them by sequence, `head` as kept beside it, `anchors` the hash by
    sequence as copied elsewhere when the row was written. A row that was altered, deleted or
    moved breaks its own hash, its neighbour's or the head's; who rewrites all of them still
    meets the anchors.
    """
    faults: list[str] = []
    last = GENESIS
    by_sequence: dict[int, LedgerRow] = {}
    for row in rows:
        by_sequence[row.sequence] = row
        if row.sequence != last.sequence + 1:
            missing = f"{last.sequence + 1} to {row.sequence - 1}"
            faults.append(f"rows {missing} are missing before row {row.sequence}")
        elif row.previous != last.hash:
            faults.append(
                f"row {row.sequence} does not follow the row before it: one of them was "
                "replaced or moved"
            )
        if _hash(row.model_dump(exclude={"hash"})) != row.hash:
            faults.append(f"row {row.sequence} was altered: its content has another hash")
        last = Head(sequence=row.sequence, hash=row.hash)
    if last != head:
        faults.append(
            f"the ledger ends at row {last.sequence} ({last.hash[:12]}…), its head says row "
            f"{head.sequence} ({head.hash[:12]}…): the last rows were deleted or replaced"
        )
    for sequence, digest in sorted(anchors.items()):
        found = by_sequence.get(sequence)
        if found is None:
            faults.append(f"row {sequence} is missing; the registry remembers it")
        elif found.hash != digest:
            faults.append(f"row {sequence} is not the one that the registry remembers")
    return faults


def _hash(content: Mapping[str, object]) -> str:
    """SHA-256 of the content as canonical JSON: sorted keys, no spaces, instants in UTC."""
    plain = {
        name: instant_text(value) if isinstance(value, datetime) else value
        for name, value in content.items()
    }
    return sha256(
        json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()
    ).hexdigest()
