"""Which DAG run made, judged or decided which version: read from Airflow's own records."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from airflow.models.dagrun import DagRun
from airflow.models.xcom import XComModel
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

_FAMILIES = ("train", "decide", "rollback")
"""DAGs whose runs are about one version."""
_MOST_RESULTS = 3_000
"""Newest results that are looked at; older ones only lose their link."""


@dataclass(frozen=True)
class Run:
    """A run of a DAG."""

    dag_id: str
    run_id: str


@dataclass(frozen=True)
class Publication:
    """The run that published a snapshot, and its validation's page, relative to the home."""

    run: Run
    data_docs: str | None


def of_versions(model: str, session: Session) -> dict[int, list[Run]]:
    """Runs by version, oldest first."""
    dags = [f"{family}__{model}" for family in _FAMILIES]
    found: dict[int, list[Run]] = {}
    pairs = [*_by_result(dags, session), *_by_event(dags, session)]
    for _, version, run in sorted(pairs, key=lambda pair: pair[0]):
        runs = found.setdefault(version, [])
        if run not in runs:
            runs.append(run)
    return found


def of_snapshots(dataset: str, session: Session) -> dict[str, Publication]:
    """Who published which snapshot of a data set: the first run that named it."""
    found: dict[str, Publication] = {}
    for row, result in _results([f"ingest__{dataset}"], session):
        if result.get("snapshot_id"):
            run = Run(row.dag_id, row.run_id)
            found[str(result["snapshot_id"])] = Publication(run, result.get("data_docs"))
    return found  # newest first came in, so the oldest of a snapshot stays


def version_of(dag_id: str, run_id: str, session: Session) -> int | None:
    """The version that a run is about; None for none yet, or for a run of another family."""
    for _, result in _results([dag_id], session, run_id=run_id):
        if isinstance(result.get("version"), int):
            return int(result["version"])
    run = session.scalars(
        select(DagRun).where(DagRun.dag_id == dag_id, DagRun.run_id == run_id)
    ).one_or_none()
    return None if run is None else _named(run)


def _by_result(dags: Sequence[str], session: Session) -> list[tuple[Any, int, Run]]:
    return [
        (row.timestamp, int(result["version"]), Run(row.dag_id, row.run_id))
        for row, result in _results(dags, session)
        if isinstance(result.get("version"), int)
    ]


def _by_event(dags: Sequence[str], session: Session) -> list[tuple[Any, int, Run]]:
    """Runs that an event or a form told their version: also those that still wait."""
    query = (
        select(DagRun)
        .where(DagRun.dag_id.in_(dags))
        .options(selectinload(DagRun.consumed_asset_events))
        .order_by(DagRun.id.desc())
        .limit(_MOST_RESULTS)
    )
    named = [(run, _named(run)) for run in session.scalars(query)]
    return [
        (run.queued_at or run.run_after, version, Run(run.dag_id, run.run_id))
        for run, version in named
        if version is not None
    ]


def _named(run: DagRun) -> int | None:
    version = (run.conf or {}).get("version")
    if isinstance(version, int):
        return version
    events = sorted(run.consumed_asset_events, key=lambda event: event.timestamp)
    told = [event.extra.get("version") for event in events if event.extra]
    return next((one for one in reversed(told) if isinstance(one, int)), None)


def _results(
    dags: Sequence[str], session: Session, run_id: str | None = None
) -> list[tuple[XComModel, dict[str, Any]]]:
    """What tasks gave back, newest first."""
    query = select(XComModel).where(XComModel.dag_id.in_(dags), XComModel.key == "return_value")
    if run_id is not None:
        query = query.where(XComModel.run_id == run_id)
    rows = session.scalars(query.order_by(XComModel.timestamp.desc()).limit(_MOST_RESULTS))
    found = [(row, XComModel.deserialize_value(row)) for row in rows]
    return [(row, result) for row, result in found if isinstance(result, dict)]
