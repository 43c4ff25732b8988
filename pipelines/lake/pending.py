"""Which days of a data set are to be published: told from files and commits, without Spark."""

from pipelines import specs
from pipelines.lake.delivery import deliveries, landed_days
from pipelines.lake.lake import Lake
from pipelines.lake.published import published_days
from pipelines.settings import Settings


def pending_days(dataset: str, settings: Settings) -> list[str]:
    """Days whose landed files, suite or checks differ from what is published, sorted.

    A published day that has no files any more is pending too: publishing empties it.
    """
    spec = specs.dataset(dataset)
    published = published_days(Lake.open(settings), dataset)
    kept = {day for day, state in published.items() if state.rows_in}
    landed = deliveries(spec, {*landed_days(dataset, settings), *kept}, settings)
    return [
        delivery.day
        for delivery in landed
        if delivery.day not in published or published[delivery.day].key != delivery.key
    ]
