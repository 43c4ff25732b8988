"""The committed baseline of a model: what it answered to the fixed sample, as a file for git."""

import json
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from pipelines import specs
from pipelines.errors import BadDataError, NotFoundError

FILE = "baseline.json"
COMMAND = '`millrace gate {} --update --why "…"`'
_LINE_LETTERS = 100


class Baseline(BaseModel):
    """What a model answered to the test rows of the sample, and why it was written."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str
    why: str
    rows: int
    """Rows of the sample, and its seed."""
    seed: int
    columns: tuple[str, ...]
    answers: list[tuple[Any, ...]]
    """Predictions, one for each test row: its values in the order of `columns`."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if any(len(row) != len(self.columns) for row in self.answers):
            raise ValueError(f"every answer has {len(self.columns)} values, as `columns` says")
        return self

    def values(self) -> list[dict[str, Any]]:
        """The answers, each by its columns."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.answers]


def path_of(model: str) -> Path:
    """The committed baseline of a model."""
    return specs.MODELS / model / FILE


def read(path: Path) -> Baseline:
    """The baseline at `path`; raises NotFoundError and BadDataError."""
    command = COMMAND.format(path.parent.name)
    if not path.is_file():
        raise NotFoundError(
            f"model {path.parent.name!r} has no baseline {path.name}; write one: {command}."
        )
    try:
        return Baseline.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise BadDataError(
            f"{path.parent.name}/{path.name} is no baseline: {first['msg']} at {place} (of "
            f"{error.error_count()} errors). Write it anew and say of how many rows: add --rows "
            f"to {command}."
        ) from error


def write(path: Path, answers: pa.Table, *, model: str, why: str, rows: int, seed: int) -> Baseline:
    """JSON whose lines can be compared: a long row is a line of its own, short ones share it."""
    baseline = Baseline(
        model=model,
        why=why,
        rows=rows,
        seed=seed,
        columns=tuple(answers.column_names),
        answers=[tuple(row.values()) for row in answers.to_pylist()],
    )
    head = json.dumps(baseline.model_dump(exclude={"answers"}), indent=1, ensure_ascii=False)
    body = ",\n".join(_lines(baseline.answers))
    path.write_text(
        head.removesuffix("\n}") + f',\n "answers": [\n{body}\n ]\n}}\n', encoding="utf-8"
    )
    return baseline


def _lines(answers: list[tuple[Any, ...]]) -> list[str]:
    lines: list[str] = []
    for row in answers:
        text = json.dumps(row, ensure_ascii=False, separators=(",", ":"))
        if lines and len(lines[-1]) + len(text) < _LINE_LETTERS:
            lines[-1] += f",{text}"
        else:
            lines.append(text)
    return lines
