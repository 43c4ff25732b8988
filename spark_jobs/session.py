"""The one way to a Spark session, and the one set of settings behind it.

Three ways lead to the same engine with the same catalog `lake`:

- a warm Spark Connect server (`MILLRACE_SPARK_REMOTE` or `SPARK_REMOTE`), started once with
  `connect_command` and `environment`;
- spark-submit, which EMR uses too: `submit_arguments` gives the settings it must know
  before the Java process starts;
- a Spark of the job's own, when there is neither.
"""

import os
import sys
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from pipelines.errors import MisconfiguredError
from pipelines.settings import Settings

CATALOG = "lake"
SQLITE = "sqlite:///"
BUSY_MILLISECONDS = 60_000
# One machine: loopback only, no page of its own, few partitions.
_LOCAL = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.shuffle.partitions": "4",
    "spark.pyspark.python": sys.executable,
    "spark.pyspark.driver.python": sys.executable,
}


def conf(settings: Settings) -> dict[str, str]:
    """Spark's settings for this home; pure, so that server, submit and builder agree.

    Raises MisconfiguredError where the catalog is of a kind that Spark cannot reach.
    """
    return _session_conf(settings) | _launch_conf(settings)


def _session_conf(settings: Settings) -> dict[str, str]:
    """What may be set in a Java process that already runs."""
    found = {
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        "spark.sql.ansi.enabled": "true",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        # A batch holds whole documents, some with thousands of lines: bounded by count.
        "spark.sql.execution.arrow.maxRecordsPerBatch": "512",
        **_catalog(settings),
    }
    return found | (_LOCAL if _is_local(settings) else {})


def _launch_conf(settings: Settings) -> dict[str, str]:
    """What is too late once the Java process runs; a cluster brings its own."""
    if not _is_local(settings):
        return {}
    return {
        "spark.master": settings.spark_master,
        "spark.jars": ",".join(str(path) for path in _jars(settings.jars)),
        "spark.driver.memory": settings.spark_driver_memory,
        "spark.driver.extraJavaOptions": settings.spark_java_options,
        "spark.sql.warehouse.dir": (settings.runs / "spark-warehouse").as_uri(),
        # Each job has Python workers of its own, which rest for a minute after it: 200 MB each.
        "spark.python.factory.idleWorkerMaxPoolSize": "1",
    }


def _is_local(settings: Settings) -> bool:
    return settings.spark_master.startswith("local")


def _catalog(settings: Settings) -> dict[str, str]:
    prefix = f"spark.sql.catalog.{CATALOG}"
    found = {
        prefix: "org.apache.iceberg.spark.SparkCatalog",
        f"{prefix}.warehouse": settings.warehouse,
        # pyiceberg commits to the same tables: a cached one would hide what it wrote.
        f"{prefix}.cache-enabled": "false",
    }
    if settings.lake_type == "glue":
        return found | {
            f"{prefix}.type": "glue",
            f"{prefix}.io-impl": "org.apache.iceberg.aws.s3.S3FileIO",
        }
    if settings.lake_type == "sql" and settings.catalog_uri.startswith(SQLITE):
        return found | {
            f"{prefix}.type": "jdbc",
            f"{prefix}.uri": f"jdbc:sqlite:{settings.catalog_uri.removeprefix(SQLITE)}",
            f"{prefix}.jdbc.schema-version": "V1",
            f"{prefix}.jdbc.init-catalog-tables": "true",
            f"{prefix}.jdbc.busy_timeout": str(BUSY_MILLISECONDS),
            f"{prefix}.jdbc.journal_mode": "WAL",
        }
    raise MisconfiguredError(
        f"MILLRACE_LAKE_TYPE={settings.lake_type!r} with catalog {settings.catalog_uri!r} is not "
        "one that Spark can reach; expected `sql` on SQLite or `glue`. Mend the setting."
    )


def _jars(folder: Path) -> list[Path]:
    found = sorted(folder.glob("*.jar"))
    if not found:
        raise MisconfiguredError(
            f"there are no jars in {folder}; expected those of scripts/jars.lock. "
            "Run `make setup` (or `python scripts/fetch_jars.py`)."
        )
    return found


def environment() -> dict[str, str]:
    """Variables a Spark process needs: Python workers are of this very environment, and no
    address of the machine is looked up."""
    return {
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
        "SPARK_LOCAL_IP": "127.0.0.1",
    }


def submit_arguments(settings: Settings) -> list[str]:
    """`--conf k=v` for spark-submit, from `conf`."""
    return [word for key, value in conf(settings).items() for word in ("--conf", f"{key}={value}")]


def connect_command(settings: Settings) -> list[str]:
    """Command of the Spark Connect server of this home, on loopback only."""
    import pyspark

    return [
        str(Path(pyspark.__file__).parent / "bin" / "spark-class"),
        "org.apache.spark.deploy.SparkSubmit",
        "--class",
        "org.apache.spark.sql.connect.service.SparkConnectServer",
        *submit_arguments(settings),
        "--conf",
        f"spark.connect.grpc.binding.address={settings.bind}",
        "--conf",
        f"spark.connect.grpc.binding.port={settings.spark_port}",
        "spark-internal",
    ]


def remote(settings: Settings) -> str | None:
    """Address of the Connect server, where there is one."""
    return settings.spark_remote or os.environ.get("SPARK_REMOTE")


def session(app_name: str, settings: Settings, *, session_id: str | None = None) -> SparkSession:
    """A session on the Connect server, in the submitting process, or in one of its own.

    `session_id` (a UUID) names a new session on a Connect server, so that a later attempt can
    end what this one leaves running.
    """
    builder: Any = SparkSession.builder
    address = remote(settings)
    if address and session_id:
        # Not getOrCreate: it would hand out this process's last session, even a closed one.
        named: SparkSession = builder.remote(f"{address}/;session_id={session_id}").create()
        return named
    builder = builder.remote(address) if address else _launching(builder, app_name, settings)
    found: SparkSession = builder.getOrCreate()
    return found


def _launching(builder: Any, app_name: str, settings: Settings) -> Any:
    if _is_local(settings):
        os.environ |= environment()
    submitted = "PYSPARK_GATEWAY_PORT" in os.environ
    for key, value in (_session_conf(settings) if submitted else conf(settings)).items():
        builder = builder.config(key, value)
    return builder.appName(app_name)
