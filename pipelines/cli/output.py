"""What commands give: tables, and files that are there whole or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipelines.errors import MisconfiguredError


@contextmanager
def written_whole(path: Path) -> Iterator[TextIO]:
    """A text file written aside and renamed to `path` at the end; nothing is left on an error."""
    folder = path.absolute().parent
    if not folder.is_dir():
        raise MisconfiguredError(f"there is no folder {folder} to write {path.name} into. Make it.")
    if path.is_dir():
        raise MisconfiguredError(f"{path} is a folder, expected the name of a file to write.")
    handle, aside = tempfile.mkstemp(prefix=f".{path.name}.", dir=folder)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            yield file
        # A temporary file is private; what people asked for has the rights that they chose.
        mask = os.umask(0)
        os.umask(mask)
        Path(aside).chmod(0o666 & ~mask)
        Path(aside).replace(path)
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise


def print_table(title: str, head: list[str], rows: list[list[str]]) -> None:
    """A table on a terminal; lines with tabs elsewhere, for other programs."""
    console = Console()
    if not console.is_terminal:
        for row in [head, *rows]:
            # Not through rich, which writes tabs as spaces.
            typer.echo("\t".join(cell.replace("\n", ", ") for cell in row))
        return
    table = Table(title=title, title_justify="left", title_style="bold")
    for name in head:
        table.add_column(name)
    for row in rows:
        # As text: a reason or a name may hold brackets, which are no markup of ours.
        table.add_row(*map(Text, row))
    console.print(table)


def counted(number: int, thing: str) -> str:
    """`1 row`, `2 rows`."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
