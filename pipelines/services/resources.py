"""What a machine must have free before services are started."""

import shutil
from collections.abc import Callable
from pathlib import Path

import psutil

from pipelines.errors import MisconfiguredError
from pipelines.settings import Settings

MINIMUM_DISK = 2 * 2**30
"""Bytes: the demo writes about 300 MB; a full disk breaks SQLite in the middle of a write."""
MINIMUM_MEMORY = 3 * 2**30
"""Bytes available before a start: services about 2 GB, and one training."""


def free_disk(path: Path) -> int:
    """Bytes free where `path` is or will be."""
    existing = next(each for each in (path, *path.parents) if each.exists())
    return shutil.disk_usage(existing).free


def available_memory() -> int:
    """Bytes that can be taken without swapping."""
    return int(psutil.virtual_memory().available)


def require_disk(settings: Settings, free: Callable[[Path], int] = free_disk) -> None:
    """Raises MisconfiguredError where the home's disk is nearly full."""
    found = free(settings.root)
    if found < MINIMUM_DISK:
        raise MisconfiguredError(
            f"the disk of {settings.root} has {found / 2**30:.1f} GB free and "
            f"{MINIMUM_DISK / 2**30:.0f} GB are needed: free some, or set MILLRACE_HOME to a "
            "folder on another disk"
        )
