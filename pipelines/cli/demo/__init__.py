"""`demo`: the whole loop on the generated sample, as real scheduled runs, ending in one screen."""

import signal
import sys
import time
from typing import Annotated

import typer
from rich.console import Console


def register(app: typer.Typer) -> None:
    app.command()(demo)


def demo(
    n: Annotated[int, typer.Option("--n", help="Documents in the sample.", min=60)] = 400,
    stay: Annotated[
        bool | None,
        typer.Option(help="Leave the services running; default: only in a terminal."),
    ] = None,
) -> None:
    """Runs the whole loop on the generated sample, with live progress.

    Example: [bold]millrace demo --n 400[/bold]
    """
    from pipelines import settings
    from pipelines.cli.demo import screen, story
    from pipelines.services import supervisor

    console = Console()
    current = settings.load().model_copy(update={"corrections": story.POLICY})
    stay = sys.stdout.isatty() if stay is None else stay
    started = time.monotonic()
    # One that is ended from outside stops its services too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    console.rule("services", align="left")
    done = supervisor.up(current, say=lambda text: console.print(f"  {text}", highlight=False))
    try:
        screen.show(story.run(n, current, console, stay=stay), current, console)
    finally:
        # What was running before the demo goes on.
        if not stay and done.started:
            console.rule("stopping", align="left")
            supervisor.down(current, say=lambda text: console.print(f"  {text}", highlight=False))
    console.print(f"the demo took {time.monotonic() - started:.0f} s", highlight=False)
    if stay:
        console.print("the services stay up; [bold]make down[/bold] stops them")
