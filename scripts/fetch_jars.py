"""Fetches the jars that Spark needs, once, and checks them against scripts/jars.lock.

    python scripts/fetch_jars.py

A line of the lock is `sha256 group:artifact:version`. A jar that is there and right is left
alone; one that is not is fetched beside its place and moved in when its checksum fits, so
that a cut connection leaves nothing half done. `MILLRACE_MAVEN_URL` names a mirror.
"""

import hashlib
import os
import shutil
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from pipelines import settings  # noqa: E402
from pipelines.errors import BadDataError, MillraceError, TransientError  # noqa: E402

LOCK = ROOT / "scripts" / "jars.lock"
MAVEN = "https://repo1.maven.org/maven2"
SECONDS = 60


class Jar(NamedTuple):
    """One locked jar."""

    sha256: str
    group: str
    artifact: str
    version: str

    @property
    def file(self) -> str:
        return f"{self.artifact}-{self.version}.jar"

    @property
    def path(self) -> str:
        """Where a Maven repository keeps it."""
        return f"{self.group.replace('.', '/')}/{self.artifact}/{self.version}/{self.file}"


def locked(lock: Path = LOCK) -> Iterator[Jar]:
    """The jars of the lock file."""
    for line in lock.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            digest, coordinate = line.split()
            yield Jar(digest, *coordinate.split(":"))


def is_right(jar: Jar, folder: Path) -> bool:
    """Whether the folder holds this jar with the locked content."""
    path = folder / jar.file
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == jar.sha256


def fetch(jar: Jar, folder: Path, repository: str) -> None:
    """Puts one jar into the folder; raises TransientError or BadDataError."""
    url = f"{repository.rstrip('/')}/{jar.path}"
    with tempfile.TemporaryDirectory(dir=folder, prefix=".fetch-") as aside:
        part = Path(aside) / jar.file
        try:
            with (
                urllib.request.urlopen(url, timeout=SECONDS) as response,  # noqa: S310
                part.open("wb") as file,
            ):
                shutil.copyfileobj(response, file)
        except (urllib.error.URLError, OSError) as error:
            raise TransientError(
                f"{url} cannot be fetched: {error}. Expected a Maven repository that answers; "
                "check the network, or name a mirror in MILLRACE_MAVEN_URL, and run it again."
            ) from error
        if not is_right(jar, Path(aside)):
            raise BadDataError(
                f"{url} has another SHA-256 than scripts/jars.lock ({jar.sha256}). "
                "It was not installed; use a repository that carries the published file."
            )
        part.replace(folder / jar.file)


def main() -> int:
    """Fetches what is missing; returns the exit code."""
    folder = settings.load().jars
    folder.mkdir(parents=True, exist_ok=True)
    repository = os.environ.get("MILLRACE_MAVEN_URL", MAVEN)
    try:
        for jar in locked():
            if not is_right(jar, folder):
                sys.stderr.write(f"fetching {jar.file}\n")
                fetch(jar, folder, repository)
    except MillraceError as error:
        sys.stderr.write(f"jars: {error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
