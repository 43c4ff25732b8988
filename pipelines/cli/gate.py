"""`gate`: whether the code of now makes a model worse than its committed baseline."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from pipelines.errors import RefusedError

if TYPE_CHECKING:
    from pipelines.contracts.spec import ModelSpec


def register(app: typer.Typer) -> None:
    app.command()(gate)


def gate(
    model: Annotated[str | None, typer.Argument(help="One model; default: all of them.")] = None,
    update: Annotated[
        bool, typer.Option("--update", help="Writes the baseline of the code of now.")
    ] = False,
    why: Annotated[str, typer.Option(help="Reason of the new baseline; it is kept in it.")] = "",
    rows: Annotated[
        int | None, typer.Option(help="Rows of the new baseline's sample; default: as before.")
    ] = None,
) -> None:
    """Trains on the fixed sample and compares with the committed baseline, row by row.

    Example: [bold]millrace gate receipts[/bold]
    """
    from pipelines import specs

    names = [model] if model else specs.model_names()
    if update:
        for name in names:
            _update(specs.model(name), why, rows)
        return
    worse = [name for name in names if not _passes(specs.model(name))]
    if worse:
        raise RefusedError(
            f"{', '.join(worse)} would become worse, or it could not be ruled out. Mend the "
            "change; or, where the loss is meant, write a new baseline with its reason: "
            f'`millrace gate {worse[0]} --update --why "…"`.'
        )


def _passes(spec: "ModelSpec") -> bool:
    from pipelines.gate.baseline import check, path_of

    console = Console(soft_wrap=True)
    found = check(spec, path_of(spec.name))
    console.print(f"{spec.name}: {'passed' if found.passed else 'WORSE'}", highlight=False)
    for reason in found.reasons:
        console.print(f"  {reason}", highlight=False, markup=False)
    return found.passed


def _update(spec: "ModelSpec", why: str, rows: int | None) -> None:
    from pipelines.gate.baseline import path_of, update

    written = update(spec, path_of(spec.name), why, rows)
    Console(soft_wrap=True).print(
        f"{spec.name}: baseline of {len(written.answers)} test rows written, because: "
        f"{written.why}",
        highlight=False,
        markup=False,
    )
