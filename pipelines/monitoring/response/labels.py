"""Labels of the regime of an incident: rows since it began that came labelled or were reviewed."""

import logging
from collections.abc import Callable

from pipelines.contracts.spec import ModelSpec
from pipelines.errors import MillraceError
from pipelines.lake.lake import Lake
from pipelines.lake.published import published_days
from pipelines.monitoring.response.ask import Labelled
from pipelines.opsdb import corrections
from pipelines.opsdb.database import Session
from pipelines.retraining.labelled import labelled_since

log = logging.getLogger(__name__)


def since(session: Session, spec: ModelSpec, lake: Lake) -> Callable[[str], Labelled | None]:
    """Counts from a day on; None where it could not be read."""

    def count(day: str) -> Labelled | None:
        try:
            days = sorted(one for one in published_days(lake, spec.dataset) if one >= day)
            reviewed = (
                {one.document_id for one in corrections.rows(session, spec.name)}
                if spec.fields
                else set()
            )
            rows, span = labelled_since(lake, spec, days, sorted(reviewed)) if days else (0, 0)
        except MillraceError as error:
            log.warning("labels since %s: %s", day, error)
            return None
        return Labelled(rows=rows, days=span)

    return count
