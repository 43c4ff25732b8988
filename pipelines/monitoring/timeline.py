"""What is known of a live model over time, read for people. Only reads.

It is looked at when something is wrong: what cannot be read is said in a sentence, and the rest is
shown all the same.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import TypeVar

from pipelines import specs
from pipelines.contracts.decision import LedgerRow
from pipelines.contracts.monitoring import BreakerRow, Calibration, Incident, WindowRecord
from pipelines.contracts.quality import Figure
from pipelines.contracts.spec import ModelSpec
from pipelines.errors import MillraceError
from pipelines.governance.records import nothing_there, sentence
from pipelines.opsdb import breaker, incidents, ledger, monitoring
from pipelines.opsdb.database import OpsDb, Session
from pipelines.settings import Settings

MOST_INCIDENTS = 50
_NAMED = 3
"""Of what moved, in words."""
_Read = TypeVar("_Read")


@dataclass(frozen=True)
class Standing:
    """How a model stands now."""

    spec: ModelSpec
    window: WindowRecord | None
    """Judged last."""
    since: str | None
    """First of the windows in a row with this decision, or the day from which what is open in it
    was past its limit."""
    incidents: tuple[Incident, ...]
    """Open ones, the oldest first."""
    paused: BreakerRow | None

    @property
    def moved(self) -> str:
        """What moved in the newest window, the most important first, in words."""
        names = self.window.verdict.moved if self.window else []
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        return ", ".join(names[:_NAMED]) + more or "nothing"


@dataclass(frozen=True)
class Timeline:
    """One model over some windows, oldest first."""

    spec: ModelSpec
    windows: tuple[WindowRecord, ...]
    incidents: tuple[Incident, ...] = ()
    """Newest first, at most MOST_INCIDENTS."""
    calibration: Calibration | None = None
    breaker: tuple[BreakerRow, ...] = ()
    ledger: tuple[LedgerRow, ...] = ()
    figures: tuple[Figure, ...] = ()
    notes: tuple[str, ...] = field(default=())
    """What could not be read, in sentences."""

    @property
    def open(self) -> list[Incident]:
        """Incidents that have not ended, the oldest first."""
        return [one for one in reversed(self.incidents) if one.closed_at is None]

    @property
    def since(self) -> str | None:
        """As of a `Standing`."""
        return _since(self.windows[::-1], self.open)

    @property
    def paused(self) -> BreakerRow | None:
        """The turn that stopped scoring; None where it goes on."""
        return self.breaker[-1] if self.breaker and self.breaker[-1].paused else None


def standings(models: Sequence[str], settings: Settings) -> tuple[list[Standing], list[str]]:
    """How each of the models stands, and what could not be read."""
    found, notes = _asked(
        settings, lambda session: [_standing(session, specs.model(one)) for one in models]
    )
    if found is None:
        return [Standing(specs.model(one), None, None, (), None) for one in models], notes
    return found, notes


def timeline(model: str, count: int, settings: Settings) -> Timeline:
    """The newest `count` windows of one model; raises NotFoundError for an unknown one."""
    spec = specs.model(model)

    def read(session: Session) -> Timeline:
        return Timeline(
            spec=spec,
            windows=tuple(reversed(monitoring.windows(session, model, limit=count))),
            incidents=tuple(incidents.latest(session, model, MOST_INCIDENTS)),
            calibration=monitoring.calibration(session, model),
            breaker=tuple(breaker.rows(session, model)),
            ledger=tuple(ledger.rows(session, model)),
        )

    found, notes = _asked(settings, read)
    figures, more = _figures(model, settings)
    base = found or Timeline(spec, ())
    return Timeline(**vars(base) | {"figures": tuple(figures), "notes": (*notes, *more)})


def _standing(session: Session, spec: ModelSpec) -> Standing:
    newest = monitoring.windows(session, spec.name, limit=spec.monitoring.reference_days)
    still_open = tuple(incidents.still_open(session, spec.name))
    return Standing(
        spec=spec,
        window=newest[0] if newest else None,
        since=_since(newest, still_open),
        incidents=still_open,
        paused=breaker.is_paused(session, spec.name),
    )


def _since(newest: Sequence[WindowRecord], still_open: Sequence[Incident]) -> str | None:
    if not newest:
        return None
    verdict = newest[0].verdict
    alike = takewhile(lambda one: one.verdict.decision == verdict.decision, newest)
    # The windows past their limit before there were enough of them for an alarm are in it.
    began = [one.since for one in still_open] if verdict.moved else []
    return min([*began, *(one.window for one in alike)])


def _asked(settings: Settings, read: Callable[[Session], _Read]) -> tuple[_Read | None, list[str]]:
    """What the operations database answers; a database that is not there is not made."""
    if nothing_there(settings):
        return None, ["There is no operations database yet: nothing was judged here."]
    try:
        db = OpsDb.open(settings)
        try:
            with db.read() as session:
                return read(session), []
        finally:
            db.engine.dispose()
    except MillraceError as error:
        return None, [f"The operations database cannot be read: {sentence(error)}"]
    except ValueError as error:  # what stands there is no record any more
        return None, [f"A record of the monitoring cannot be read: {sentence(error)}"]


def _figures(model: str, settings: Settings) -> tuple[list[Figure], list[str]]:
    from pipelines.lake import quality
    from pipelines.lake.lake import Lake

    try:
        return quality.read(Lake.open(settings), model), []
    except Exception as error:
        return [], [f"The figures of quality cannot be read: {sentence(error)}"]
