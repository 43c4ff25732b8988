"""The one zip that spark-submit ships to a cluster: code, specs and suites, nothing else.

    python -m spark_jobs.package        # writes dist/millrace_jobs.zip

Equal sources make equal bytes, so that its hash names the code.
"""

import logging
import zipfile
from pathlib import Path

from pipelines.settings import PROJECT_ROOT

CONTENT = ("pipelines", "spark_jobs", "models", "expectations")
TARGET = PROJECT_ROOT / "dist" / "millrace_jobs.zip"
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time a zip can hold: no file's own time goes in."""


def build(target: Path = TARGET) -> Path:
    """Writes the zip, whole or not at all, and returns its path."""
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(f".{target.name}.part")
    with zipfile.ZipFile(aside, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in _files():
            name = path.relative_to(PROJECT_ROOT).as_posix()
            entry = zipfile.ZipInfo(name, date_time=_EPOCH)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
    return aside.replace(target)


def _files() -> list[Path]:
    found = [path for folder in CONTENT for path in (PROJECT_ROOT / folder).rglob("*")]
    return sorted(path for path in found if path.is_file() and "__pycache__" not in path.parts)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    logging.info("%s", build())
