"""Corrections of golden documents, which wait for a person's word, in the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipelines.contracts.correction import Proposal, StoredCorrection
from pipelines.errors import NotFoundError, RefusedError
from pipelines.opsdb.bulk import insert_new
from pipelines.opsdb.reviewtables import ProposalRow

_PROPOSAL = tuple(Proposal.model_fields)
_OF_CORRECTION = ("model", "document_id", "field", "correction_id", "after", "verdict", "reviewer")


def propose(session: Session, said: Sequence[StoredCorrection], now: datetime) -> int:
    """Puts corrections on the list, each once; says how many are new."""
    rows = [
        {name: getattr(one, name) for name in _OF_CORRECTION}
        | {"proposed_at": now, "state": "open"}
        for one in said
    ]
    return insert_new(session, ProposalRow, rows)


def listed(session: Session, model: str, state: str | None = "open") -> list[Proposal]:
    """Proposals, oldest first."""
    query = select(ProposalRow).where(ProposalRow.model == model)
    if state is not None:
        query = query.where(ProposalRow.state == state)
    return [_proposal(row) for row in session.scalars(query.order_by(ProposalRow.proposal_id))]


def get(session: Session, proposal_id: int) -> Proposal:
    """A proposal by its number; raises NotFoundError."""
    return _proposal(_row(session, proposal_id))


def decide(
    session: Session,
    proposal_id: int,
    state: Literal["accepted", "refused"],
    person: str,
    why: str,
    now: datetime,
) -> Proposal:
    """Records a person's word; raises RefusedError where there is another one already.

    The golden set itself changes by a new version of its table alone, made from what is accepted.
    """
    row = _row(session, proposal_id, lock=True)
    if row.state != "open" and (row.state, row.decided_by) != (state, person):
        raise RefusedError(f"{row.decided_by} {row.state} proposal {proposal_id} before.")
    if row.state == "open":
        row.state, row.decided_by, row.why, row.decided_at = state, person, why, now
        session.flush()
    return _proposal(row)


def _row(session: Session, proposal_id: int, lock: bool = False) -> ProposalRow:
    row = session.get(ProposalRow, proposal_id, populate_existing=True, with_for_update=lock)
    if row is None:
        raise NotFoundError(f"there is no golden proposal {proposal_id}.")
    return row


def _proposal(row: ProposalRow) -> Proposal:
    return Proposal(**{name: getattr(row, name) for name in _PROPOSAL})
