"""What the measurements share: a home of their own with running services and published data."""

import os
import platform
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

import psutil
import pyarrow as pa
from pyspark.sql import SparkSession

from pipelines import settings as configuration
from pipelines.contracts import names
from pipelines.ingestion.land import LandSpec
from pipelines.ingestion.land import run as land
from pipelines.lake.lake import Lake
from pipelines.samples.receipts import START, generate
from pipelines.services import environment, state, supervisor
from pipelines.settings import Settings
from spark_jobs import ingest, session

DATASET = "receipts"
MODEL = "receipts"
DOCUMENTS = 400
SEED = 7


@dataclass(frozen=True)
class Workbench:
    """A home whose services run; `days` of the sample are published."""

    settings: Settings
    days: list[str]

    @cached_property
    def documents(self) -> pa.Table:
        """The published documents."""
        return Lake.open(self.settings).read(names.published_table(DATASET))

    @contextmanager
    def spark(self) -> Iterator[SparkSession]:
        """A session of its own on the warm server, as each job has one."""
        found = session.session("benchmark", self.settings, session_id=str(uuid.uuid4()))
        try:
            yield found
        finally:
            found.stop()

    def cpu(self, work: Callable[[], object]) -> float:
        """CPU seconds of this process and of all of Spark, its Python workers included."""
        before = time.process_time() + self._spark_cpu()
        work()
        return time.process_time() + self._spark_cpu() - before

    def _spark_cpu(self) -> float:
        run = state.load(self.settings)
        assert run is not None, "the services run while something is measured"
        server = psutil.Process(run.records["spark"].pid)
        # A process's own figures and those of its dead children: together nothing is lost when
        # a worker ends.
        times = [process.cpu_times() for process in (server, *server.children(recursive=True))]
        return sum(one.user + one.system + one.children_user + one.children_system for one in times)


@contextmanager
def workbench(say: Callable[[str], None]) -> Iterator[Workbench]:
    """Starts the services on free ports in a temporary home, publishes the sample, and stops
    everything at the end."""
    with tempfile.TemporaryDirectory(prefix="millrace-bench-") as folder:
        for name in [name for name in os.environ if name.startswith(("MILLRACE_", "SPARK_"))]:
            del os.environ[name]
        os.environ |= {"MILLRACE_HOME": folder} | {
            f"MILLRACE_{service}_PORT": "0"
            for service in ("AIRFLOW", "MLFLOW", "SPARK", "REVIEW", "METRICS")
        }
        current = configuration.load()
        try:
            supervisor.up(current, say=say)
            # The address and the token of the home's own Spark.
            os.environ |= environment.airflow_environment(current)
            current = configuration.load()
            days = _landed(Path(folder), current)
            say(f"publishing {DOCUMENTS} documents")
            ingest.run(DATASET, days, "benchmark", current)
            yield Workbench(current, days)
        finally:
            supervisor.down(current, say=say)


def _landed(folder: Path, settings: Settings) -> list[str]:
    file = generate(DOCUMENTS, SEED, folder / "sample.jsonl").path
    now = datetime(START.year, START.month, START.day, tzinfo=UTC)
    spec = LandSpec(dataset=DATASET, files=(file,), today=START, now=now)
    return land(spec, settings=settings, progress=lambda *_: None).days


def machine() -> str:
    """The machine in one line, without names and dates."""
    memory = psutil.virtual_memory().total / 2**30
    packages = ("apache-airflow", "pyspark", "lightgbm", "great-expectations")
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GiB, "
        f"{platform.system()}, Python {platform.python_version()}, "
        + ", ".join(f"{name} {version(name)}" for name in packages)
    )
