"""What a job leaves for its caller, whole or not at all."""

import os
import tempfile
from pathlib import Path

from pipelines.contracts.result import StepResult
from pipelines.errors import MillraceError, write_report


def leave_result(path: Path, result: StepResult) -> None:
    """Writes the result as JSON."""
    aside = _aside(path)
    aside.write_text(result.model_dump_json(), encoding="utf-8")
    aside.replace(path)


def leave_error(path: Path, error: MillraceError) -> None:
    """Writes the error in the form that `pipelines.errors.read_report` reads."""
    aside = _aside(path)
    write_report(aside, error)
    aside.replace(path)


def _aside(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    return Path(name)
