"""The environment of everything that runs Airflow, MLflow or Spark in one home.

One function makes it, and the services, the in-process runner and the tests all use it, so that
the same DAG finds the same folders, secrets and servers wherever it runs.
"""

import importlib.util
import json
import os
import shlex
import sys
from pathlib import Path
from urllib.parse import urlsplit

from pipelines.services import ports, secrets, state
from pipelines.settings import PROJECT_ROOT, Settings
from pipelines.telemetry.trace import LINEAGE_FILE

_FOREIGN = (
    "AIRFLOW__",
    "MLFLOW_",
    "PYTHONHOME",
    "PYTHONPATH",
    "PYTHONSTARTUP",
    # Without compiled files every start takes twice as long.
    "PYTHONDONTWRITEBYTECODE",
    "SPARK_",
    "_MLFLOW_",
)
"""Settings of the caller for other installations, which would change ours."""


SECRET_VARIABLES = {"SPARK_CONNECT_AUTHENTICATE_TOKEN"}
"""Values that are never printed; all other secrets are named by the commands that read them."""


NO_REPORTS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "1",
    "GX_ANALYTICS_ENABLED": "false",
    "ORT_DISABLE_TELEMETRY": "1",
}
"""What keeps libraries from reporting their use to their makers."""


def full_environment(settings: Settings) -> dict[str, str]:
    """What a child process of ours is started with: the caller's environment without settings
    for other Airflows, MLflows and Sparks, and `airflow_environment` over it."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(_FOREIGN)}
    own = airflow_environment(settings)
    kept["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), kept.get("PATH", os.defpath)))
    # A company's proxy does not reach our own loopback.
    local = [host for host in kept.get("NO_PROXY", kept.get("no_proxy", "")).split(",") if host]
    own["NO_PROXY"] = own["no_proxy"] = ",".join(dict.fromkeys([*local, "127.0.0.1", "localhost"]))
    return kept | own


def service_environment(settings: Settings) -> dict[str, str]:
    """`full_environment` of what runs behind: its output is a file, for machines unless the
    settings say otherwise."""
    as_json = settings.log_format != "text"
    return full_environment(settings) | {"AIRFLOW__LOGGING__JSON_LOGS": str(as_json)}


def airflow_environment(settings: Settings) -> dict[str, str]:
    """Variables that make Airflow, MLflow and Spark work in this home; only what we add.

    Secrets are named by the commands that read them, so they are not in the environment of
    every task; the token of a local Spark is the one exception, because its client reads it
    from there alone. Needs a home that `home.prepare` made.
    """
    return (
        _millrace(settings)
        | _python()
        | _airflow(settings)
        | _spark(settings)
        | _lineage(settings)
        | {
            "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            # The list of fonts that it found; by default in the person's own home.
            "MPLCONFIGDIR": str(settings.root / "run" / "matplotlib"),
        }
        | NO_REPORTS
    )


def _millrace(settings: Settings) -> dict[str, str]:
    """Every setting that was given, paths absolute because tasks run in another folder, and
    the ports as they were chosen."""
    given = settings.model_dump(exclude_unset=True, exclude_none=True, mode="json")
    chosen = {ports.SETTING[name]: port for name, port in ports.assigned(settings).items()}
    found = {f"MILLRACE_{name.upper()}": value for name, value in given.items()} | chosen
    # Lists and objects are read as JSON.
    texts = {
        name: json.dumps(value) if isinstance(value, list | dict) else str(value)
        for name, value in found.items()
    }
    return texts | {
        "MILLRACE_HOME": str(settings.root),
        "MILLRACE_SPARK_JARS": str(settings.jars.resolve()),
    }


def _python() -> dict[str, str]:
    return {
        "PYTHONPATH": os.pathsep.join((str(PROJECT_ROOT), str(PROJECT_ROOT / "plugins"))),
        "PYTHONUNBUFFERED": "1",
        # Spark's workers must be this Python, not the system's.
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
    }


def _airflow(settings: Settings) -> dict[str, str]:
    folder = settings.root / "airflow"
    url = f"http://127.0.0.1:{ports.assigned(settings)['airflow']}"
    return {
        "AIRFLOW_CONFIG": str(PROJECT_ROOT / "airflow.cfg"),
        "AIRFLOW_HOME": str(folder),
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT_ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT_ROOT / "plugins"),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        "AIRFLOW__CORE__FERNET_KEY_CMD": _read(secrets.path(settings, "fernet")),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(secrets.path(settings, "users")),
        "AIRFLOW__API__HOST": settings.bind,
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW__API__PORT": url.rpartition(":")[2],
        "AIRFLOW__API__SECRET_KEY_CMD": _read(secrets.path(settings, "api")),
        "AIRFLOW__API_AUTH__JWT_SECRET_CMD": _read(secrets.path(settings, "jwt")),
        **metadata(settings.metadata_uri),
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(settings.logs / "airflow"),
        "AIRFLOW__LOGGING__DAG_PROCESSOR_CHILD_PROCESS_LOG_DIRECTORY": str(
            settings.logs / "dag_processor"
        ),
        "AIRFLOW_CONN_SPARK_LOCAL": json.dumps({
            "conn_type": "spark",
            "host": settings.spark_master,
        }),
    }


def metadata(uri: str, lock_seconds: int = 30) -> dict[str, str]:
    """Airflow's own database, by the driver that is in the lock; `lock_seconds` is how long a
    write to SQLite waits for another one."""
    name = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
    if uri.startswith("sqlite:///"):
        return {name: f"{uri}?timeout={lock_seconds}"}
    kind, _, rest = uri.partition("://")
    driver = "postgresql+psycopg2" if kind == "postgresql" else kind
    # By default Airflow wants a second driver for its endpoint that waits for the end of a run.
    return {name: f"{driver}://{rest}", f"{name}_ASYNC": ""}


def _lineage(settings: Settings) -> dict[str, str]:
    """OpenLineage by Airflow's provider, or not at all: also where the caller's own is on."""
    section = "AIRFLOW__OPENLINEAGE__"
    if settings.lineage == "off":
        return {f"{section}DISABLED": "true"}
    return {
        f"{section}DISABLED": "false",
        f"{section}NAMESPACE": "millrace",
        f"{section}EXTRACTORS": "millrace_airflow.lineage.MillraceExtractor",
        f"{section}TRANSPORT": json.dumps(_transport(settings)),
        f"{section}SPARK_INJECT_PARENT_JOB_INFO": "true",
        f"{section}DISABLE_SOURCE_CODE": "true",
        # A fork of a process with threads hangs until it is ended after EXECUTION_TIMEOUT.
        f"{section}EXECUTE_IN_THREAD": "true",
        f"{section}EXECUTION_TIMEOUT": "5",
    }


def _transport(settings: Settings) -> dict[str, object]:
    if settings.lineage == "file":
        path = settings.telemetry / LINEAGE_FILE
        return {"type": "file", "log_file_path": str(path), "append": True}
    address = urlsplit(settings.lineage)
    endpoint = address.path.strip("/") or "api/v1/lineage"
    return {
        "type": "http",
        "url": f"{address.scheme}://{address.netloc}",
        "endpoint": endpoint,
        "timeout": 3,
    }


def _spark(settings: Settings) -> dict[str, str]:
    """The warm Spark: the settings' or, where they name none, the home's own if it lives."""
    package = importlib.util.find_spec("pyspark")
    found = {"SPARK_HOME": str(Path(package.origin).parent)} if package and package.origin else {}
    own = ports.spark_address(settings)
    remote = settings.spark_remote or (own if state.has_live_spark(settings) else None)
    if remote:
        found["MILLRACE_SPARK_REMOTE"] = remote
    if remote == own:  # nobody else's server is shown our token
        found["SPARK_CONNECT_AUTHENTICATE_TOKEN"] = secrets.read(settings, "spark")
    return found


def _read(path: Path) -> str:
    return f"cat {shlex.quote(str(path))}"
