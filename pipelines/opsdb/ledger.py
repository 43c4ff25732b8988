"""The append-only ledger. There is no way to change or remove a row, here or in the database."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipelines.contracts.decision import Change, Head, LedgerRow
from pipelines.opsdb.chain import GENESIS, link
from pipelines.opsdb.tables import HeadRow, LedgerTable

_COLUMNS = tuple(LedgerRow.model_fields)


def lock(session: Session) -> None:
    """Waits for other writers of decisions and the ledger, until the end of the transaction."""
    _head(session)


def append(session: Session, change: Change) -> LedgerRow:
    """Writes the next row and the head, in the caller's transaction."""
    head = _head(session)
    row = link(change, Head(sequence=head.sequence, hash=head.hash))
    session.add(LedgerTable(**row.model_dump()))
    head.sequence, head.hash = row.sequence, row.hash
    session.flush()
    return row


def rows(session: Session, model: str | None = None) -> list[LedgerRow]:
    """Rows of one model, or of all, oldest first."""
    query = select(LedgerTable).order_by(LedgerTable.sequence)
    if model is not None:
        query = query.where(LedgerTable.model == model)
    return [
        # Not checked: `verify` must be able to read what somebody wrote into it.
        LedgerRow.model_construct(**{name: getattr(row, name) for name in _COLUMNS})
        for row in session.scalars(query)
    ]


def head(session: Session) -> Head:
    """The newest row by what is kept beside the ledger; of an empty one where it was deleted."""
    found = session.scalars(select(HeadRow)).one_or_none()
    if found is None:
        return GENESIS
    return Head(sequence=found.sequence, hash=found.hash)


def answering(session: Session, request_id: int) -> LedgerRow | None:
    """The row that a request led to; None where it led to none."""
    found = session.scalars(select(LedgerTable).where(LedgerTable.request_id == request_id))
    row = found.one_or_none()
    return None if row is None else LedgerRow(**{name: getattr(row, name) for name in _COLUMNS})


def _head(session: Session) -> HeadRow:
    # SQLite holds its one write lock already; PostgreSQL waits at this row, and each statement
    # after it sees what the writer before has committed.
    return session.scalars(
        select(HeadRow).with_for_update().execution_options(populate_existing=True)
    ).one()
