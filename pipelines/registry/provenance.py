"""What a version was made with: the code's revision and the exact libraries."""

import subprocess
from importlib.metadata import version

from pipelines.settings import PROJECT_ROOT

_GIT_SECONDS = 10
_UNKNOWN = "unknown"

_LIBRARIES = (
    "lightgbm",
    "mlflow",
    "numpy",
    "pandas",
    "polars",
    "pyarrow",
    "scikit-learn",
    "xgboost",
)


def code_revision() -> dict[str, str]:
    """Tags `code_revision` (commit) and `code_dirty`; both `unknown` without git."""
    revision = _git("rev-parse", "HEAD")
    if revision is None:
        return {"code_revision": _UNKNOWN, "code_dirty": _UNKNOWN}
    changes = _git("status", "--porcelain", "--untracked-files=no")
    dirty = _UNKNOWN if changes is None else str(bool(changes)).lower()
    return {"code_revision": revision, "code_dirty": dirty}


def requirements() -> list[str]:
    """Libraries that a prediction needs, at the versions of this process."""
    return [f"{name}=={version(name)}" for name in _LIBRARIES]


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603 - fixed words, no text from outside
            ["git", "-C", str(PROJECT_ROOT), *arguments],  # noqa: S607 - git is where it is
            capture_output=True,
            text=True,
            timeout=_GIT_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
