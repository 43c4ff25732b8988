"""The `millrace` command: gathers the commands and turns our errors into one readable line."""

import importlib
import sys

import typer
from rich.console import Console
from rich.markup import escape

from pipelines.errors import MillraceError

app = typer.Typer(
    name="millrace",
    help="The whole life of a machine-learning model as Airflow DAGs.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

# Each module registers its commands with `register(app)`.
_COMMANDS: tuple[str, ...] = (
    "corrections",
    "decisions",
    "demo",
    "documents",
    "gate",
    "influence",
    "ledger",
    "models",
    "monitor",
    "proposals",
    "reproduce",
    "review",
    "runs",
    "services",
)

for _module in _COMMANDS:
    importlib.import_module(f"pipelines.cli.{_module}").register(app)


def main() -> None:
    """Entry point: a user's mistake ends in one sentence and an exit code, not a traceback."""
    try:
        app()
    except MillraceError as error:
        # Its text may hold brackets and paths: no markup, and no line broken in a path.
        console = Console(stderr=True, soft_wrap=True)
        console.print(f"[red]millrace:[/red] {escape(str(error))}", highlight=False)
        sys.exit(error.exit_code)
