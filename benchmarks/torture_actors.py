"""Processes that work on one model until SIGKILL ends them somewhere."""

import json
import os
import random
import select
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import event

from pipelines.errors import RefusedError
from pipelines.opsdb.database import OpsDb

if TYPE_CHECKING:
    from benchmarks.torture_era import Era

WHERE = ("in a statement", "before a commit", "after a commit", "at a moment")
AT_ONCE = 3
LATEST_CALL = 12
"""Each is dead by its twelfth call."""
PATIENCE_SECONDS = 60.0
"""A process that hangs for this long is a fault of its own."""


@dataclass(frozen=True)
class Killed:
    """What a process had been told was done when it died."""

    where: str
    calls: int
    told: list[dict[str, Any]]


def kill_some(era: "Era", most: int) -> list[Killed]:
    """Starts up to three processes at once and waits until each is dead."""
    chance = era.chance
    count = min(most, chance.randint(1, AT_ONCE))
    running = [_start(era, chance.choice(WHERE), chance.getrandbits(32)) for _ in range(count)]
    era.kills += count
    return [_wait(*one) for one in running]


def _start(era: "Era", where: str, seed: int) -> tuple[str, int, int, float]:
    """Forks: a fresh interpreter for each would take a hundred times longer."""
    reader, writer = os.pipe()
    dies = time.monotonic() + random.Random(seed).uniform(0, 0.4)
    child = os.fork()
    if child == 0:
        os.close(reader)
        try:
            _work(era, where, random.Random(seed), writer)
        except BaseException as error:
            told = {"kind": "error", "name": f"{type(error).__name__}: {error}"[:500]}
            os.write(writer, json.dumps(told).encode() + b"\n")
        finally:
            os._exit(3)
    os.close(writer)
    return where, child, reader, dies


def _work(era: "Era", where: str, chance: random.Random, writer: int) -> None:
    db = OpsDb.at(era.uri)
    _plan_death(db, where, chance)
    calls: list[Callable[[OpsDb, random.Random], dict[str, Any]]] = era.calls()
    while True:
        call, seed = chance.choice(calls), chance.getrandbits(32)
        for _ in range(1 + (chance.random() < 0.3)):  # some are delivered twice
            # A rule that refuses is an answer too.
            with suppress(RefusedError):
                told = call(db, random.Random(seed))
                os.write(writer, json.dumps(told).encode() + b"\n")


def _plan_death(db: OpsDb, where: str, chance: random.Random) -> None:
    """Counts down on every statement or commit; at the end there is no time for anything."""
    if where == "at a moment":
        return
    left = [chance.randint(1, LATEST_CALL * (12 if where == "in a statement" else 1))]

    def count(*_: object) -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    if where == "in a statement":
        event.listen(db.engine, "after_cursor_execute", count)
        return
    commit = db.engine.dialect.do_commit

    def die_beside(connection: Any) -> None:
        if where == "before a commit":
            count()
        commit(connection)
        if where == "after a commit":
            count()

    db.engine.dialect.do_commit = die_beside  # type: ignore[method-assign, assignment]


def _wait(where: str, child: int, reader: int, dies: float) -> Killed:
    told = b""
    limit = time.monotonic() + PATIENCE_SECONDS
    with _closing(reader):
        while True:
            until = dies if where == "at a moment" else limit
            ready, _, _ = select.select([reader], [], [], max(0.0, until - time.monotonic()))
            if ready:
                part = os.read(reader, 65_536)
                if not part:
                    break
                told += part
            else:
                os.kill(child, signal.SIGKILL)
                if where != "at a moment":
                    where = "because it hung"
                dies = limit = time.monotonic() + PATIENCE_SECONDS
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status):
        where = "not at all: it ended by itself"
    lines = [json.loads(line) for line in told.splitlines() if line.endswith(b"}")]
    return Killed(where, len(lines), lines)


@contextmanager
def _closing(handle: int) -> Iterator[None]:
    try:
        yield
    finally:
        os.close(handle)
