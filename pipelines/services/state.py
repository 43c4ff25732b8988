"""Which services a home runs: `run/services.json`, written at each start and stop."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pipelines.services.process import Record
from pipelines.services.secrets import write_private
from pipelines.settings import Settings


@dataclass
class Run:
    """The services that should run now."""

    spark: bool
    """Whether a warm Spark belongs to it."""
    records: dict[str, Record] = field(default_factory=dict)
    """By service name."""

    def is_alive(self, name: str) -> bool:
        return name in self.records and self.records[name].state() == "alive"


def load(settings: Settings) -> Run | None:
    """What the last `up` left; None after `down` or before the first."""
    file = path(settings)
    if not file.exists():
        return None
    content = json.loads(file.read_text())
    return Run(content["spark"], {each["name"]: Record(**each) for each in content["services"]})


def save(settings: Settings, run: Run) -> None:
    """Replaces the file at once."""
    content = {"spark": run.spark, "services": [asdict(each) for each in run.records.values()]}
    write_private(path(settings), json.dumps(content, indent=2))


def path(settings: Settings) -> Path:
    return settings.root / "run" / "services.json"


def is_up(settings: Settings) -> bool:
    """Whether this home's Airflow takes runs: its API server and its scheduler live."""
    run = load(settings)
    return run is not None and run.is_alive("api-server") and run.is_alive("scheduler")


def has_live_spark(settings: Settings) -> bool:
    """Whether this home's warm Spark lives."""
    run = load(settings)
    return run is not None and run.is_alive("spark")
