"""One tree of errors, caught by what can be done about them.

Every message says what was given, what was expected and what to do.
"""


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
