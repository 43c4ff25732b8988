"""Labels of the regime of an incident: rows since it began that came labelled or were reviewed."""

import logging
from collections.abc import Sequence

from pipelines.contracts.spec import ModelSpec
from pipelines.errors import MillraceError
from pipelines.lake.lake import Lake
from pipelines.lake.published import published_days
from pipelines.monitoring.response.ask import Labelled, may_ask
from pipelines.opsdb import corrections, incidents
from pipelines.opsdb.database import OpsDb
from pipelines.retraining.labelled import labelled_since

log = logging.getLogger(__name__)


def count(spec: ModelSpec, *, lake: Lake, db: OpsDb) -> dict[str, Labelled]:
    """By first day of the open incidents that may ask for a training; what could not be read is
    missing.

    Rows are counted in the lake, which may take long: no transaction that writes waits for it.
    """
    with db.read() as session:
        since = {
            one.since
            for one in incidents.still_open(session, spec.name)
            if may_ask(one, spec.monitoring)
        }
        reviewed = (
            sorted({one.document_id for one in corrections.rows(session, spec.name)})
            if since and spec.is_reviewed
            else []
        )
    counted = {day: _count(spec, day, reviewed, lake) for day in sorted(since)}
    return {day: found for day, found in counted.items() if found is not None}


def _count(spec: ModelSpec, since: str, reviewed: Sequence[str], lake: Lake) -> Labelled | None:
    try:
        days = sorted(one for one in published_days(lake, spec.dataset) if one >= since)
        rows, span = labelled_since(lake, spec, days, reviewed) if days else (0, 0)
    except MillraceError as error:
        log.warning("labels since %s: %s", since, error)
        return None
    return Labelled(rows=rows, days=span)
