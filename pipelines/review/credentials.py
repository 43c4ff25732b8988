"""Passwords, the tokens of sessions and the keys of programs: made, hashed and compared."""

import hashlib
import hmac
import os
import secrets
from functools import cache

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from pipelines.errors import MisconfiguredError

LEAST, MOST = 10, 256
"""Characters of a password (NIST SP 800-63B asks for length, not for kinds of characters)."""

# OWASP's first choice for argon2id: 19 MiB, two passes, one lane.
_MEMORY_KIB, _PASSES, _LANES = 19 * 1024, 2, 1

_MARK = "mlr"
"""Begins every key, so that scanners for leaked secrets know one."""


def new_password() -> str:
    """A password of 96 bits by chance."""
    return secrets.token_urlsafe(12)


def hash_password(password: str) -> str:
    """Argon2id in PHC form, with a salt of its own; raises MisconfiguredError for a bad length."""
    if not LEAST <= len(password) <= MOST:
        raise MisconfiguredError(
            f"the password has {len(password)} characters, expected {LEAST} to {MOST}. "
            "Take a longer one: a few words do."
        )
    return _hashed(password)


def is_password(password: str, hashed: str | None) -> bool:
    """Whether it is the password; takes as long where nobody has that name (`hashed` is None)."""
    try:
        Argon2id.verify_phc_encoded(password[: MOST + 1].encode(), hashed or _nobody())
    except InvalidKey:
        return False
    return hashed is not None


def new_token() -> str:
    """What the cookie of a session holds: 256 bits by chance."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """How a token or a key's secret is kept: so long that a quick hash does."""
    return hashlib.sha256(token.encode()).hexdigest()


def csrf_token(session_token: str) -> str:
    """What a form of this session must carry; another site cannot know it."""
    return hmac.new(session_token.encode(), b"millrace csrf", hashlib.sha256).hexdigest()


def is_same(given: str, expected: str) -> bool:
    """Whether two secrets are equal, in a time that tells nothing."""
    return hmac.compare_digest(given.encode(), expected.encode())


def new_key() -> tuple[str, str]:
    """Public part and secret of a new key."""
    return secrets.token_hex(6), secrets.token_urlsafe(32)


def written_key(key_id: str, secret: str) -> str:
    """A key as a program shows it."""
    return f"{_MARK}_{key_id}_{secret}"


def parsed_key(text: str) -> tuple[str, str] | None:
    """Public part and secret of a key; None where it is none."""
    mark, _, rest = text.partition("_")
    key_id, _, secret = rest.partition("_")
    return (key_id, secret) if mark == _MARK and len(key_id) == 12 and secret else None


def _hashed(password: str) -> str:
    found: str = Argon2id(
        salt=os.urandom(16),
        length=32,
        iterations=_PASSES,
        lanes=_LANES,
        memory_cost=_MEMORY_KIB,
    ).derive_phc_encoded(password.encode())
    return found


@cache
def _nobody() -> str:
    return _hashed(secrets.token_urlsafe(32))
