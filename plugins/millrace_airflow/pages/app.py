"""Results of runs, reports and the evidence of models, behind Airflow's own sign-in.

FastAPI reads the annotations at run time, so this module must not postpone them.
"""

import functools
import pathlib
from datetime import UTC, datetime
from typing import Annotated, Literal

from airflow.api_fastapi.common.db.common import SessionDep
from airflow.api_fastapi.core_api.security import requires_access_dag
from airflow.models.xcom import XComModel
from fastapi import BackgroundTasks, Depends, FastAPI, Path, Query, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from sqlalchemy import select

from millrace_airflow.pages import evidence as pages
from millrace_airflow.pages import runs
from millrace_airflow.pages import timeline as timelines
from millrace_airflow.pages.access import (
    ReadableDags,
    ReadableModels,
    dag_of_report,
    is_drawn,
)
from millrace_airflow.pages.render import DRAWN, FRESH, SAFE, Places, page
from millrace_airflow.pages.summary import summarise
from pipelines import settings, specs
from pipelines.errors import NotFoundError
from pipelines.governance import evidence, records
from pipelines.monitoring import timeline
from pipelines.registry import Registry
from pipelines.services import ports

app = FastAPI(title="Millrace", docs_url=None, redoc_url=None, openapi_url=None)


class _Missing(Exception):
    """There is no such page; the text says why."""


@app.exception_handler(_Missing)
def _missing(request: Request, error: _Missing) -> Response:
    html = page("missing.html", places_of(request), text=str(error))
    return HTMLResponse(html, status_code=404, headers=FRESH)


def places_of(request: Request) -> Places:
    """Addresses for the browser that asks; it says itself whether it shows a frame."""
    current = settings.load()
    port = ports.assigned(current)["mlflow"]
    uri = current.mlflow_uri or (f"http://{current.bind}:{port}" if port else None)
    return Places(
        prefix=request.scope.get("root_path", ""),
        framed=request.headers.get("sec-fetch-dest") == "iframe",
        mlflow=uri if uri and uri.startswith("http") else None,
    )


PlacesDep = Annotated[Places, Depends(places_of)]
_read_dag = Depends(requires_access_dag(method="GET"))


@app.get("/runs/{dag_id}/{run_id}", dependencies=[_read_dag])
def run_page(dag_id: str, run_id: str, places: PlacesDep, session: SessionDep) -> HTMLResponse:
    """What each task of the run gave back, with links to the reports it wrote."""
    rows = session.scalars(
        select(XComModel)
        .where(
            XComModel.dag_id == dag_id,
            XComModel.run_id == run_id,
            XComModel.key == "return_value",
        )
        .order_by(XComModel.timestamp)
    )
    tasks = [(row.task_id, summarise(XComModel.deserialize_value(row))) for row in rows]
    return HTMLResponse(
        page("run.html", places, dag_id=dag_id, run_id=run_id, tasks=tasks), headers=FRESH
    )


@app.get("/runs/{dag_id}/{run_id}/evidence", dependencies=[_read_dag])
def evidence_of_run(
    dag_id: str, run_id: str, places: PlacesDep, models: ReadableModels, session: SessionDep
) -> Response:
    """The evidence of the version that a run is about."""
    model = dag_id.partition("__")[2]
    version = None
    if model in models and not dag_id.startswith("ingest__"):
        version = runs.version_of(dag_id, run_id, session)
    return _evidence_of(dag_id, version, places, models)


@app.get("/dags/{dag_id}/evidence", dependencies=[_read_dag])
def evidence_of_dag(dag_id: str, places: PlacesDep, models: ReadableModels) -> Response:
    """The evidence of the model that a DAG is about."""
    return _evidence_of(dag_id, None, places, models)


def _evidence_of(dag_id: str, version: int | None, places: Places, models: list[str]) -> Response:
    family, _, name = dag_id.partition("__")
    if family == "ingest" and name in specs.dataset_names():
        fed = [one for one in models if specs.model(one).dataset == name]
        return _models(fed, places, dataset=name)
    if name in models:
        page_of_version = places.model(name, version).partition("#")[0]  # from its top
        return RedirectResponse(page_of_version, status_code=303, headers=FRESH)
    raise _Missing(f"The DAG {dag_id} is about no model that you may see.")


@app.get("/evidence")
def evidence_of_all(
    places: PlacesDep, models: ReadableModels, background: BackgroundTasks
) -> HTMLResponse:
    """All models: what is live, what waits."""
    background.add_task(_warm_up)
    return _models(models, places)


def _models(models: list[str], places: Places, dataset: str | None = None) -> HTMLResponse:
    found, read = evidence.overviews(models, settings.load())
    chain = records.check(read, None)
    html = pages.models_page(
        found, chain, read.notes, places=places, now=datetime.now(UTC), dataset=dataset
    )
    return HTMLResponse(html, headers=FRESH)


@app.get("/evidence/{model}")
def evidence_of_model(
    model: str,
    places: PlacesDep,
    models: ReadableModels,
    session: SessionDep,
    version: int | None = None,
) -> HTMLResponse:
    """One model: what is live, history, comparison, versions, ledger."""
    _require(model, models)
    current = settings.load()
    dataset = specs.model(model).dataset
    traces = pages.Traces(runs.of_versions(model, session), runs.of_snapshots(dataset, session))
    html = pages.model_page(
        evidence.dossier(model, current),
        version,
        traces,
        settings=current,
        places=places,
        now=datetime.now(UTC),
    )
    return HTMLResponse(html, headers=FRESH)


@app.get("/monitor")
def monitors(places: PlacesDep, models: ReadableModels) -> HTMLResponse:
    """All models: the newest verdict, what moved, the open alerts."""
    found, notes = timeline.standings(models, settings.load())
    return HTMLResponse(timelines.list_page(found, notes, places=places), headers=FRESH)


@app.get("/monitor/{model}")
def monitor_of_model(
    model: str,
    places: PlacesDep,
    models: ReadableModels,
    windows: Annotated[int, Query(ge=7, le=timelines.SPANS[-1])] = timelines.SPANS[1],
    window: Annotated[str | None, Query(pattern=r"^\d{4}-\d{2}-\d{2}$")] = None,
) -> HTMLResponse:
    """One model: how it stands, alerts, quality, drift and volume over its newest windows."""
    _require(model, models)
    found = timeline.timeline(model, windows, settings.load())
    html = timelines.model_page(found, window, windows, places=places)
    return HTMLResponse(html, headers=FRESH)


@app.get("/dags/{dag_id}/monitor", dependencies=[_read_dag])
def monitor_of_dag(dag_id: str, places: PlacesDep, models: ReadableModels) -> Response:
    """The timeline of the model that a DAG is about."""
    family, _, name = dag_id.partition("__")
    if family == "ingest" and name in specs.dataset_names():
        return RedirectResponse(places.monitors(), status_code=303, headers=FRESH)
    if name in models:
        return RedirectResponse(places.monitor(name), status_code=303, headers=FRESH)
    raise _Missing(f"The DAG {dag_id} is about no model that you may see.")


@app.get("/runbooks/{kind}")
def runbook(
    kind: Annotated[str, Path(pattern=r"^[a-z][a-z0-9-]{0,62}$")],
    places: PlacesDep,
    dags: ReadableDags,
) -> HTMLResponse:
    """What an alert means and what to do about it."""
    html = timelines.runbook_page(kind, places=places)
    if html is None:
        raise _Missing(f"There is no runbook {kind!r}.")
    return HTMLResponse(html, headers=FRESH)


@app.get("/evidence/{model}/{version}/{folder}/{name}")
def kept_file(
    model: str,
    version: int,
    folder: Literal["card", "evaluation"],
    name: Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]+\.(html|md|json|png)$")],
    models: ReadableModels,
) -> Response:
    """A version's model card, or a file of its evaluation report."""
    _require(model, models)
    registry = Registry.open(settings.load())
    try:
        found = registry.file(registry.resolve(model, version), f"{folder}/{name}")
    except NotFoundError as error:
        raise _Missing(f"{folder}/{name} of {model} version {version}: {error}") from error
    return _file(found)


@app.get("/files/{path:path}")
def report_file(path: str, dags: ReadableDags) -> Response:
    """A file of a report; 404 for everything outside the report folders."""
    root = settings.load().root
    wanted = (root / path).resolve()
    inside = wanted.relative_to(root) if wanted.is_relative_to(root) else pathlib.PurePath()
    if dag_of_report(inside) not in dags or not wanted.is_file():
        raise _Missing("There is no such report.")
    return _file(wanted, DRAWN if is_drawn(inside) else SAFE)


def _file(path: pathlib.Path, headers: dict[str, str] = SAFE) -> FileResponse:
    # A browser would save Markdown instead of showing it.
    kind = "text/plain" if path.suffix == ".md" else None
    return FileResponse(path, headers=headers, media_type=kind)


def _require(model: str, models: list[str]) -> None:
    if model not in models:
        raise _Missing(f"There is no model {model!r} that you may see.")


@functools.cache
def _warm_up() -> None:
    """Imports MLflow, which takes seconds, after the first list: before a model is looked at."""
    Registry.open(settings.load()).models()
