"""Asks several parties at once and waits a bounded time, whatever one of them does."""

import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from threading import Lock
from typing import Generic, TypeVar

from pipelines.errors import where

log = logging.getLogger(__name__)
Value = TypeVar("Value")


@dataclass(frozen=True)
class Answer(Generic[Value]):
    """What came of one question."""

    value: Value | None
    """None where it failed, or did not come in time."""
    seconds: float


class Patient(Generic[Value]):
    """Asks in threads. Who still owes an answer is not asked again meanwhile, so that one that
    hangs holds one thread and no more."""

    def __init__(self, seconds: float, most: int = 16) -> None:
        self._seconds = seconds
        self._pool = ThreadPoolExecutor(max_workers=most, thread_name_prefix="ask")
        self._owed: dict[str, Future[Answer[Value]]] = {}
        self._lock = Lock()

    def ask(self, questions: Mapping[str, Callable[[], Value]]) -> dict[str, Answer[Value]]:
        """The answers by name, of all who were asked, after `seconds` at most."""
        with self._lock:
            begin = time.monotonic()
            # What came too late for the last time is old by now.
            self._owed = {name: one for name, one in self._owed.items() if not one.done()}
            for name, question in questions.items():
                if name not in self._owed:
                    self._owed[name] = self._pool.submit(_timed, name, question)
            asked = {name: self._owed[name] for name in questions}
            wait(asked.values(), timeout=self._seconds)
            late: Answer[Value] = Answer(None, time.monotonic() - begin)
            return {name: one.result() if one.done() else late for name, one in asked.items()}


def _timed(name: str, question: Callable[[], Value]) -> Answer[Value]:
    begin = time.monotonic()
    try:
        return Answer(question(), time.monotonic() - begin)
    except Exception as error:
        log.warning("%s does not answer: %s", name, where(error))
        return Answer(None, time.monotonic() - begin)
