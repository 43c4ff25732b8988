"""Results of a run, and the reports it wrote, behind Airflow's own sign-in.

FastAPI reads the annotations at run time, so this module must not postpone them.
"""

from airflow.api_fastapi.common.db.common import SessionDep
from airflow.api_fastapi.core_api.security import GetUserDep, requires_access_dag
from airflow.models.xcom import XComModel
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import FileResponse, HTMLResponse, Response
from jinja2 import Environment, PackageLoader
from sqlalchemy import select

from millrace_airflow.pages.summary import summarise
from pipelines import settings

# Reports are static: nothing they hold, whatever a document's text says, may run or call out.
_POLICY = (
    "default-src 'none'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "font-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
_ROOTS = ("data_docs", "runs/evaluate", "runs/gate")
"""Folders of the home that hold reports; nothing else is served."""

_templates = Environment(loader=PackageLoader("millrace_airflow.pages"), autoescape=True)

app = FastAPI(title="Millrace", docs_url=None, redoc_url=None, openapi_url=None)


@app.get(
    "/runs/{dag_id}/{run_id}",
    dependencies=[Depends(requires_access_dag(method="GET"))],
    response_class=HTMLResponse,
)
def run_page(dag_id: str, run_id: str, request: Request, session: SessionDep) -> Response:
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
    page = _templates.get_template("run.html").render(
        dag_id=dag_id,
        run_id=run_id,
        tasks=tasks,
        prefix=request.scope.get("root_path", ""),
    )
    return HTMLResponse(page, headers={"Content-Security-Policy": _POLICY})


@app.get("/files/{path:path}")
def report_file(path: str, user: GetUserDep) -> Response:
    """A file of a report; 404 for everything outside the report folders."""
    root = settings.load().root
    wanted = (root / path).resolve()
    allowed = any(wanted.is_relative_to(root / folder) for folder in _ROOTS)
    if not allowed or not wanted.is_file():
        raise HTTPException(404, "there is no such report")
    return FileResponse(
        wanted,
        headers={"Content-Security-Policy": _POLICY, "X-Content-Type-Options": "nosniff"},
    )
