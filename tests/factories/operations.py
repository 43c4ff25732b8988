"""Operations databases on both engines, and requests, changes and rows with defaults."""

import itertools
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from sqlalchemy import text

from benchmarks.postgres import named, run, server
from pipelines.contracts.decision import Answer, Change, Request
from pipelines.contracts.result import Comparison, GateResult
from pipelines.contracts.verdict import Verdict
from pipelines.opsdb.database import OpsDb
from pipelines.opsdb.migrate import upgrade

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
_numbers = itertools.count()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a real PostgreSQL server; one database in it is migrated: `made`."""
    with server(tmp_path_factory.mktemp("pg")) as uri:
        run(uri, "create database made")
        upgrade(named(uri, "made"))
        yield uri


@cache
def _made() -> bytes:
    """A migrated SQLite file, to be copied: migrating takes longer than most tests."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.db"
        upgrade(f"sqlite:///{path}")
        return path.read_bytes()


# `make check` runs them on the engine that needs no server; `make test` on both.
@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def opsdb_uri(request: pytest.FixtureRequest, tmp_path) -> str:
    """Address of an empty, migrated operations database: every test runs on both engines."""
    if request.param == "sqlite":
        path = tmp_path / "opsdb.db"
        path.write_bytes(_made())
        return f"sqlite:///{path}"
    uri = request.getfixturevalue("postgres")
    name = f"test_{next(_numbers)}"
    run(uri, f"create database {name} template made")
    return named(uri, name)


@pytest.fixture
def opsdb(opsdb_uri: str) -> Iterator[OpsDb]:
    """The database at `opsdb_uri`."""
    db = OpsDb.at(opsdb_uri)
    yield db
    db.engine.dispose()


def tamper(opsdb: OpsDb, *statements: str) -> None:
    """Writes past the triggers, as somebody with the database's password could."""
    with opsdb.engine.begin() as connection:
        if opsdb.engine.dialect.name == "sqlite":
            connection.execute(text("drop trigger ledger_no_update"))
            connection.execute(text("drop trigger ledger_no_delete"))
        else:
            connection.execute(text("alter table ledger disable trigger user"))
        for statement in statements:
            connection.execute(text(statement))


def change(to_version: int, **different) -> Change:
    """A promotion."""
    content = {
        "kind": "promote",
        "model": "receipts",
        "from_version": None,
        "to_version": to_version,
        "person": "ben",
        "why": "better on totals",
        "via": "cli",
        "os_user": "root",
        "at": NOW,
        "request_id": None,
        "evidence_hash": "e" * 64,
        "artefact_hash": f"hash-{to_version}",
        "code_revision": "c0de",
        "lock_hash": "10c4",
        "snapshots": {"input_snapshot_id": "12"},
    }
    return Change.model_validate(content | different)


def request(version: int = 2, **different) -> Request:
    """A version that the gate would promote."""
    content = {
        "model": "receipts",
        "version": version,
        "champion": None,
        "author": "cy",
        "verdict": verdict(),
        "table": [],
        "evidence_hash": f"{version:064d}",
        "evidence_dir": "runs/gate/receipts/x",
        "artefact_hash": f"hash-{version}",
        "requested_at": NOW,
        "expires_at": NOW + timedelta(hours=72),
    }
    return Request.model_validate(content | different)


def verdict(decision: str = "promote", more_rows: int | None = None) -> Verdict:
    """The gate's word."""
    reasons = [f"Overall is a reason to {decision}."]
    return Verdict(decision=decision, reasons=reasons, more_rows=more_rows)


def judged(version: int, champion: int | None = None, decision: str = "promote") -> GateResult:
    """What the gate hands over."""
    line = Comparison(
        rows="golden", slice="all", field="total", n=60, champion=0.9, candidate=0.92,
        difference=0.02, low=0.01, high=0.03,
    )  # fmt: skip
    return GateResult(
        model="receipts",
        version=version,
        champion=champion,
        verdict=verdict(decision),
        table=[line],
        evidence_dir="runs/gate/receipts/x",
        evidence_hash=f"{version:032d}{champion or 0:032d}",
        golden_rows=60,
        recent_rows=40,
        golden_snapshot_id=5,
    )


def answer(version: int = 2, choice: str = "promote", **different) -> Answer:
    """Ben's word, in a terminal."""
    content = {
        "model": "receipts",
        "version": version,
        "choice": choice,
        "person": "ben",
        "why": "better on totals",
        "via": "cli",
        "os_user": "root",
    }
    return Answer.model_validate(content | different)
