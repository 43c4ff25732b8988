"""Finishes changes of champion that a crash left between the ledger and the registry."""

import logging
from dataclasses import dataclass

from pipelines.governance import promotion, standing
from pipelines.opsdb import ledger
from pipelines.opsdb.database import OpsDb
from pipelines.registry import Registry

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Moved:
    """An alias that names another version than the ledger says, although nothing crashed."""

    model: str
    alias: str
    ledger: int | None
    registry: int | None

    @property
    def text(self) -> str:
        return (
            f"{self.model}: alias {self.alias} names version {self.registry or 'nobody'}, the "
            f"ledger says {self.ledger or 'nobody'}: it was moved by hand"
        )


def reconcile(db: OpsDb, registry: Registry, model: str | None = None) -> list[str]:
    """Carries out what the ledger says and nobody finished; says what it did.

    An alias that was moved by hand is left as it is, for `millrace audit` to show and a person
    to decide. Call it before anything that needs the champion; without work it only reads.
    """
    done: list[str] = []
    for name in _models(db, model):
        with db.read() as session:
            rows = ledger.rows(session, name)
        if promotion.unnoted(rows, promotion.known(registry, name)):
            done += promotion.follow(db, registry, name)
    for line in done:
        log.info("%s", line)
    return done


def moved(db: OpsDb, registry: Registry, model: str | None = None) -> list[Moved]:
    """Aliases of models with a ledger that do not say what the ledger says."""
    found: list[Moved] = []
    for name in _models(db, model):
        with db.read() as session:
            rows = ledger.rows(session, name)
        versions = promotion.known(registry, name)
        for alias, wanted in standing.aliases(rows).items():
            actual = promotion.aliased(versions, alias)
            if actual != wanted:
                found.append(Moved(name, alias, wanted, actual))
    return found


def _models(db: OpsDb, model: str | None) -> list[str]:
    if model is not None:
        return [model]
    with db.read() as session:
        return sorted({row.model for row in ledger.rows(session)})
