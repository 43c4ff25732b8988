"""Where things are and how the engines are reached: read once, from the environment.

Every setting is `MILLRACE_<NAME>` in the environment. The defaults are one laptop with
nothing else running; production changes URIs and names of engines here and nowhere else.
"""

import hashlib
import os
import shutil
import tempfile
import zipfile
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


def _project_root() -> Path:
    """The project's folder; that of the zip's content where the code runs from one.

    `spark-submit --py-files` imports from the zip, but YAML and SQL are read as files: the
    zip is unpacked beside itself, once, and shown by one rename.
    """
    root = Path(__file__).resolve().parents[1]
    if not root.is_file():
        return root
    unpacked = root.with_name(f".{root.name}.{hashlib.sha256(root.read_bytes()).hexdigest()[:16]}")
    if not unpacked.is_dir():
        aside = Path(tempfile.mkdtemp(dir=root.parent))
        with zipfile.ZipFile(root) as archive:
            archive.extractall(aside)
        try:
            aside.rename(unpacked)
        except OSError:  # another process was first
            shutil.rmtree(aside)
    return unpacked


PROJECT_ROOT = _project_root()


class Settings(BaseSettings):
    """Settings of one home; two homes never touch."""

    model_config = SettingsConfigDict(env_prefix="MILLRACE_", extra="ignore", frozen=True)

    home: Path = Path("var")
    """Everything a run writes is below this folder."""

    lake_type: str = "sql"
    """pyiceberg catalog type: `sql` on a laptop, `glue` on AWS."""
    lake_uri: str | None = None
    """Catalog database; default SQLite in the home, shared with Spark through JDBC."""
    lake_warehouse: str | None = None
    """Folder or bucket of the tables; default below the home."""

    mlflow_uri: str | None = None
    """Tracking and registry; default SQLite in the home."""
    mlflow_artifacts: str | None = None
    """Root of run artefacts; default below the home."""

    opsdb_uri: str | None = None
    """Decisions and ledger: `postgresql://…` in production; default SQLite in the home."""
    airflow_db_uri: str | None = None
    """Airflow's own database: `postgresql://…` in production; default SQLite in the home."""
    admins: tuple[str, ...] = ("ada",)
    """Who may decide on a model whose model.yaml names no approvers. A JSON list."""
    approval_hours: float = Field(default=72, gt=0)
    """Hours that a version waits for a decision; after them it is rejected."""

    spark_remote: str | None = None
    """Spark Connect server, `sc://host:port`; none starts Spark for each job."""
    spark_master: str = "local[*]"
    """Master of a Spark that is started for one job."""
    spark_driver_memory: str = "1g"
    spark_java_options: str = "-XX:TieredStopAtLevel=1"
    """Options of a local Spark's Java; empty takes Java's own. The default compiles quickly
    and optimises less: short jobs cost half of the CPU, minutes of aggregation twice."""
    spark_jars: Path | None = None
    """Folder of the verified jars; default `.venv/share/millrace/jars` made by `make setup`."""

    bind: str = "127.0.0.1"
    """Address the embedded services listen on."""
    airflow_port: int = Field(default=8080, ge=0, le=65535)
    mlflow_port: int = Field(default=5000, ge=0, le=65535)
    spark_port: int = Field(default=15002, ge=0, le=65535)
    review_port: int = Field(default=8090, ge=0, le=65535)
    review_hosts: tuple[str, ...] = ("127.0.0.1", "localhost")
    """Names by which the reviewers' pages may be called; another is refused, so that a page of
    somebody else's does not reach them under its own name. A JSON list."""
    review_proxies: tuple[str, ...] = ()
    """Addresses of proxies whose word on the caller's address and on HTTPS is believed."""

    metrics_port: int = Field(default=9464, ge=0, le=65535)
    """Where Prometheus reads what all stores and services say of themselves, at /metrics."""
    probes: dict[str, str] = {}
    """Services to look at by name, as addresses that answer 200 when all is well; empty: the
    embedded ones. A JSON object such as {"mlflow": "http://mlflow:5000/health"}."""
    compute_cost_per_hour: float = Field(default=1, ge=0)
    """What an hour of a task costs, in any one unit; with 1 costs are hours."""
    traces: str = Field(default="file", pattern=r"^(off|file|https?://.+)$")
    """Where spans of runs, tasks and Spark jobs go: `file` (bounded JSON lines in the home), an
    address that takes OTLP over HTTP, such as http://collector:4318/v1/traces, or `off`."""
    lineage: str = Field(default="off", pattern=r"^(off|file|https?://.+)$")
    """Where OpenLineage events go: `file` (JSON lines in the home), an address that takes them,
    or `off`, because they cost each task processor time (docs/telemetry.md)."""
    log_format: Literal["auto", "text", "json"] = "auto"
    """What our own processes log: `json` lines for machines, `text` for people; `auto` is text on
    a terminal and JSON elsewhere."""

    retry_delay_seconds: float = Field(default=30, ge=0)
    """Pause before a failed task is tried again."""

    notifiers: tuple[dict[str, Any], ...] = ()
    """Channels that are told of alarms, beside the list on the page: millrace_airflow.channels has
    what each holds. A JSON list such as [{"kind": "slack", "name": "on-call"}]; addresses and
    secrets are in Airflow's connections."""

    corrections: dict[str, Any] = {}
    """What stands in, in this home, for values of `corrections:` of every model.yaml: for trials.
    A JSON object such as {"threshold": 10, "cooldown_hours": 0}."""
    poll_seconds: float = Field(default=2, gt=0)
    """Pause between two looks for new corrections; each is one short query."""

    read_workers: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1)
    """Processes that read files at once."""
    max_line_bytes: int = Field(default=8 * 2**20, ge=1024)
    """Longest line of a landed text file; a longer one is quarantined unread."""
    max_file_bytes: int = Field(default=512 * 2**20, ge=1024)
    """Largest file that is read; a larger one is quarantined unread."""
    max_image_pixels: int = Field(default=60_000_000, ge=1)
    """Largest picture that is decoded, against decompression bombs."""

    @cached_property
    def root(self) -> Path:
        """The home as an absolute path."""
        return self.home.expanduser().resolve()

    @property
    def landing(self) -> Path:
        return self.root / "landing"

    @property
    def originals(self) -> Path:
        return self.root / "originals"

    @property
    def runs(self) -> Path:
        """Working folders and results of single runs."""
        return self.root / "runs"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def telemetry(self) -> Path:
        """Spans and lineage events, where they stay in the home."""
        return self.root / "telemetry"

    @property
    def data_docs(self) -> Path:
        return self.root / "data_docs"

    @property
    def secrets(self) -> Path:
        return self.root / "secrets"

    @property
    def catalog_uri(self) -> str:
        return self.lake_uri or f"sqlite:///{self.root / 'lake' / 'catalog.db'}"

    @property
    def warehouse(self) -> str:
        return self.lake_warehouse or (self.root / "lake" / "warehouse").as_uri()

    @property
    def tracking_uri(self) -> str:
        return self.mlflow_uri or f"sqlite:///{self.root / 'mlflow' / 'mlflow.db'}"

    @property
    def operations_uri(self) -> str:
        return self.opsdb_uri or f"sqlite:///{self.root / 'opsdb' / 'opsdb.db'}"

    @property
    def metadata_uri(self) -> str:
        """Airflow's own database."""
        return self.airflow_db_uri or f"sqlite:///{self.root / 'airflow' / 'airflow.db'}"

    @property
    def artifact_root(self) -> str:
        return self.mlflow_artifacts or (self.root / "mlflow" / "artifacts").as_uri()

    @property
    def jars(self) -> Path:
        return self.spark_jars or PROJECT_ROOT / ".venv" / "share" / "millrace" / "jars"

    def relative(self, path: Path) -> str:
        """A path below the home as it is written into results, so that a home can move."""
        return str(Path(path).resolve().relative_to(self.root))


def load() -> Settings:
    """Settings of this process, read anew from the environment."""
    return Settings()
