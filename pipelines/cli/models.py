"""`predict`, `evaluate` and `models`: registered versions at work, without Airflow."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from pipelines.errors import BadDataError, NotFoundError

if TYPE_CHECKING:
    import pyarrow as pa

    from pipelines.contracts.spec import ModelSpec
    from pipelines.estimators.artefact import Artefact
    from pipelines.registry import ModelVersion, Registry
    from pipelines.scoring import Scored

_SHOWN_REFUSALS = 20

Model = Annotated[str, typer.Argument(help="Name of the model.")]
Format = Annotated[
    str | None, typer.Option("--format", help="Layout of the file; default: by its suffix.")
]
Version = Annotated[
    str | None,
    typer.Option(
        "--version",
        help="Number, alias or `latest`; default: champion, else candidate, else latest.",
    ),
]


def register(app: typer.Typer) -> None:
    for command in (predict, evaluate, models):
        app.command()(command)


def predict(
    model: Model,
    source: Annotated[Path, typer.Option("--input", help="File of rows to score.")],
    output: Annotated[Path, typer.Option("--output", help="JSON lines to write.")],
    file_format: Format = None,
    version: Version = None,
) -> None:
    """Scores the rows of a file: one JSON line each, in their order.

    Example: [bold]millrace predict receipts --input new.jsonl --output answers.jsonl[/bold]
    """
    from pipelines.cli.output import counted, written_whole

    _check_file(source)
    _, chosen, artefact = _load(model, version)
    reading = _Reading(artefact, source, file_format)
    rows = 0
    with written_whole(output) as file:
        for scored in reading.scored():
            for prediction in scored.predictions.to_pylist():
                file.write(_line(prediction, artefact.spec, chosen.version) + "\n")
                rows += 1
        reading.report()
        if not rows:
            raise _nothing_read(source, reading)
    _say(f"{counted(rows, 'prediction')} in {output}, {reading.refused} refused")


def evaluate(
    model: Model,
    on: Annotated[Path, typer.Option("--on", help="File of labelled rows.")],
    file_format: Format = None,
    version: Version = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Scores a labelled file, with intervals.

    Example: [bold]millrace evaluate receipts --on labelled.jsonl --json[/bold]
    """
    import pyarrow as pa

    from pipelines.cli.scores import as_object, show
    from pipelines.evaluation.table import task
    from pipelines.specs import key

    _check_file(on)
    registry, chosen, artefact = _load(model, version)
    reading = _Reading(artefact, on, file_format)
    found = list(reading.scored())
    reading.report()
    if not found:
        raise _nothing_read(on, reading)
    documents = pa.concat_tables(scored.documents for scored in found)
    predictions = pa.concat_tables(scored.predictions for scored in found)
    scores = task(artefact.spec.task).evaluate(documents, predictions, artefact.spec)
    trained_on = _trained_on(registry, chosen, documents[key(artefact.spec)])
    if as_json:
        summary = as_object(scores, chosen, refused=reading.refused, trained_on=trained_on)
        typer.echo(json.dumps(summary))
    else:
        show(scores, chosen, trained_on=trained_on)


def models(
    model: Annotated[str | None, typer.Argument(help="Name of the model; all without.")] = None,
) -> None:
    """Lists the registered versions: aliases, scores, data, who decided what and why.

    For one model also what was live when.

    Example: [bold]millrace models receipts[/bold]
    """
    from pipelines import settings, specs
    from pipelines.cli.scores import show_versions
    from pipelines.cli.standing import decisions_in_words, show_reigns
    from pipelines.opsdb.database import OpsDb
    from pipelines.registry import Registry

    registry = Registry.open(settings.load())
    names = [model] if model else registry.models()
    if not names:
        raise NotFoundError(
            "no model is registered yet. Train one with `millrace run train NAME`; known names: "
            f"{', '.join(specs.model_names())}."
        )
    versions = [version for name in names for version in registry.versions(name)]
    db = OpsDb.open(registry.settings)
    show_versions(versions, decisions_in_words(db))
    if model:
        show_reigns(db, model)


def _load(model: str, version: str | None) -> "tuple[Registry, ModelVersion, Artefact]":
    """The version that was asked for, and says on stderr which it is."""
    from pipelines import settings
    from pipelines.registry import Registry

    registry = Registry.open(settings.load())
    chosen = registry.resolve(model, version)
    aliases = f" ({', '.join(chosen.aliases)})" if chosen.aliases else ""
    _say(f"{model} version {chosen.version}{aliases}")
    return registry, chosen, registry.load(chosen)


def _say(text: str) -> None:
    """One line beside the output, for people; text of files is no markup."""
    Console(stderr=True, soft_wrap=True).print(text, highlight=False, markup=False)


def _check_file(path: Path) -> None:
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise NotFoundError(f"{path} {what}; expected one file of rows.")
    if not os.access(path, os.R_OK):
        raise NotFoundError(f"{path} may not be read by you. Give yourself the right to read it.")


def _nothing_read(path: Path, reading: "_Reading") -> BadDataError:
    return BadDataError(
        f"{path} holds no row that could be read; {reading.refused} were refused. "
        "Mend the file or choose another --format."
    )


class _Reading:
    """One file read and scored; counts what is refused and says why on stderr."""

    def __init__(self, artefact: "Artefact", path: Path, file_format: str | None) -> None:
        self._artefact = artefact
        self._path = path
        self._format = file_format
        self.refused = 0

    def scored(self) -> "Iterator[Scored]":
        from pipelines import settings, specs
        from pipelines.ingestion import formats
        from pipelines.ingestion.record import Limits
        from pipelines.scoring import BATCH_ROWS, predict_file

        spec = specs.dataset(self._artefact.spec.dataset)
        limits = Limits.of(settings.load())
        batches = formats.batches(spec, self._path, self._format, limits, rows=BATCH_ROWS)
        return predict_file(self._artefact, batches, self._refuse, self._history)

    def _history(self, rows: "pa.Table") -> "pa.Table":
        """What is published of the groups of the file's rows."""
        from pipelines import settings
        from pipelines.lake.history import history
        from pipelines.lake.lake import Lake
        from pipelines.tasks import task

        spec = self._artefact.spec
        return history(Lake.open(settings.load()), spec, rows, task(spec.task).input_columns(spec))

    def report(self) -> None:
        """Says how many refusals there were that `_refuse` did not show."""
        if self.refused > _SHOWN_REFUSALS:
            more = self.refused - _SHOWN_REFUSALS
            _say(f"… and {more} more were refused")

    def _refuse(self, row: dict[str, Any]) -> None:
        self.refused += 1
        if self.refused <= _SHOWN_REFUSALS:
            line = row["source_line"]
            where = f"{self._path.name}, line {line}" if line else self._path.name
            _say(f"refused {where} ({row['rule']}): {row['reason']}")


def _line(prediction: dict[str, Any], spec: "ModelSpec", version: int) -> str:
    """One row's answer as JSON, under its key."""
    from pipelines.specs import key
    from pipelines.tasks import task

    found = {
        key(spec): prediction[key(spec)],
        "model_version": version,
        **task(spec.task).answer(prediction),
    }
    return json.dumps(found, ensure_ascii=False)


def _trained_on(registry: "Registry", version: "ModelVersion", keys: Any) -> int:
    """How many of the rows the version was trained on: their scores flatter it."""
    import pyarrow.parquet as pq

    from pipelines.contracts.names import PART, TRAIN

    split = pq.read_table(registry.split_file(version), filters=[(PART, "=", TRAIN)])
    trained = set(split.column(0).to_pylist())
    return sum(row in trained for row in keys.to_pylist())
