"""The embedded services of a home of their own, from the command line as a person uses it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from pipelines.services import process, secrets, state
from pipelines.services.process import Record
from pipelines.settings import PROJECT_ROOT, Settings

pytestmark = [pytest.mark.services, pytest.mark.slow]


class Home:
    """Runs `millrace` in one home, with free ports."""

    def __init__(self, path: Path) -> None:
        self.settings = Settings(home=path)
        ports = {
            f"MILLRACE_{name}_PORT": "0"
            for name in ("AIRFLOW", "MLFLOW", "SPARK", "REVIEW", "METRICS")
        }
        self.environ = {**os.environ, **ports, "MILLRACE_HOME": str(path)}

    def millrace(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(Path(sys.executable).parent / "millrace"), *arguments]
        return subprocess.run(
            command, env=self.environ, cwd=PROJECT_ROOT, capture_output=True, text=True, timeout=300
        )

    def status(self) -> dict[str, dict]:
        services = json.loads(self.millrace("status", "--json").stdout)["services"]
        return {each["name"]: each for each in services}

    def records(self) -> list[Record]:
        run = state.load(self.settings)
        return list(run.records.values()) if run else []

    def processes(self) -> list[psutil.Process]:
        return [
            member
            for record in self.records()
            for member in process.members(record, self.settings.root)
        ]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """Services that are up; each test leaves them up."""
    made = Home(tmp_path_factory.mktemp("services") / "home")
    done = made.millrace("up")
    assert done.returncode == 0, done.stdout + done.stderr
    try:
        yield made
    finally:
        left = made.processes()
        made.millrace("down")
        for each in left:
            if each.is_running():
                each.kill()


def sign_in(url: str, user: str, password: str) -> httpx.Response:
    body = {"username": user, "password": password}
    return httpx.post(f"{url}/auth/token", json=body, trust_env=False)


def test_all_services_run_after_up_and_take_little_memory(home: Home) -> None:
    found = home.status()
    assert {each["state"] for each in found.values()} == {"running"}
    assert sum(each["memory"] for each in found.values()) < 2.3 * 2**30
    for name in found:
        log = home.settings.logs / "services" / f"{name}.log"
        assert log.exists()


def test_named_users_sign_in_with_their_own_password_alone(home: Home) -> None:
    url = home.status()["api-server"]["url"]
    for user, password in secrets.passwords(home.settings).items():
        assert sign_in(url, user, password).status_code == 201
    assert sign_in(url, "ada", "wrong").status_code == 401
    assert sign_in(url, "admin", "admin").status_code == 401


def test_passwords_and_secrets_are_in_no_log_and_no_output(home: Home) -> None:
    hidden = [secrets.read(home.settings, name) for name in ("jwt", "api", "fernet", "spark")]
    for users in ("users", "reviewers"):
        hidden += secrets.passwords(home.settings, users).values()
    seen = [path.read_text(errors="replace") for path in home.settings.logs.rglob("*.log")]
    seen += [(done := home.millrace("up")).stdout, done.stderr]
    assert not [secret for secret in hidden if any(secret in text for text in seen)]


def test_every_port_is_closed_to_other_machines(home: Home) -> None:
    heard = set()
    for member in home.processes():
        with suppress(psutil.NoSuchProcess):  # short-lived ones end while they are looked at
            heard.update(
                connection.laddr.ip.removeprefix("::ffff:")
                for connection in member.net_connections(kind="tcp")
                if connection.status == psutil.CONN_LISTEN
            )
    assert heard, "something listens"
    assert heard <= {"127.0.0.1", "::1"}


def test_mlflow_answers_to_its_own_name_alone(home: Home) -> None:
    url = home.status()["mlflow"]["url"] + "/ajax-api/2.0/mlflow/experiments/search?max_results=1"
    assert httpx.get(url, trust_env=False).status_code == 200
    foreign = httpx.get(url, headers={"Host": "elsewhere.example"}, trust_env=False)
    assert foreign.status_code == 403


def test_spark_answers_to_the_home_token_alone(home: Home) -> None:
    program = """
import os, sys
from pyspark.sql import SparkSession
try:
    print(SparkSession.builder.remote(sys.argv[1]).create().range(5).count())
except Exception as error:
    print("UNAUTHENTICATED" if "UNAUTHENTICATED" in str(error) else error)
"""
    url = home.status()["spark"]["url"]
    token = secrets.read(home.settings, "spark")
    for given, answer in ((token, "5"), ("wrong", "UNAUTHENTICATED")):
        environ = {**os.environ, "SPARK_CONNECT_AUTHENTICATE_TOKEN": given}
        done = subprocess.run(
            [sys.executable, "-c", program, url], env=environ, capture_output=True, text=True
        )
        assert done.stdout.split() == [answer]


def scraped(home: Home) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    """Value by labels by name of sample."""
    answer = httpx.get(home.status()["metrics"]["url"], trust_env=False, timeout=20)
    found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    for family in text_string_to_metric_families(answer.raise_for_status().text):
        for one in family.samples:
            found.setdefault(one.name, {})[tuple(sorted(one.labels.items()))] = one.value
    return found


def up_services(home: Home) -> dict[str, float]:
    return {labels[0][1]: value for labels, value in scraped(home)["millrace_service_up"].items()}


def test_run_by_the_scheduler_is_on_record_in_the_figures_and_in_one_trace(home: Home) -> None:
    assert up_services(home) == dict.fromkeys({*home.status()} - {"metrics"}, 1)
    done = home.millrace("run", "platform", "registry")
    assert done.returncode == 0, done.stdout + done.stderr
    named = (("family", "platform"), ("name", "registry"))
    runs, deadline = 0.0, time.monotonic() + 60  # the scheduler sees the end of a run a bit later
    while not runs and time.monotonic() < deadline:
        found = scraped(home)
        runs = found.get("millrace_runs_total", {}).get((*named, ("state", "success")), 0)
    assert runs >= 1
    task = (*named, ("state", "success"), ("task", "audit"))
    assert found["millrace_step_attempts_total"][task] >= 1
    assert set(found["millrace_collector_up"].values()) == {1}
    lines = (home.settings.telemetry / "spans.jsonl").read_text().splitlines()
    spans = [json.loads(line) for line in lines]
    newest = [span for span in spans if span["name"].startswith("platform__registry")][-2:]
    assert {span["name"] for span in newest} == {"platform__registry", "platform__registry.audit"}
    assert len({span["context"]["trace_id"] for span in newest}) == 1
    log = home.settings.logs / "services" / "scheduler.log"
    last = log.read_text().splitlines()[-1]
    assert json.loads(last)["level"], "what services log is for machines"


def test_up_says_so_when_everything_runs(home: Home) -> None:
    before = home.records()
    done = home.millrace("up")
    assert done.returncode == 0
    assert "already running" in done.stdout
    assert home.records() == before


def test_up_repairs_a_killed_scheduler_and_ends_its_orphans(home: Home) -> None:
    scheduler = next(each for each in home.records() if each.name == "scheduler")
    workers = [
        member
        for member in process.members(scheduler, home.settings.root)
        if member.pid != scheduler.pid
    ]
    assert workers
    os.kill(scheduler.pid, signal.SIGKILL)
    time.sleep(0.5)
    down = home.millrace("status")
    assert down.returncode == 1
    assert home.status()["scheduler"]["state"] == "dead"
    assert [name for name, value in up_services(home).items() if not value] == ["scheduler"]
    doctor = home.millrace("doctor")
    assert doctor.returncode == 1
    assert "scheduler is dead" in doctor.stdout
    done = home.millrace("up")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "started scheduler in" in done.stdout
    assert not [each for each in workers if each.is_running()]
    assert home.millrace("status").returncode == 0


def test_down_leaves_no_process_and_up_starts_again(home: Home) -> None:
    left = home.processes()
    assert len(left) > 8
    done = home.millrace("down")
    assert done.returncode == 0
    gone = [each for each in left if not each.is_running() or each.status() == "zombie"]
    assert gone == left
    assert {each["state"] for each in home.status().values()} == {"stopped"}
    assert home.millrace("status").returncode == 0
    again = home.millrace("up", "--no-spark")
    assert again.returncode == 0, again.stdout + again.stderr
    assert home.status()["spark"]["state"] == "stopped"
