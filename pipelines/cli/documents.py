"""Commands about documents before they are landed: the sample and the schema."""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console


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
    out: Annotated[Path, typer.Option(help="JSON-lines file to write.")],
    n: Annotated[int, typer.Option(min=1, help="Documents.")] = 400,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 7,
    days: Annotated[int, typer.Option(min=1, help="Days over which they arrive.")] = 7,
    start: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="First of these days; 2026-01-05 by default."),
    ] = None,
    scans: Annotated[
        bool, typer.Option("--scans", help="Also draw each document as a PNG.")
    ] = False,
    kind: Annotated[Kind, typer.Option(help="`invoices` types the fields of invoices.")] = (
        Kind.mixed
    ),
    bad: Annotated[int, typer.Option(min=0, help="Broken lines to add, of several kinds.")] = 0,
) -> None:
    """Makes documents of invented merchants, with the noise of real ones.

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
    made = specs.resolve(spec.sample)(
        n,
        seed,
        out,
        days=days,
        scans=scans,
        kind=kind.value,
        bad=bad,
        **({} if start is None else {"start": start.date()}),
    )
    text = f"{made.documents} documents and {made.broken} broken lines in {made.path}"
    if made.pictures is not None:
        text += f", pictures in {made.pictures}"
    Console(soft_wrap=True).print(text, highlight=False, markup=False)


def schema() -> None:
    """Prints the JSON Schema of the document interchange format.

    Example: millrace schema > document.schema.json
    """
    from pipelines.ingestion.schema import document_schema

    typer.echo(document_schema(), nl=False)
