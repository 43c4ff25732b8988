"""Keeps rows apart for training and for the two test parts, the same way every time.

By content, a row's part is a function of the row alone: a hash of its group decides whether the
whole group is unseen, else a hash of its content decides whether the row is tested. So adding
rows moves none, and rows of equal content and group fall on one side.

By time, the last days are tested and the days before the gap are trained on, as the model would
be used. Later data move the border; the rows of the unseen groups are never trained on.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from hashlib import sha256

from pipelines.contracts.names import SEEN_GROUP, SET_ASIDE, TRAIN, UNSEEN_GROUP
from pipelines.contracts.spec import SplitSpec
from pipelines.extraction.values import letters_and_digits


def split(groups: Sequence[str | None], contents: Sequence[str], spec: SplitSpec) -> list[str]:
    """The part of each row: `train`, `unseen_group`, `seen_group` or `set_aside`.

    `groups` are values of the group field (None where it is not known: such a row never counts
    as unseen group), `contents` the text of each row, both in the order of the rows. Both are
    compared by their letters and digits.
    `set_aside` are rows that would be trained on but whose content stands in a test part, under
    another spelling of the group: neither trained on nor tested.
    """
    keys = [letters_and_digits(content) for content in contents]
    parts = [
        _part(letters_and_digits(group or ""), key, spec)
        for group, key in zip(groups, keys, strict=True)
    ]
    tested = {key for key, part in zip(keys, parts, strict=True) if part != TRAIN}
    return [
        SET_ASIDE if part == TRAIN and key in tested else part
        for key, part in zip(keys, parts, strict=True)
    ]


def split_by_time(
    groups: Sequence[str | None], times: Sequence[datetime], spec: SplitSpec
) -> list[str]:
    """The part of each row by its aware time, in UTC days; in the order of the rows.

    Tested are the `test_days` up to the day of the last row. `set_aside` are the `gap_days`
    before them, and what the unseen groups did before the test.
    """
    if not times:
        return []
    last = max(times).astimezone(UTC).date()
    tested = datetime.combine(last, time(), UTC) - timedelta(days=spec.test_days - 1)
    trained = tested - timedelta(days=spec.gap_days)

    @cache
    def unseen(group: str | None) -> bool:
        return _unseen(letters_and_digits(group or ""), spec)

    def part(group: str | None, at: datetime) -> str:
        if at >= tested:
            return UNSEEN_GROUP if unseen(group) else SEEN_GROUP
        return SET_ASIDE if at >= trained or unseen(group) else TRAIN

    return [part(group, at) for group, at in zip(groups, times, strict=True)]


def regime_split(spec: SplitSpec, since: str, times: Sequence[datetime]) -> SplitSpec:
    """The rule of a training that answers an incident which began on the day `since`.

    `times` are those of the labelled rows. It stays as it is where too few of the days since then
    are labelled to learn from any: the gate will say what is missing.
    """
    if not times:
        return spec
    days = (max(times).astimezone(UTC).date() - date.fromisoformat(since)).days + 1
    return spec.for_regime(days) or spec


def _part(group: str, content: str, spec: SplitSpec) -> str:
    if _unseen(group, spec):
        return UNSEEN_GROUP
    # The group is no part of this hash: equal content is equal content in any group.
    return SEEN_GROUP if _uniform("content", content) < spec.seen_group_share else TRAIN


def _unseen(group: str, spec: SplitSpec) -> bool:
    return bool(group) and _uniform("group", group) < spec.unseen_group_share


def _uniform(purpose: str, key: str) -> float:
    """A number in [0, 1) that depends on the key alone, on every machine."""
    return int.from_bytes(sha256(f"{purpose}:{key}".encode()).digest()[:8], "big") / 2**64
