"""Scores published rows with the champion, and with a shadow beside it.

    python spark_jobs/score.py --model receipts --versions JSON --token T --result FILE

The versions are fixed by whoever starts it: a promotion in the meantime is the next run's. A
row's prediction is named by its key, its content and the version, so that what is there is not
made again, and Spark is not even started where nothing is missing. One commit replaces exactly
the partitions (day, version) that differ: readers see all of a run or nothing.
"""

from collections.abc import Mapping, Sequence

from pipelines import settings as configuration
from pipelines import specs
from pipelines.contracts import names
from pipelines.contracts.result import ScoredVersion, ScoreResult
from pipelines.contracts.scoring import PINNED, Pinned
from pipelines.contracts.spec import ModelSpec
from pipelines.errors import NotFoundError
from pipelines.lake import predictions
from pipelines.lake.lake import Lake
from pipelines.lake.predictions import Due, Made
from pipelines.lake.published import Publication, publications
from pipelines.settings import Settings
from spark_jobs import command
from spark_jobs.features import pinned_snapshot
from spark_jobs.fence import fenced_session, held


def run(
    model: str,
    versions: Sequence[Pinned],
    snapshot: int | None,
    days: Sequence[str],
    token: str,
    settings: Settings,
) -> ScoreResult:
    """Predictions of all published days, or of `days`, as of a snapshot, the newest unless named.

    Raises NotFoundError for a snapshot or day that is not published, BadDataError where too
    many rows are refused. Waits for a live twin with the same token.
    """
    spec = specs.model(model)
    lake = Lake.open(settings)
    pinned = pinned_snapshot(lake, names.published_table(spec.dataset), snapshot)
    asked = _asked(publications(lake, spec.dataset, pinned), days, spec)
    with held(token, names.predictions_table(model), settings):
        before = predictions.states(lake, model)
        todo = [predictions.due(version, asked, before) for version in versions]
        if any(one.score for one in todo):
            from spark_jobs.scoring import score

            with fenced_session(f"score {model}", token, settings) as spark:
                score(spark, lake, spec, dict(zip(versions, todo, strict=True)), pinned, token)
        elif any(one.note for one in todo):
            _note(lake, model, todo, pinned, token)
        return _result(lake, spec, versions, asked, pinned, token)


def _asked(
    published: Mapping[str, Publication], days: Sequence[str], spec: ModelSpec
) -> dict[str, int]:
    """The publication of each day that is asked for; of every day where none is named."""
    unknown = sorted(set(days) - set(published))
    if unknown:
        known = f"{min(published)} to {max(published)}" if published else "none"
        raise NotFoundError(
            f"{spec.dataset} has no published day {', '.join(unknown)}; published: {known}. Name "
            "days as 2026-01-31, or none for all of them."
        )
    return {day: published[day].snapshot_id for day in days or published}


def _note(lake: Lake, model: str, todo: Sequence[Due], pinned: int, token: str) -> None:
    """Another version is shown from now on; its predictions are there already."""
    states = {(one.version, day): state for one in todo for day, state in one.note.items()}
    made = Made(token=token, input_snapshot_id=pinned, added={}, removed={}, refused={})
    table = names.predictions_table(model)
    lake.append(table, lake.read(table, where={names.DAY: ""}), predictions.notes(states, made))


def _result(
    lake: Lake,
    spec: ModelSpec,
    versions: Sequence[Pinned],
    asked: Mapping[str, int],
    pinned: int,
    token: str,
) -> ScoreResult:
    """What the days hold now. A retry whose work was done by an earlier try tells it as its own."""
    states, last = predictions.states(lake, spec.name), predictions.last_run(lake, spec.name)
    made = last if last and last.token == token else None
    table = names.predictions_table(spec.name)
    found = []
    for one in versions:
        mine = [states[one.version, day] for day in asked]
        rows_in, refused = (
            sum(getattr(day, name) for day in mine) for name in ("rows_in", "refused")
        )
        found.append(
            ScoredVersion(
                version=one.version,
                role=one.role,
                days=len(mine),
                rows_in=rows_in,
                rows_scored=rows_in - refused,
                rows_refused=refused,
                rows_added=made.added.get(one.version, 0) if made else 0,
                rows_removed=made.removed.get(one.version, 0) if made else 0,
            )
        )
    return ScoreResult(
        model=spec.name,
        table=table,
        snapshot_id=lake.current_snapshot(table),
        input_snapshot_id=pinned,
        changed=made is not None,
        versions=found,
        refused=made.refused if made else {},
    )


def main(argv: Sequence[str] | None = None) -> ScoreResult:
    """Command line of the job; leaves result or error as JSON in the file of `--result`."""
    parser = command.parser("Scores published rows.")
    parser.add_argument("--model", required=True)
    parser.add_argument(
        "--versions", required=True, type=PINNED.validate_json, help="JSON list of Pinned"
    )
    parser.add_argument(
        "--snapshot", type=command.snapshot, help="of the data set: its id or `newest`"
    )
    parser.add_argument(
        "--days", type=command.days, default=[], help="as 2026-01-31, separated by commas; or all"
    )
    given = parser.parse_args(argv)
    return command.reported(
        given.result,
        lambda: run(
            given.model,
            given.versions,
            given.snapshot,
            given.days,
            given.token,
            configuration.load(),
        ),
    )


if __name__ == "__main__":
    command.start(main)
