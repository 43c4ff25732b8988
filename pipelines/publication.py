"""Publishing a folder: made aside, then shown by one rename, once for all that ask for it."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from filelock import FileLock

from pipelines.settings import PROJECT_ROOT


@contextmanager
def lock(path: Path) -> Iterator[None]:
    """Holds the lock of `path` on this machine; the system frees it when the process dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.parent / f".{path.name}.lock"):
        yield


def publish_once(folder: Path, make: Callable[[Path], None]) -> bool:
    """`folder`, filled by `make(aside)` and shown by one rename; False where it was there.

    The folder's name must be a function of what `make` reads: then a retry or a twin that
    runs at the same time finds it finished. Nobody ever sees it half filled.
    """
    with lock(folder):
        if folder.is_dir():
            return False
        # The lock is ours, so what a killed process left aside belongs to nobody.
        for stale in folder.parent.glob(f".{folder.name}.*.aside"):
            shutil.rmtree(stale)
        aside = Path(
            tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".aside", dir=folder.parent)
        )
        try:
            aside.chmod(0o755)
            make(aside)
            aside.rename(folder)
        except BaseException:
            shutil.rmtree(aside, ignore_errors=True)
            raise
    return True


def digest(*parts: str | bytes) -> str:
    """SHA-256 of the parts as hexadecimal text; no two lists of parts are taken for equal."""
    whole = sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        whole.update(len(data).to_bytes(8, "big"))
        whole.update(data)
    return whole.hexdigest()


def folder_hash(folder: Path) -> str:
    """SHA-256 over the names and bytes of every file below `folder`, in sorted order."""
    files = sorted(
        (path.relative_to(folder).as_posix(), path) for path in folder.rglob("*") if path.is_file()
    )
    return digest(*(part for name, path in files for part in (name, path.read_bytes())))


def code_hash(*packages: str) -> str:
    """SHA-256 over the Python files of `packages` (dotted names, below the project)."""
    roots = [PROJECT_ROOT.joinpath(*package.split(".")) for package in packages]
    files = sorted(
        path for root in roots for path in ([root] if root.is_file() else root.rglob("*.py"))
    )
    return digest(
        *(
            part
            for path in files
            for part in (path.relative_to(PROJECT_ROOT).as_posix(), path.read_bytes())
        )
    )


def lock_hash() -> str:
    """SHA-256 of the locked requirements, or `unlocked` where there are none."""
    lock_file = PROJECT_ROOT / "requirements.txt"
    return sha256(lock_file.read_bytes()).hexdigest() if lock_file.is_file() else "unlocked"
