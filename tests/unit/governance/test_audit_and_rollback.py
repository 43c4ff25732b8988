"""What the audit finds, and what a rollback looks at first, on both engines."""

from types import SimpleNamespace

import pytest
from factories.operations import NOW, change

from pipelines.errors import BadDataError, RefusedError
from pipelines.governance import audit as auditing
from pipelines.governance import card, promotion
from pipelines.governance.rollback import Rollback, preflight, rollback, target
from pipelines.opsdb import ledger


def append(opsdb, one, expected):
    with opsdb.write() as session:
        ledger.lock(session)
        promotion.append(session, one, expected=expected)


@pytest.fixture
def promoted(opsdb, registry):
    """Version 1, then 2 is the champion; all carried out."""
    append(opsdb, change(1), None)
    append(opsdb, change(2, from_version=1), 1)
    promotion.follow(opsdb, registry, "receipts")


def kinds(opsdb, registry):
    return {
        (one.kind, one.version) for one in auditing.audit(opsdb, registry) if one.kind != "no_card"
    }


def test_audit_finds_nothing_but_cards_when_all_was_done_by_the_rules(opsdb, registry, promoted):
    assert kinds(opsdb, registry) == set()
    assert len(auditing.audit(opsdb, registry)) == 3


@pytest.mark.parametrize(
    ("alias", "version", "found"),
    [("champion", 3, 3), ("champion", None, None), ("shadow", 3, 3)],
)
def test_audit_finds_an_alias_that_was_moved_by_hand(
    opsdb, registry, promoted, spec, alias, version, found
):
    registry.point("receipts", alias, version)
    assert kinds(opsdb, registry) == {("moved_by_hand", found)}
    auditing.repair(
        auditing.audit(opsdb, registry), db=opsdb, registry=registry, spec=lambda _: spec
    )
    assert registry.aliases["receipts"] == {"champion": 2}
    assert auditing.audit(opsdb, registry) == []


def test_audit_says_that_the_champion_is_gone_and_repairs_the_rest(opsdb, registry, promoted, spec):
    del registry.held["receipts"][2]
    assert ("gone", 2) in kinds(opsdb, registry)
    found = auditing.audit(opsdb, registry)
    done = auditing.repair(found, db=opsdb, registry=registry, spec=lambda _: spec)
    assert len(done) == 2 and kinds(opsdb, registry) == {("gone", 2)}


def test_adoption_follows_the_rules_of_an_approval(opsdb, registry, spec, settings):
    registry.point("receipts", "champion", 1)
    [finding] = [one for one in auditing.audit(opsdb, registry) if one.kind != "no_card"]
    desk = {"spec": spec, "db": opsdb, "registry": registry, "settings": settings, "now": NOW}
    with pytest.raises(RefusedError, match="eve may not decide"):
        auditing.adopt(finding, "eve", "it was live", None, **desk)
    registry.tag(registry.resolve("receipts", 1), "author", "ben")
    with pytest.raises(RefusedError, match="the author never approves"):
        auditing.adopt(finding, "ben", "it was live", None, **desk)
    row = auditing.adopt(finding, "dee", "it was live", "root", **desk)
    assert (row.kind, row.from_version, row.to_version) == ("adopt", None, 1)
    assert kinds(opsdb, registry) == set()
    with pytest.raises(RefusedError, match="nothing to adopt"):
        no_card = auditing.Finding("no_card", "receipts", 2, "no card")
        auditing.adopt(no_card, "dee", "it was live", None, **desk)


def word(**different):
    return Rollback.model_validate({"person": "ben", "why": "dates", "via": "cli"} | different)


@pytest.fixture
def desk(opsdb, registry, spec, settings):
    """What a rollback needs; `look` does the pre-flight at it."""
    return {"spec": spec, "db": opsdb, "registry": registry, "settings": settings, "now": NOW}


def look(desk, version=None, score=lambda _: "It answers 5 rows.", **different):
    needed = {name: desk[name] for name in ("spec", "db", "registry")} | different
    return preflight("receipts", version, score=score, **needed)


def test_target_is_the_champion_before_and_nothing_that_never_was(opsdb, promoted):
    assert target("receipts", None, opsdb) == (2, 1)
    assert target("receipts", 1, opsdb) == (2, 1)
    with pytest.raises(
        RefusedError, match=r"never champion before version 2. Earlier champions: 1"
    ):
        target("receipts", 3, opsdb)
    with pytest.raises(RefusedError, match="is the champion of receipts already"):
        target("receipts", 2, opsdb)
    with pytest.raises(RefusedError, match="no champion by the ledger"):
        target("wheat", None, opsdb)


def test_preflight_stops_where_files_features_or_answers_are_not_right(
    desk, registry, spec, promoted
):
    def fail(_):
        raise BadDataError("NaN in total")

    prepared = look(desk)
    assert (prepared.champion, prepared.version, prepared.author) == (2, 1, "cy")
    assert [line.split()[0] for line in prepared.seen] == ["receipts", "Today's", "It"]
    with pytest.raises(RefusedError, match="cannot answer the golden set: NaN in total"):
        look(desk, score=fail)
    other = spec.model_copy(update={"features": "models.receipts.features:schema"})
    with pytest.raises(RefusedError, match="was trained on features of"):
        look(desk, spec=other)
    registry.swapped.add(1)
    with pytest.raises(RefusedError, match="changed after the training"):
        look(desk)


def test_rollback_loses_when_another_promoted_after_the_preflight(opsdb, desk, promoted):
    prepared = look(desk)
    append(opsdb, change(3, from_version=2), 2)
    with pytest.raises(RefusedError, match="ben made version 3 the champion") as refused:
        rollback(word(), prepared, **desk)
    assert "roll back anew" in str(refused.value) and "gate" not in str(refused.value)


def test_second_of_two_rollbacks_is_told_who_was_first(opsdb, desk, promoted):
    mine, other = look(desk), look(desk)
    assert rollback(word(), mine, **desk).sequence == 3
    with pytest.raises(RefusedError, match=r"ben made version 1 the champion .*ledger row 3"):
        rollback(word(person="dee"), other, **desk)
    assert len(rows_of(opsdb)) == 3


def test_rollback_has_one_effect_when_it_is_tried_again_after_a_crash(
    opsdb, registry, desk, promoted, monkeypatch
):
    prepared = look(desk)
    with monkeypatch.context() as crash, pytest.raises(OSError, match="pulled"):
        crash.setattr(registry, "point", fail_with(OSError("the plug was pulled")))
        rollback(word(), prepared, **desk)
    assert registry.aliases["receipts"] == {"champion": 2}
    assert rollback(word(), prepared, **desk).sequence == 3
    assert registry.aliases["receipts"] == {"champion": 1}
    assert len(rows_of(opsdb)) == 3


def test_rollback_is_refused_when_the_files_changed_after_the_preflight(desk, registry, promoted):
    prepared = look(desk)
    registry.tag(registry.resolve("receipts", 1), "artefact_hash", "another")
    with pytest.raises(RefusedError, match="other files than were judged"):
        rollback(word(), prepared, **desk)


def test_two_rollbacks_one_after_the_other_go_two_champions_back(opsdb, registry, desk, promoted):
    append(opsdb, change(3, from_version=2), 2)
    for expected in (2, 1):
        assert rollback(word(), look(desk), **desk).champion == expected
        assert registry.aliases["receipts"] == {"champion": expected}
    with pytest.raises(RefusedError, match="no champion before version 1 to go back to"):
        look(desk)
    assert not card.missing(registry.resolve("receipts", 1), registry)


def rows_of(opsdb):
    with opsdb.read() as session:
        return ledger.rows(session, "receipts")


def fail_with(error):
    def fail(*_):
        raise error

    return fail


def test_lineage_is_what_the_version_says_of_itself(registry):
    version = registry.resolve("receipts", 1)
    assert promotion.lineage(version)["snapshots"] == {"input_snapshot_id": "12"}
    bare = SimpleNamespace(tags={})
    assert promotion.lineage(bare)["code_revision"] == "unknown"
