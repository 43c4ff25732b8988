"""Which versions a run answers with, by the ledger's word."""

import pytest
from factories.operations import change
from fakes.registry import FakeRegistry

from pipelines import specs
from pipelines.contracts.decision import Head
from pipelines.contracts.scoring import PINNED
from pipelines.errors import NotFoundError
from pipelines.opsdb.chain import link
from pipelines.scoring.choose import choose


def ledger(*words: tuple[str, int]):
    """Rows of these words, in their order from 1 on."""
    rows, head = [], Head(sequence=0, hash="0" * 64)
    for kind, version in words:
        rows.append(link(change(version, kind=kind), head))
        head = Head(sequence=rows[-1].sequence, hash=rows[-1].hash)
    return rows


@pytest.fixture
def registry():
    return FakeRegistry(specs.model("receipts"))


def roles(found):
    return [(one.version, one.role, one.since) for one in found]


def test_champion_and_shadow_are_chosen_with_the_row_that_made_them(registry):
    rows = ledger(("promote", 1), ("shadow", 3), ("promote", 2), ("rollback", 1))

    found = choose("receipts", None, rows, registry)

    assert roles(found) == [(1, "champion", 4), (3, "shadow", 2)]
    assert found[0].artefact_hash == "hash-1"
    assert found[0].location.startswith("file:///") and "run-1" in found[0].location
    assert PINNED.validate_python(PINNED.dump_python(found, mode="json")) == found


def test_alias_that_was_moved_by_hand_does_not_choose(registry):
    registry.point("receipts", "champion", 3)

    assert roles(choose("receipts", None, ledger(("promote", 1)), registry)) == [(1, "champion", 1)]


def test_nobody_is_chosen_before_the_first_promotion(registry):
    assert choose("receipts", None, [], registry) == []


def test_version_that_is_asked_for_keeps_its_role_or_is_a_shadow(registry):
    rows = ledger(("promote", 1), ("promote", 2))

    assert roles(choose("receipts", 2, rows, registry)) == [(2, "champion", 2)]
    assert roles(choose("receipts", 1, rows, registry)) == [(1, "shadow", 0)]
    with pytest.raises(NotFoundError, match="no version 9"):
        choose("receipts", 9, rows, registry)
