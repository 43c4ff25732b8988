"""Takes landed files out of the inbox, and nothing that came in their place meanwhile."""

from pathlib import Path

from pipelines.ingestion.originals import ChangedError, State
from pipelines.ingestion.sources import Source


def remove(source: Source, landed: State) -> None:
    """Removes the file that was landed; another one that has its name now stays.

    It is moved aside first: between a look and a removal, a name may get a new file.
    """
    aside = source.path.with_name(f".{source.path.name[:200]}.landed")
    try:
        source.path.replace(aside)
        if _same(aside, landed):
            aside.unlink()
        else:
            _put_back(aside, source.path)
    except FileNotFoundError:
        return


def _same(path: Path, landed: State) -> bool:
    try:
        return State.of(path) == landed
    except ChangedError:
        return False


def _put_back(aside: Path, path: Path) -> None:
    try:
        path.hardlink_to(aside)
        aside.unlink()
    except FileExistsError:  # a third file took the name: both wait for the next landing
        aside.replace(path.with_name(f"{path.stem}-{aside.stat().st_ino}{path.suffix}"))
