"""`millrace corrections influence`: from whom the model learns what is wrong."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from pipelines.cli.corrections import Model, commands
from pipelines.cli.output import print_table


def register(app: typer.Typer) -> None:
    """The command is below `corrections`, which registers itself."""
    del app


@commands.command()
def influence(
    model: Model,
    hold: Annotated[
        bool, typer.Option("--hold", help="Hold those back without whom it is surely better.")
    ] = False,
) -> None:
    """Trains the model without each reviewer's corrections and scores it on the golden set.

    Takes a training a reviewer. A supervisor lets who is held back count again on the review page.

    Example: [bold]millrace corrections influence receipts --hold[/bold]
    """
    from pipelines import settings, specs
    from pipelines.gate import influence as measured
    from pipelines.lake.lake import Lake
    from pipelines.opsdb.database import OpsDb

    current, spec = settings.load(), specs.model(model)
    db = OpsDb.open(current)
    found = measured.measure(spec, lake=Lake.open(current), db=db)
    head = ["reviewer", "labels", "score without", "surely more than", "harmful"]
    rows = [
        [one.reviewer, str(one.fields), f"{one.gain:+.1%}", f"{one.surely:+.1%}",
         "yes" if one.harmful else "no"]
        for one in found
    ]  # fmt: skip
    print_table(f"{model}: golden score without each reviewer", head, rows)
    if hold:
        for one in measured.hold_back(found, spec, db=db, now=datetime.now(UTC)):
            typer.echo(f"{one.reviewer} is held back: {one.why}")
