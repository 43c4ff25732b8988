"""Keeps rows apart for training and for the two test parts, the same way every time.

A row's part is a function of the row alone: a hash of its group decides whether the whole
group is unseen, else a hash of its content decides whether the row is tested. So adding rows
moves none, and rows of equal content and group fall on one side.
"""

from collections.abc import Sequence
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


def _part(group: str, content: str, spec: SplitSpec) -> str:
    if group and _uniform("group", group) < spec.unseen_group_share:
        return UNSEEN_GROUP
    # The group is no part of this hash: equal content is equal content in any group.
    return SEEN_GROUP if _uniform("content", content) < spec.seen_group_share else TRAIN


def _uniform(purpose: str, key: str) -> float:
    """A number in [0, 1) that depends on the key alone, on every machine."""
    return int.from_bytes(sha256(f"{purpose}:{key}".encode()).digest()[:8], "big") / 2**64
