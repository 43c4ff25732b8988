"""What our processes log, and that nothing personal is in it."""

import io
import json
import logging
import os
import socket
import subprocess
import sys
import time
from datetime import UTC, date, datetime

import httpx
import pytest

from pipelines.errors import BadDataError, where
from pipelines.ingestion import formats
from pipelines.ingestion.land import LandSpec, run
from pipelines.services import secrets
from pipelines.settings import Settings
from pipelines.telemetry import logs

CARD, IBAN, MERCHANT = (
    "4111 1111 1111 1111",
    "DE89 3704 0044 0532 0130 00",
    "SECRET MERCHANT SDN BHD",
)
PLANTED = f"card {CARD} of {IBAN} at {MERCHANT}"
NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)


@pytest.fixture
def lines(monkeypatch):
    """Makes a logger that writes with this formatter, and what it wrote."""
    for name in logs._IDS.values():
        monkeypatch.delenv(name, raising=False)
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(logs.JsonLines())
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in out.getvalue().splitlines()]
    root.removeHandler(handler)
    root.setLevel(level)


def test_line_names_run_task_and_document(lines, monkeypatch):
    log = logging.getLogger("somebody")
    log.warning("%d rows", 3)
    monkeypatch.setenv("AIRFLOW_CTX_DAG_ID", "score__receipts")
    monkeypatch.setenv("AIRFLOW_CTX_DAG_RUN_ID", "manual__1")
    monkeypatch.setenv("AIRFLOW_CTX_TASK_ID", "score")
    with logs.about("receipt-7"):
        log.info("read")
    plain, full = lines()
    assert (plain["level"], plain["message"], plain["logger"]) == ("warning", "3 rows", "somebody")
    assert datetime.fromisoformat(plain["at"]).tzinfo is not None
    assert not {"dag", "run", "task", "document_id"} & plain.keys()
    assert (full["dag"], full["run"], full["task"]) == ("score__receipts", "manual__1", "score")
    assert full["document_id"] == "receipt-7"


def test_error_of_a_library_is_told_by_kind_and_place_alone(lines):
    log = logging.getLogger("somebody")
    try:
        float(PLANTED)
    except ValueError:
        log.exception("could not read line %d", 4)
    (line,) = lines()
    assert "ValueError at test_logs.py:" in line["message"]
    assert "could not read line 4" in line["message"]
    assert not [one for one in (CARD, IBAN, MERCHANT) if one in json.dumps(line)]


def test_error_of_ours_is_told_whole():
    assert where(BadDataError("column amount is missing")) == "column amount is missing"


@pytest.mark.parametrize(
    "text",
    [CARD, CARD.replace(" ", ""), CARD.replace(" ", "-"), "378282246310005", IBAN,
     IBAN.replace(" ", ""), "ann.lee+x@example.co.uk"],
)  # fmt: skip
def test_what_looks_personal_is_covered(text):
    assert logs.cover(f"of {text}, twice") == f"of {logs.COVER}, twice"


@pytest.mark.parametrize(
    "text",
    ["4111 1111 1111 1112", "snapshot 8423094820938402934", "at 1774958400000",
     "0.4111111111111111", "DE88370400440532013000", "manual__2026-03-31T12:00:00+00:00",
     "features 3f2a9c1e44b1"],
)  # fmt: skip
def test_what_is_none_is_left(text):
    assert logs.cover(text) == text


def test_reader_that_fails_does_not_log_what_it_read(lines, tmp_path, monkeypatch):
    def read(path, limits):
        raise ValueError(path.read_text())

    monkeypatch.setattr(formats, "reader", lambda *_: read)
    path = tmp_path / "march.jsonl"
    path.write_text(PLANTED)
    settings = Settings(home=tmp_path / "home", read_workers=1)
    run(
        LandSpec(dataset="receipts", files=(path,), now=NOW, today=date(2026, 3, 31)),
        settings=settings,
        progress=lambda *_: None,
    )
    written = json.dumps(lines())
    assert "failed on march.jsonl: ValueError at" in written
    assert not [one for one in (CARD, IBAN, MERCHANT) if one in written]


def test_people_get_text_and_machines_json(tmp_path):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    settings = Settings(home=tmp_path)
    assert not logs.is_json(settings, Terminal()) and logs.is_json(settings, io.StringIO())
    assert logs.is_json(Settings(home=tmp_path, log_format="json"), Terminal())
    assert not logs.is_json(Settings(home=tmp_path, log_format="text"), io.StringIO())


@pytest.mark.slow
def test_review_service_logs_requests_without_what_was_asked(tmp_path):
    settings = Settings(home=tmp_path / "home")
    secrets.generate(settings)
    settings.root.joinpath("opsdb").mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path / "review.log"
    with log.open("wb") as out:
        service = subprocess.Popen(
            [sys.executable, "-m", "pipelines.review", "--port", str(port),
             "--accounts", str(secrets.path(settings, "reviewers"))],
            env=os.environ | {"MILLRACE_HOME": str(settings.root)}, stdout=out, stderr=out,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                asked = {"q": PLANTED}
                url = f"http://127.0.0.1:{port}/health"
                httpx.get(url, params=asked, trust_env=False).raise_for_status()
                break
            except httpx.HTTPError:
                assert time.monotonic() < deadline and service.poll() is None, log.read_text()
                time.sleep(0.2)
    finally:
        service.terminate()
        service.wait(20)
    found = [json.loads(line) for line in log.read_text().splitlines()]
    assert "GET /health 200" in [line["message"] for line in found]
    written = log.read_text()
    assert not [one for one in ("4111", "DE89", "SECRET", "127.0.0.1:") if one in written.replace(
        f"http://127.0.0.1:{port}", ""
    )]  # fmt: skip
