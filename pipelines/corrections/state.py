"""The items of a model as the database has them, and who may not be learnt from."""

from collections.abc import Collection, Container
from dataclasses import dataclass
from datetime import datetime

from pipelines.contracts.correction import StoredCorrection
from pipelines.contracts.spec import ModelSpec
from pipelines.corrections.settle import Item, Key, new_to_training, same_value, settle
from pipelines.opsdb import batches, corrections, proposals, queue, standings
from pipelines.opsdb.database import Session


@dataclass(frozen=True)
class State:
    """Rows of the table and what stands of them."""

    rows: list[StoredCorrection]
    items: dict[Key, Item]


def read(
    session: Session,
    spec: ModelSpec,
    *,
    documents: Collection[str] | None = None,
    until: int | None = None,
    standings_until: int | None = None,
    without: Collection[str] = (),
) -> State:
    """The items of all documents, or of some.

    `until` and `standings_until` give the state after that correction, with the reviewers who
    were held back after that standing; `without` takes some as held back too.
    """
    rows = corrections.rows(session, spec.name, until=until, documents=documents)
    # A second review is asked for when the first is finished: before that nobody waits for it.
    reviewed = {row.document_id for row in rows if row.task_id is not None}
    items = settle(
        rows,
        seconded=queue.seconded(session, spec.name, documents) & reviewed,
        held=standings.held(session, spec.name, standings_until) | set(without),
        same=same_value(spec),
    )
    return State(rows, items)


@dataclass(frozen=True)
class Fresh:
    """What no batch has yet."""

    members: list[int]
    counted: list[Item]
    """Those of them that the threshold counts."""
    unsettled: int
    """Items that wait for another reviewer or an adjudicator."""


def fresh(session: Session, spec: ModelSpec, golden: Container[str] = ()) -> Fresh:
    """Settled corrections that no batch has; those of golden documents never are in one."""
    documents = {
        one for one in corrections.unclaimed_documents(session, spec.name) if one not in golden
    }
    found = read(session, spec, documents=documents)
    claimed = batches.claimed(session, spec.name, documents)
    members, counted = new_to_training(found.items, found.rows, claimed, same_value(spec))
    unsettled = sum(item.state != "settled" for item in found.items.values())
    return Fresh(members, counted, unsettled)


def propose_golden(
    session: Session, spec: ModelSpec, golden: Collection[str], now: datetime
) -> int:
    """Puts settled corrections of golden documents on the proposal list; says how many are new.

    Only what changes an answer: a golden row that was confirmed needs no change.
    """
    documents = corrections.unclaimed_documents(session, spec.name) & set(golden)
    items = read(session, spec, documents=documents).items.values()
    said = [item.answer for item in items if item.answer is not None and item.answer.changes]
    return proposals.propose(session, said, now)
