"""Reads what there is to judge of a model, and what was judged."""

from datetime import datetime

from pipelines.contracts.learning import REGIME, Regime
from pipelines.contracts.spec import ModelSpec
from pipelines.governance import standing
from pipelines.lake import predictions
from pipelines.lake.lake import Lake
from pipelines.lake.published import published_days
from pipelines.monitoring.plan import Known
from pipelines.opsdb import ledger, monitoring
from pipelines.opsdb.database import OpsDb
from pipelines.registry import Registry


def read(spec: ModelSpec, *, lake: Lake, db: OpsDb, registry: Registry, now: datetime) -> Known:
    """Changes nothing; raises what the stores raise. A day is complete once it is over in UTC."""
    with db.read() as session:
        champion = standing.champion(ledger.rows(session, spec.name))
        calibrations = monitoring.calibrations(session, spec.name)
        judged = {one.window: one for one in monitoring.windows(session, spec.name)}
    days = published_days(lake, spec.dataset)
    return Known(
        published={day: one.rows_published for day, one in sorted(days.items()) if one.rows_in},
        shown=predictions.shown(predictions.states(lake, spec.name)),
        calibrations=calibrations,
        judged=judged,
        regime=None if champion is None else _regime(spec, champion, registry),
        today=now.date().isoformat(),
    )


def _regime(spec: ModelSpec, champion: int, registry: Registry) -> str | None:
    text = registry.resolve(spec.name, champion).tags.get(REGIME)
    return None if text is None else Regime.model_validate_json(text).since
