"""One champion at a time: stale attempts lose, crashes are finished, on both engines."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from factories.operations import NOW, answer, change, judged
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import NotFoundError, RefusedError
from pipelines.governance import promotion, standing
from pipelines.governance.decide import ask, decide
from pipelines.governance.reconcile import moved, reconcile
from pipelines.governance.verify import verify
from pipelines.opsdb import chain, decisions, ledger


@pytest.fixture
def desk(opsdb, registry, spec, settings):
    return {"spec": spec, "db": opsdb, "registry": registry, "settings": settings}


def put(desk, version, champion=None):
    ask(
        judged(version, champion),
        author="cy",
        db=desk["db"],
        registry=desk["registry"],
        now=NOW,
        hours=72,
    )


def append(opsdb, one, expected):
    with opsdb.write() as session:
        ledger.lock(session)
        return promotion.append(session, one, expected=expected)


def champion(opsdb):
    with opsdb.read() as session:
        return standing.champion(ledger.rows(session, "receipts"))


def test_stale_attempt_loses_and_is_told_who_was_first(opsdb):
    append(opsdb, change(1), None)
    with pytest.raises(RefusedError, match=r"ben made version 1 the champion .* ledger row 1"):
        append(opsdb, change(2), None)
    assert champion(opsdb) == 1


def test_waiting_request_expires_when_another_version_is_promoted(desk):
    put(desk, 2)
    put(desk, 3)
    decide(answer(2), **desk, now=NOW)
    with pytest.raises(RefusedError, match="ben made version 2 the champion"):
        decide(answer(3), **desk, now=NOW)
    with desk["db"].read() as session:
        assert decisions.latest(session, "receipts", 3).state == "expired"


def test_request_against_a_former_champion_is_refused_although_it_came_later(desk):
    put(desk, 2)
    decide(answer(2), **desk, now=NOW)
    put(desk, 3, champion=None)  # the gate ran while version 2 was promoted
    with pytest.raises(RefusedError, match="never compared with it"):
        decide(answer(3), **desk, now=NOW)
    with desk["db"].read() as session:
        assert decisions.latest(session, "receipts", 3).state == "waiting"


def test_one_of_many_wins_when_all_promote_at_once(desk, opsdb):
    versions = [1, 2, 3]
    for version in versions:
        put(desk, version)
    start = threading.Barrier(len(versions))

    def attempt(version):
        start.wait()
        try:
            return decide(answer(version), **desk, now=NOW)
        except RefusedError as error:
            return error

    with ThreadPoolExecutor(len(versions)) as pool:
        results = list(pool.map(attempt, versions))
    won = [one for one in results if not isinstance(one, RefusedError)]
    lost = [str(one) for one in results if isinstance(one, RefusedError)]
    assert len(won) == 1 and len(lost) == 2
    assert all(f"ben made version {won[0].version} the champion" in text for text in lost)
    assert desk["registry"].aliases["receipts"] == {"champion": won[0].version}
    assert verify(opsdb, desk["registry"]) == (1, [])


def test_chain_has_no_fork_when_many_models_write_at_once(opsdb, registry):
    def write(number):
        append(opsdb, change(1, model=f"model_{number}"), None)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(16)))
    assert verify(opsdb, registry) == (16, [])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 4), st.none() | st.integers(1, 4)), max_size=12))
def test_champion_changes_only_when_the_expected_one_was_right(attempts):
    """The compare-and-set against the simplest model of it; the rows are those that won."""
    rows, model = [], None
    for version, expected in attempts:
        if standing.champion(rows) == expected:
            head = rows[-1] if rows else chain.GENESIS
            rows.append(chain.link(change(version, from_version=expected), head))
        model = version if model == expected else model
        assert standing.champion(rows) == model
    assert chain.verify(rows, head_of(rows), {}) == []


def head_of(rows):
    if not rows:
        return chain.GENESIS
    return chain.GENESIS.model_copy(update={"sequence": rows[-1].sequence, "hash": rows[-1].hash})


def test_reconcile_finishes_what_a_crash_left_and_then_does_nothing(opsdb, registry):
    append(opsdb, change(1), None)
    append(opsdb, change(2, from_version=1), 1)
    done = reconcile(opsdb, registry)
    assert done == [
        "receipts: champion is 2, was nobody",
        "receipts: ledger row 1 noted on version 1",
        "receipts: ledger row 2 noted on version 2",
    ]
    assert registry.aliases["receipts"] == {"champion": 2}
    assert reconcile(opsdb, registry) == []


def test_reconcile_leaves_an_alias_that_was_moved_by_hand(opsdb, registry):
    append(opsdb, change(1), None)
    reconcile(opsdb, registry)
    registry.point("receipts", "champion", 3)
    assert reconcile(opsdb, registry) == []
    [found] = moved(opsdb, registry)
    assert found.text == (
        "receipts: alias champion names version 3, the ledger says 1: it was moved by hand"
    )


def test_follow_says_so_when_the_registry_lost_the_champion(opsdb, registry):
    append(opsdb, change(9), None)
    with pytest.raises(NotFoundError, match="version 9 is the champion of receipts"):
        promotion.follow(opsdb, registry, "receipts")


def rows_of(*changes):
    rows = []
    for number, (kind, version) in enumerate(changes):
        at = NOW + timedelta(hours=number)
        head = head_of(rows)
        rows.append(chain.link(change(version, kind=kind, at=at), head))
    return rows


@pytest.mark.parametrize(
    ("changes", "champion", "shadow", "previous"),
    [
        ([], None, None, None),
        ([("promote", 1)], 1, None, None),
        ([("promote", 1), ("promote", 2)], 2, None, 1),
        ([("promote", 1), ("shadow", 2)], 1, 2, None),
        ([("shadow", 2), ("promote", 2)], 2, None, None),
        ([("promote", 1), ("shadow", 2), ("shadow", 3), ("promote", 2)], 2, 3, 1),
        ([("promote", 1), ("promote", 2), ("promote", 3), ("rollback", 2)], 2, None, 1),
        ([("promote", 1), ("promote", 2), ("rollback", 1), ("promote", 3)], 3, None, 1),
        ([("promote", 1), ("promote", 2), ("promote", 1)], 1, None, 2),
        ([("adopt", 4), ("promote", 5)], 5, None, 4),
    ],
)
def test_standing_is_what_the_rows_say(changes, champion, shadow, previous):
    rows = rows_of(*changes)
    assert standing.champion(rows) == champion
    assert standing.shadow(rows) == shadow
    assert standing.previous(rows) == previous


def test_reigns_follow_each_other_without_a_gap():
    found = standing.reigns(rows_of(("promote", 1), ("shadow", 9), ("promote", 2)))
    assert [(one.version, one.until) for one in found] == [(1, found[1].since), (2, None)]
