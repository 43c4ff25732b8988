"""The labels of one retrain request as a snapshot of the lake, which its training reads."""

from pipelines import specs
from pipelines.contracts.correction import RetrainRequest
from pipelines.contracts.learning import Labels
from pipelines.contracts.spec import ModelSpec
from pipelines.corrections import labels
from pipelines.errors import MisconfiguredError
from pipelines.lake import labels as table
from pipelines.lake.golden import golden_keys
from pipelines.lake.lake import Lake
from pipelines.opsdb import batches
from pipelines.opsdb.database import OpsDb
from pipelines.settings import Settings


def publish(
    spec: ModelSpec, request: RetrainRequest, *, db: OpsDb, lake: Lake, settings: Settings
) -> Labels | None:
    """All labels up to the request's last correction; None where nobody has said anything.

    The request was taken by its training, which fixes them: asked again they are the same
    snapshot. Raises MisconfiguredError for one that no training has taken.
    """
    if request.labels_until is None or request.started_at is None:
        raise MisconfiguredError(
            f"retrain request {request.request_id} of {spec.name!r} was not taken by a training, "
            "so its labels are not fixed yet. Take it first (`corrections.training.start`)."
        )
    key = specs.key(spec)
    golden = golden_keys(lake, spec.name, key)
    with db.read() as session:
        found = labels.build(
            session,
            spec,
            golden=golden,
            until=request.labels_until,
            standings_until=request.standings_until,
        )
        claimed = batches.all_of(session, spec.name)
    rows = found.table(key)
    if not rows.num_rows:
        return None
    return table.publish(
        lake,
        settings,
        spec.name,
        rows,
        until=found.until,
        batches=[one.batch_id for one in claimed if one.claimed_at <= request.started_at],
    )
