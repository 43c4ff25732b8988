"""What our own processes log: lines of JSON for machines, plain lines for people.

A line says which run, task and document it is about, and nothing of what is in the data: of an
error that is not ours it gives kind and place and not the message, which may quote a value; query
strings and addresses of callers are left out; and what looks like a card number, an account or an
e-mail address is covered, should it come into a message all the same.
"""

import json
import logging
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TextIO

from pipelines.errors import where
from pipelines.settings import Settings

COVER = "[covered]"

_document: ContextVar[str | None] = ContextVar("document", default=None)
_IDS = {
    "dag": "AIRFLOW_CTX_DAG_ID",
    "run": "AIRFLOW_CTX_DAG_RUN_ID",
    "task": "AIRFLOW_CTX_TASK_ID",
    "try": "AIRFLOW_CTX_TRY_NUMBER",
}
"""Variables that Airflow gives a task, and the jobs that it starts inherit."""
# Digits in groups as cards have them (a snapshot's id has more, a time in milliseconds begins with
# 1), letters and digits of an IBAN in groups of four, an e-mail address.
_CARD = re.compile(r"(?<![\d.-])[2-6](?:[ -]?\d){12,15}(?!\d)")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
_ACCESS = "uvicorn.access"


@contextmanager
def about(document_id: str) -> Iterator[None]:
    """Lines that are logged inside are about this document."""
    before = _document.set(document_id)
    try:
        yield
    finally:
        _document.reset(before)


def is_json(settings: Settings, stream: TextIO) -> bool:
    """Whether lines to this stream are for machines."""
    if settings.log_format == "auto":
        return not stream.isatty()
    return settings.log_format == "json"


def configure(settings: Settings, stream: TextIO | None = None) -> None:
    """Makes this process log so, its libraries too. For programs: tasks log by Airflow."""
    out = sys.stderr if stream is None else stream
    handler = logging.StreamHandler(out)
    handler.setFormatter(JsonLines() if is_json(settings, out) else Lines())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    # httpx logs every address that is asked for, with its query.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    # Great Expectations says of hundreds of its own functions that it does not document them.
    logging.getLogger("great_expectations").setLevel(logging.WARNING)


class JsonLines(logging.Formatter):
    """One JSON object a line: `at`, `level`, `logger`, `message`, and the ids that are known."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line = {
            "at": _at(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
            **{name: os.environ[key] for name, key in _IDS.items() if key in os.environ},
        }
        if (document := _document.get()) is not None:
            line["document_id"] = document
        return json.dumps(line, ensure_ascii=False)


class Lines(logging.Formatter):
    """Plain lines for a person."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        document = _document.get()
        about = "" if document is None else f" [{document}]"
        return f"{_at(record)} {record.levelname}{about} {_message(record)}"


def cover(text: str) -> str:
    """The text without card numbers (by their check digit), accounts and e-mail addresses."""
    text = _CARD.sub(lambda found: COVER if _is_card(found[0]) else found[0], text)
    text = _IBAN.sub(lambda found: COVER if _is_iban(found[0]) else found[0], text)
    return _MAIL.sub(COVER, text)


def _message(record: logging.LogRecord) -> str:
    if record.name == _ACCESS and isinstance(record.args, tuple) and len(record.args) == 5:
        # Of a request (address, method, path with query, version, status): what was done.
        _, method, path, _, status = record.args
        return cover(f"{method} {str(path).partition('?')[0]} {status}")
    text = cover(record.getMessage())
    error = record.exc_info[1] if record.exc_info else None
    return text if error is None else f"{text}: {where(error)}"


def _at(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


def _is_card(text: str) -> bool:
    """ISO/IEC 7812-1: the Luhn sum of all digits is a multiple of ten."""
    digits = [int(one) for one in text if one.isdigit()][::-1]
    doubled = (sum(divmod(2 * one, 10)) for one in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _is_iban(text: str) -> bool:
    """ISO 13616: the rearranged text, letters as numbers, is 1 modulo 97."""
    plain = text.replace(" ", "")
    return int("".join(str(int(one, 36)) for one in plain[4:] + plain[:4])) % 97 == 1
