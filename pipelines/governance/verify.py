"""Whether the ledger is whole: against itself, its head, and the registry's notes of it."""

from pipelines.governance import promotion
from pipelines.opsdb import chain, ledger
from pipelines.opsdb.database import OpsDb
from pipelines.registry import Registry


def verify(db: OpsDb, registry: Registry) -> tuple[int, list[str]]:
    """How many rows the ledger has, and what is wrong with it in sentences."""
    try:
        with db.read() as session:
            rows, head = ledger.rows(session), ledger.head(session)
    except ValueError as error:  # an instant or a number that is none any more
        return 0, [f"a row was altered: its content cannot be read ({error})"]
    return len(rows), chain.verify(rows, head, promotion.anchors(registry))
