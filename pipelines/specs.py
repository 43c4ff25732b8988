"""Finds and reads the data set and model folders, and imports what their entry points name."""

import importlib
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from pipelines.contracts.spec import DatasetSpec, ModelSpec
from pipelines.errors import MisconfiguredError, NotFoundError
from pipelines.settings import PROJECT_ROOT

EXPECTATIONS = PROJECT_ROOT / "expectations"
MODELS = PROJECT_ROOT / "models"

# Safe, by the C parser: every parse of the DAG folder reads every spec.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Spec = TypeVar("_Spec", bound=BaseModel)


def dataset_names() -> list[str]:
    """Names of the data sets, sorted."""
    return _names(EXPECTATIONS, "dataset.yaml")


def model_names() -> list[str]:
    """Names of the models, sorted."""
    return _names(MODELS, "model.yaml")


def dataset(name: str) -> DatasetSpec:
    """Spec of the data set `name`; raises NotFoundError or MisconfiguredError."""
    return _read(EXPECTATIONS, name, "dataset.yaml", DatasetSpec, "data set")


def model(name: str) -> ModelSpec:
    """Spec of the model `name`; raises NotFoundError or MisconfiguredError."""
    return _read(MODELS, name, "model.yaml", ModelSpec, "model")


def key(spec: ModelSpec) -> str:
    """Column that names a row of the model's data set, in features and predictions too."""
    return dataset(spec.dataset).key


def resolve(entry_point: str) -> Any:
    """The object that `package.module:name` names; raises MisconfiguredError."""
    module, _, name = entry_point.partition(":")
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise MisconfiguredError(
            f"entry point {entry_point!r} cannot be imported: {error}. "
            "Expected `package.module:name` of something that exists; mend the YAML that names it."
        ) from error


def _names(folder: Path, file: str) -> list[str]:
    return sorted(path.parent.name for path in folder.glob(f"*/{file}"))


def _read(folder: Path, name: str, file: str, spec: type[_Spec], word: str) -> _Spec:
    path = folder / name / file
    if not path.is_file():
        known = ", ".join(_names(folder, file)) or "none"
        raise NotFoundError(
            f"there is no {word} {name!r}; known: {known}. "
            f"A {word} is a folder {folder.name}/NAME with a {file}."
        )
    try:
        found = spec.model_validate(yaml.load(path.read_text(encoding="utf-8"), _Loader))  # noqa: S506
    except (yaml.YAMLError, ValidationError) as error:
        raise MisconfiguredError(
            f"{folder.name}/{name}/{file} does not fit: {error}. Mend the lines that it names."
        ) from error
    if found.name != name:  # type: ignore[attr-defined]
        raise MisconfiguredError(
            f"{folder.name}/{name}/{file} says `name: {found.name}`; "  # type: ignore[attr-defined]
            f"the name must be the folder's, {name!r}."
        )
    return found
