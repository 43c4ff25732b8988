"""What was landed of one file: makes landing resumable and the same file land once."""

import re
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from pipelines.ingestion.originals import publish


class Manifest(BaseModel):
    """One landed file; its rows are in `<day>/<sha16>-<stem>.parquet` of each day."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sha256: str
    format: str
    source_file: str
    days: dict[str, int]
    """Rows by day."""
    unreadable: int

    @property
    def rows(self) -> int:
        return sum(self.days.values())

    def file(self, zone: Path, day: str) -> Path:
        """The Parquet file of one day."""
        return zone / day / parquet_name(self.sha256, self.source_file)

    def write(self, zone: Path) -> None:
        """Says that the file is landed: the last thing that landing does."""
        target = _path(zone, self.sha256)
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_suffix(".part")
        temporary.write_text(self.model_dump_json(indent=1) + "\n", encoding="utf-8")
        publish(temporary, target)

    def without(self, zone: Path, day: str) -> None:
        """Writes the manifest without a day whose rows were replaced."""
        left = {name: rows for name, rows in self.days.items() if name != day}
        if left:
            self.model_copy(update={"days": left}).write(zone)
        else:  # nothing of the file is landed any more: it may be landed again
            _path(zone, self.sha256).unlink(missing_ok=True)


def parquet_name(sha256: str, source_file: str) -> str:
    """Name of a landed file: unique by content, readable by name, harmless in any shell."""
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", Path(source_file).stem).strip("-")[:64]
    return f"{sha256[:16]}-{stem or 'file'}.parquet"


def find(zone: Path, sha256: str) -> Manifest | None:
    """The manifest of a file, None where it never landed."""
    try:
        return Manifest.model_validate_json(_path(zone, sha256).read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def of_day(zone: Path, day: str) -> list[Manifest]:
    """Manifests of the files that have rows in a day, in a fixed order."""
    paths = sorted((zone / ".manifests").glob("*.json"))
    manifests = (find(zone, path.stem) for path in paths)
    return [found for found in manifests if found is not None and day in found.days]


def _path(zone: Path, sha256: str) -> Path:
    return zone / ".manifests" / f"{sha256}.json"
