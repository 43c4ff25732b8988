"""Lands files with a progress bar on a terminal."""

from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from pipelines.cli.output import counted
from pipelines.contracts.result import LandResult
from pipelines.settings import Settings


def land_with_progress(
    dataset: str,
    files: list[Path],
    format: str | None,
    partition: str | None,
    replace: bool,
    settings: Settings,
) -> LandResult:
    """Reads the files into the landing zone; says what it did."""
    from pipelines.ingestion.land import LandSpec, run

    now = datetime.now(UTC)
    spec = LandSpec(
        dataset=dataset,
        files=tuple(files),
        format=format,
        partition=partition,
        replace=replace,
        today=now.date(),
        now=now,
    )
    console = Console()
    columns = (
        TextColumn("reading"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    # Elsewhere than on a terminal it would leave an empty line.
    hidden = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=hidden) as bar:
        shown = bar.add_task("")
        landed = run(
            spec,
            settings=settings,
            progress=lambda done, total, name: bar.update(
                shown, completed=done, total=total, description=name
            ),
        )
    refused = f", {landed.unreadable} of them unreadable" if landed.unreadable else ""
    console.print(
        f"landed {counted(landed.rows, 'row')} of {counted(landed.files, 'file')} "
        f"in {counted(len(landed.days), 'day')}{refused}",
        highlight=False,
    )
    for reason in landed.deferred:
        console.print(f"[yellow]left for next time:[/yellow] {escape(reason)}", highlight=False)
    return landed
