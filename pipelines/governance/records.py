"""Decisions and the ledger of all models, read whole, also where somebody altered them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from pipelines.contracts.decision import Decided, Head, LedgerRow, StoredRequest
from pipelines.errors import MillraceError
from pipelines.opsdb import chain, decisions, ledger
from pipelines.opsdb.database import OpsDb
from pipelines.settings import Settings

_SQLITE = "sqlite:///"


@dataclass(frozen=True)
class Judged:
    """A version that was put to a decision, and what became of it."""

    request: StoredRequest
    decided: Decided | None

    def state(self, now: datetime) -> str:
        """`waiting`, `late` (its time is over, nobody noted it yet), `overtaken`, or the choice."""
        if self.decided is not None:
            return self.decided.choice
        if self.request.state != "waiting":
            return "overtaken"
        return "waiting" if now < self.request.expires_at else "late"


@dataclass(frozen=True)
class Chain:
    """Whether the whole ledger, of all models, is as it was written."""

    rows: int
    faults: tuple[str, ...]
    anchored: bool
    """Compared with the copies that the registry holds."""


@dataclass(frozen=True)
class Records:
    """What the operations database holds, of all models, oldest first."""

    rows: tuple[LedgerRow, ...]
    """As they are in the table, altered ones too."""
    head: Head
    judged: tuple[Judged, ...]
    ledger_faults: tuple[str, ...]
    notes: tuple[str, ...]

    def of(self, model: str) -> list[LedgerRow]:
        """Ledger rows of one model that still hold what a row holds."""
        return [row for row in self.rows if row.model == model and _is_row(row)]


def read_records(settings: Settings) -> Records:
    """Everything from the operations database. A database that is not there is not made."""
    if nothing_there(settings):
        return _nothing("There is no operations database yet: nothing was put to a decision here.")
    try:
        db = OpsDb.open(settings)
        try:
            return _read(db)
        finally:
            db.engine.dispose()
    except MillraceError as error:
        return _nothing(f"The operations database cannot be read: {sentence(error)}")


def nothing_there(settings: Settings) -> bool:
    """Whether the embedded operations database was never made."""
    uri = settings.operations_uri
    return uri.startswith(_SQLITE) and not Path(uri.removeprefix(_SQLITE)).exists()


def _nothing(note: str) -> Records:
    return Records((), chain.GENESIS, (), (), (note,))


def _read(db: OpsDb) -> Records:
    rows, head, judged = [], chain.GENESIS, []
    faults: list[str] = []
    notes: list[str] = []
    try:
        with db.read() as session:
            head, rows = ledger.head(session), ledger.rows(session)
    except ValueError as error:  # an instant or a number that is none any more
        faults.append(f"a row was altered: its content cannot be read ({error})")
    try:
        with db.read() as session:
            decided = {one.request_id: one for one in decisions.decisions(session)}
            judged = [
                Judged(one, decided.get(one.request_id)) for one in decisions.requests(session)
            ]
    except ValueError as error:
        notes.append(f"A request or a decision cannot be read: somebody altered it ({error}).")
    return Records(tuple(rows), head, tuple(judged), tuple(faults), tuple(notes))


def _is_row(row: LedgerRow) -> bool:
    # Rows are read unchecked, so that the chain can be verified whatever was written into them.
    try:
        LedgerRow.model_validate(vars(row), strict=True)
    except ValidationError:
        return False
    return True


def check(records: Records, anchors: Mapping[int, str] | None) -> Chain:
    """The ledger against itself, its head and the registry's copies; None where those are away."""
    faults = records.ledger_faults or chain.verify(records.rows, records.head, anchors or {})
    return Chain(len(records.rows), tuple(faults), anchors is not None)


def sentence(error: Exception) -> str:
    """An error in one line that ends like a sentence."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if text.endswith(".") else f"{text}."
