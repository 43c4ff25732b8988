"""`millrace corrections proposals`, `accept`, `refuse`: corrections of the golden set."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from pipelines.cli.corrections import Model, commands
from pipelines.cli.desk import Person, Why
from pipelines.cli.output import print_table

Number = Annotated[int, typer.Argument(help="Number of the proposal.")]


def register(app: typer.Typer) -> None:
    """The commands are below `corrections`, which registers itself."""
    del app


@commands.command()
def proposals(model: Model) -> None:
    """Corrections of golden documents that wait for a person's word.

    Example: [bold]millrace corrections proposals receipts[/bold]
    """
    from pipelines import settings, specs
    from pipelines.opsdb import proposals as kept
    from pipelines.opsdb.database import OpsDb

    specs.model(model)
    with OpsDb.open(settings.load()).read() as session:
        found = kept.listed(session, model)
    rows = [
        [str(one.proposal_id), one.document_id, one.field, one.after or one.verdict, one.reviewer]
        for one in found
    ]
    head = ["number", "document", "field", "should be", "reviewer"]
    print_table(f"Proposals for the golden set of {model}", head, rows)


@commands.command()
def accept(number: Number, person: Person, why: Why) -> None:
    """Puts a proposed value into the golden set, whose next version the gate uses from then on.

    Example: [bold]millrace corrections accept 3 --as ada --why "the stamp hid the 8"[/bold]
    """
    _decide(number, True, person, why)


@commands.command()
def refuse(number: Number, person: Person, why: Why) -> None:
    """Leaves the golden set as it is.

    Example: [bold]millrace corrections refuse 3 --as ada --why "the scan says 9.00"[/bold]
    """
    _decide(number, False, person, why)


def _decide(number: int, accepted: bool, person: str, why: str) -> None:
    from pipelines import settings, specs
    from pipelines.corrections.golden import decide
    from pipelines.lake.lake import Lake
    from pipelines.opsdb import proposals as kept
    from pipelines.opsdb.database import OpsDb

    current = settings.load()
    db, lake = OpsDb.open(current), Lake.open(current)
    with db.read() as session:
        spec = specs.model(kept.get(session, number).model)
    found = decide(
        number, accepted, person, why,
        spec=spec, db=db, lake=lake, settings=current, now=datetime.now(UTC),
    )  # fmt: skip
    typer.echo(f"proposal {number} is {found.state}: {found.document_id} {found.field}")
