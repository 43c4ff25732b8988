"""What has landed for a day, and the key that names what ingestion makes of it."""

import hashlib
import importlib.util
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pipelines import specs
from pipelines.contracts.spec import DatasetSpec
from pipelines.errors import BadDataError, MisconfiguredError
from pipelines.publication import digest
from pipelines.settings import Settings

# Modules whose change makes another outcome of the same files, beside the data set's own.
_SHARED_CHECKS = ("spark_jobs.checks.common", "spark_jobs.checks.rules")


@dataclass(frozen=True)
class Delivery:
    """The landed files of one day; the key is equal where publishing again changes nothing."""

    day: str
    files: tuple[Path, ...]
    key: str


def landed_days(dataset: str, settings: Settings) -> list[str]:
    """Days that have a folder in the landing zone, sorted."""
    folders = (settings.landing / dataset).glob("????-??-??")
    return sorted(folder.name for folder in folders if folder.is_dir())


def deliveries(spec: DatasetSpec, days: Iterable[str], settings: Settings) -> list[Delivery]:
    """What lies in the landing zone for each of the days, sorted; a day may have no files.

    Raises BadDataError for a text that is no day: it would name another folder.
    """
    days = [_checked(day) for day in days]
    rules = rules_digest(spec)
    return [_delivery(spec.name, day, rules, settings) for day in sorted(set(days))]


def _checked(day: str) -> str:
    try:
        if date.fromisoformat(day).isoformat() == day:
            return day
    except ValueError:
        pass
    raise BadDataError(f"{day!r} is not a day; expected YYYY-MM-DD, e.g. 2026-03-31. Mend it.")


def rules_digest(spec: DatasetSpec) -> str:
    """Hash of everything but the rows that decides what is published and what is refused."""
    modules = (*_SHARED_CHECKS, spec.checks.partition(":")[0])
    return digest(
        suite_path(spec).read_bytes(),
        str(specs.resolve(spec.schema_)()),
        spec.key,
        *(source(module) for module in modules),
    )


def suite_path(spec: DatasetSpec) -> Path:
    """The data set's suite; raises MisconfiguredError where there is none."""
    path = specs.EXPECTATIONS / spec.name / spec.suite
    if not path.is_file():
        raise MisconfiguredError(
            f"expectations/{spec.name}/dataset.yaml names the suite {spec.suite!r}, "
            "and there is no such file beside it. Write the suite or mend the name."
        )
    return path


def _delivery(dataset: str, day: str, rules: str, settings: Settings) -> Delivery:
    files = tuple(sorted((settings.landing / dataset / day).glob("*.parquet")))
    parts = [part for file in files for part in (file.name, _file_digest(file))]
    return Delivery(day=day, files=files, key=digest(rules, *parts)[:32])


def _file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def source(module: str) -> bytes:
    """Source of a module by its dotted name, found but not imported: it may need Spark."""
    found = importlib.util.find_spec(module)
    get_source = getattr(found and found.loader, "get_source", None)
    if get_source is None:
        raise MisconfiguredError(
            f"module {module!r} cannot be found; expected an entry point `package.module:name` "
            "of something that exists. Mend the YAML that names it."
        )
    # Through the loader: the code may run from the zip that spark-submit was given.
    return str(get_source(module)).encode()
