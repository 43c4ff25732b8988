"""Reads what there is to judge of a model, and what was judged."""

from datetime import datetime

from pipelines.contracts.spec import ModelSpec
from pipelines.lake import predictions
from pipelines.lake.lake import Lake
from pipelines.lake.published import published_days
from pipelines.monitoring import subject
from pipelines.monitoring.plan import Judged, Known
from pipelines.opsdb import monitoring
from pipelines.opsdb.database import OpsDb
from pipelines.registry import Registry
from pipelines.settings import Settings


def read(
    spec: ModelSpec, *, lake: Lake, db: OpsDb, registry: Registry, settings: Settings, now: datetime
) -> Known:
    """Changes nothing; raises what the stores raise. A day is complete once it is over in UTC."""
    with db.read() as session:
        calibrations = monitoring.calibrations(session, spec.name)
        judged = {day: Judged(*one) for day, one in monitoring.judged(session, spec.name).items()}
    champion = subject.read(spec, lake=lake, db=db, registry=registry, settings=settings)
    days = published_days(lake, spec.dataset)
    return Known(
        published={day: one.rows_published for day, one in sorted(days.items()) if one.rows_in},
        shown=predictions.shown(predictions.states(lake, spec.name)),
        calibrations=calibrations,
        judged=judged,
        regime=None if champion.regime is None else champion.regime.since,
        today=now.date().isoformat(),
    )
