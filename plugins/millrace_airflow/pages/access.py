"""Who may see what: a model is shown to whoever may read its DAGs.

FastAPI reads the annotations at run time, so this module must not postpone them.
"""

from pathlib import PurePath
from typing import Annotated

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import Depends

from pipelines import specs

_FAMILIES = ("train", "decide")
"""DAGs that every model has; all of them must be readable."""
_DRAWN = ("runs", "monitor")
"""Folder of the reports that draw themselves by scripts."""
_REPORTS = {
    ("data_docs",): "ingest",
    ("runs", "evaluate"): "train",
    ("runs", "gate"): "train",
    _DRAWN: "monitor",
}
"""Folders of the home that hold reports, with the DAG family that writes them; nothing else is
served. Below each is one folder a data set or model."""


def readable_dags(user: GetUserDep) -> set[str]:
    """DAGs that the signed-in user may read; nobody signed in is refused by Airflow."""
    return get_auth_manager().get_authorized_dag_ids(user=user, method="GET")


ReadableDags = Annotated[set[str], Depends(readable_dags)]


def readable_models(dags: ReadableDags) -> list[str]:
    """Models whose DAGs the user may read, by name."""
    return [
        name
        for name in specs.model_names()
        if all(f"{family}__{name}" in dags for family in _FAMILIES)
    ]


ReadableModels = Annotated[list[str], Depends(readable_models)]


def dag_of_report(path: PurePath) -> str | None:
    """The DAG that wrote a file of the home; None for what is no report."""
    for folder, family in _REPORTS.items():
        if path.parts[: len(folder)] == folder and len(path.parts) > len(folder) + 1:
            return f"{family}__{path.parts[len(folder)]}"
    return None


def is_drawn(path: PurePath) -> bool:
    """Whether a report shows nothing without its own scripts."""
    return path.parts[: len(_DRAWN)] == _DRAWN
