"""Holds back a reviewer whose corrections do not stand, by what two or three people said.

Measured on the documents that two people reviewed: where they agreed, both were right; where an
adjudicator decided, whoever said otherwise was wrong. Counting the disputed ones alone would
blame everybody, since of two who differ one is always wrong.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import comb

from pipelines.contracts.correction import Standing
from pipelines.contracts.decision import PLATFORM
from pipelines.contracts.policy import ReviewPolicy
from pipelines.contracts.spec import ModelSpec
from pipelines.corrections.settle import Item, Same, answer, same_value, settle
from pipelines.opsdb import corrections, queue, standings
from pipelines.opsdb.database import Session


@dataclass(frozen=True)
class Record:
    """A reviewer's words on items that others judged too."""

    reviewer: str
    items: int
    overruled: int

    def chance(self, tolerated: float) -> float:
        """Probability of as many errors from someone who errs at the tolerated rate.

        The upper tail of the binomial distribution; 1 without items.
        """
        below = sum(
            comb(self.items, k) * tolerated**k * (1 - tolerated) ** (self.items - k)
            for k in range(self.overruled)
        )
        return max(0.0, 1.0 - below)


def records(items: Iterable[Item], same: Same) -> dict[str, Record]:
    """Each reviewer's record over settled items on which somebody else spoke too."""
    counted: dict[str, list[bool]] = {}
    for item in items:
        if item.answer is None or len(item.opinions) < 2:
            continue
        stands = answer(item.answer, same)
        for one in item.opinions:
            if not one.adjudicates:
                counted.setdefault(one.reviewer, []).append(answer(one, same) != stands)
    return {name: Record(name, len(wrong), sum(wrong)) for name, wrong in sorted(counted.items())}


def worth_holding(found: Mapping[str, Record], policy: ReviewPolicy) -> list[Record]:
    """Those who were overruled more often than the tolerated error explains."""
    return [
        one
        for one in found.values()
        if one.items >= policy.hold_items and one.chance(policy.tolerated_error) < policy.hold_level
    ]


def judge(session: Session, spec: ModelSpec, now: datetime) -> list[Standing]:
    """Holds back whoever is due, each once; the new rows are what a supervisor is to be told.

    Whom a supervisor let count again is judged anew on what they say from then on.
    """
    known = standings.newest(session, spec.name)
    rows = corrections.rows(session, spec.name, documents=queue.seconded(session, spec.name))
    counting = [
        row for row in rows if row.reviewer not in known or row.at >= known[row.reviewer].at
    ]
    same = same_value(spec)
    # Words of whoever is held back count here, or nobody could be measured against them.
    items = settle(counting, seconded=queue.seconded(session, spec.name), held=(), same=same)
    return [
        standings.write(
            session, spec.name, one.reviewer, True,
            f"overruled in {one.overruled} of {one.items} fields that others judged too; "
            f"{spec.review.tolerated_error:.0%} are tolerated",
            PLATFORM, now,
        )
        for one in worth_holding(records(items.values(), same), spec.review)
        if not (one.reviewer in known and known[one.reviewer].held)
    ]  # fmt: skip


def hold(session: Session, model: str, reviewer: str, why: str, by: str, now: datetime) -> Standing:
    """A supervisor, or who measured the model trained with them, holds a reviewer back.

    Where it was done already by what was measured, the word confirms it and keeps the figure.
    """
    corrections.lock(session, model)
    known = standings.newest(session, model).get(reviewer)
    if known is not None and known.undecided:
        why = f"{why} ({known.by}: {known.why})"
    return standings.write(session, model, reviewer, True, why, by, now)


def let_count(
    session: Session, model: str, reviewer: str, why: str, by: str, now: datetime
) -> Standing:
    """A supervisor lets a reviewer's corrections count again, all that they ever made."""
    corrections.lock(session, model)
    return standings.write(session, model, reviewer, False, why, by, now)
