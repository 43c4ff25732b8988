"""The audit sample: documents drawn by chance, without regard to any confidence.

It alone measures how right the model is, so the chance of every document is known before the
draw and the same for all documents of a run. A run draws `x` of its `n` documents, where `x` may
be a fraction: it is rounded up or down by chance, so that each is drawn with the chance x / n
exactly (Horvitz and Thompson, Journal of the American Statistical Association 47, 1952). What
decides is a hash of the content: a run that is tried again draws the same documents.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from math import floor


@dataclass(frozen=True)
class Draw:
    """What was drawn of a run's documents."""

    contents: list[str]
    chance: float
    """Of every document of the run, drawn or not; 0 where there was no room."""


def draw(
    contents: Sequence[str], *, a_day: float, documents_a_day: float, room: int, seed: int
) -> Draw:
    """Draws from distinct contents that were scored for the first time.

    `a_day` is the size of a day's sample and `documents_a_day` how many documents a day brings,
    so that a day of many runs is sampled evenly and not in its first run alone; `room` is what
    the day's budget still holds.
    """
    n = len(contents)
    wanted = min(float(room), n * min(1.0, a_day / max(documents_a_day, n, 1.0)))
    if not n or wanted <= 0:
        return Draw([], 0.0)
    ranked = sorted((uniform(seed, one), one) for one in contents)
    # The rounding must not depend on what is drawn, so it has a number of its own.
    up = uniform(seed, f"round {ranked[0][1]}") < wanted - floor(wanted)
    return Draw([one for _, one in ranked[: floor(wanted) + up]], wanted / n)


def uniform(seed: int, key: str) -> float:
    """A number in [0, 1) that depends on the key alone, on every machine."""
    return int.from_bytes(sha256(f"audit:{seed}:{key}".encode()).digest()[:8], "big") / 2**64
