"""Commands about rows before they are landed: the sample and the schema of documents."""

import inspect
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from pipelines.errors import MisconfiguredError


class Kind(StrEnum):
    """What a sample of documents holds."""

    mixed = "mixed"
    receipts = "receipts"
    invoices = "invoices"


def register(app: typer.Typer) -> None:
    """Adds the commands of this module."""
    app.command("sample")(sample)
    app.command("schema")(schema)


def sample(
    dataset: Annotated[str, typer.Argument(help="Data set to make a sample of, e.g. receipts.")],
    out: Annotated[Path, typer.Option(help="File to write.")],
    n: Annotated[int, typer.Option(min=1, help="Rows.")] = 400,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 7,
    days: Annotated[
        int | None, typer.Option(min=1, help="Days over which they arrive.", show_default=False)
    ] = None,
    start: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="First of these days.", show_default=False),
    ] = None,
    scans: Annotated[
        bool | None, typer.Option("--scans", help="Documents: also draw each as a PNG.")
    ] = None,
    kind: Annotated[
        Kind | None,
        typer.Option(
            help="Documents: `invoices` types the fields of invoices.", show_default=False
        ),
    ] = None,
    bad: Annotated[
        int | None,
        typer.Option(min=0, help="Broken lines to add, of several kinds.", show_default=False),
    ] = None,
    first: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Documents: number of the first; from N on they are others of the same merchants.",
            show_default=False,
        ),
    ] = None,
    worn: Annotated[
        bool | None, typer.Option("--worn", help="Documents: from a worn scanner, as a drift.")
    ] = None,
) -> None:
    """Makes invented rows of a data set, with the noise of real ones.

    Example: millrace sample receipts --n 400 --seed 7 --out sample.jsonl --scans
    """
    from pipelines import specs
    from pipelines.errors import NotFoundError

    spec = specs.dataset(dataset)
    if spec.sample is None:
        raise NotFoundError(
            f"data set {dataset} has no sample; expected `sample:` in its dataset.yaml. "
            "Use files of your own."
        )
    generate = specs.resolve(spec.sample)
    asked = {
        "days": days,
        "start": None if start is None else start.date(),
        "scans": scans,
        "kind": None if kind is None else kind.value,
        "bad": bad,
        "first": first,
        "worn": worn,
    }
    given = {name: value for name, value in asked.items() if value is not None}
    _check_known(dataset, generate, given)
    made = generate(n, seed, out, **given)
    Console(soft_wrap=True).print(str(made), highlight=False, markup=False)


def _check_known(dataset: str, generate: Callable[..., Any], given: dict[str, Any]) -> None:
    """Raises MisconfiguredError for an option that the data set's generator does not have."""
    known = inspect.signature(generate).parameters
    strange = [f"--{name}" for name in given if name not in known]
    if strange:
        raise MisconfiguredError(
            f"the sample of {dataset} has no {', '.join(strange)}. Leave it out."
        )


def schema() -> None:
    """Prints the JSON Schema of the document interchange format.

    Example: millrace schema > document.schema.json
    """
    from pipelines.ingestion.schema import document_schema

    typer.echo(document_schema(), nl=False)
