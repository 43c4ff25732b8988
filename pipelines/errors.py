"""One tree of errors, caught by what can be done about them.

Every message says what was given, what was expected and what to do.
"""

import json
import traceback
from pathlib import Path


class MillraceError(Exception):
    """Base of all errors that are shown to a person without a traceback."""

    exit_code = 1


class MisconfiguredError(MillraceError):
    """A setting, spec or installation is wrong: a person must change it; no retry helps."""

    exit_code = 2


class BadDataError(MillraceError):
    """The data is refused; the same data will be refused again."""

    exit_code = 3


class NotFoundError(MillraceError):
    """Something that was named does not exist."""

    exit_code = 4


class RefusedError(MillraceError):
    """A rule forbids it (a gate, a role, a stale attempt)."""

    exit_code = 5


class TransientError(MillraceError):
    """A service is away or busy: the same call may succeed later."""

    exit_code = 6


def where(error: BaseException) -> str:
    """An error for a log: ours whole, for people are to read it; of others kind and place, for
    their messages may quote what was in the data."""
    if isinstance(error, MillraceError):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{Path(one.filename).name}:{one.lineno} {one.name}" for one in frames[-3:]]
    return f"{type(error).__name__} at {' < '.join(reversed(places)) or 'an unknown place'}"


def write_report(path: Path, error: MillraceError) -> None:
    """Leaves an error where the caller of a job looks for its result."""
    path.write_text(
        json.dumps({"error": {"kind": type(error).__name__, "message": str(error)}}),
        encoding="utf-8",
    )


def read_report(path: Path) -> MillraceError | None:
    """The error that `write_report` left at `path`; None where there is none."""
    if not path.is_file():
        return None
    report = json.loads(path.read_text(encoding="utf-8")).get("error")
    if report is None:
        return None
    kinds = {kind.__name__: kind for kind in MillraceError.__subclasses__()}
    return kinds.get(report["kind"], MillraceError)(report["message"])
