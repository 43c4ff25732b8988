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


def wish(**different):
    return Rollback.model_validate(
        {"model": "receipts", "person": "ben", "why": "dates", "via": "cli"} | different
    )


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


def test_preflight_stops_where_files_features_or_answers_are_not_right(registry, spec):
    def fail(_):
        raise BadDataError("NaN in total")

    version = registry.resolve("receipts", 1)
    seen = preflight(version, spec, registry=registry, score=lambda _: "It answers 5 rows.")
    assert [line.split()[0] for line in seen] == ["receipts", "Today's", "It"]
    with pytest.raises(RefusedError, match="cannot answer the golden set: NaN in total"):
        preflight(version, spec, registry=registry, score=fail)
    other = spec.model_copy(update={"features": "models.receipts.features:schema"})
    with pytest.raises(RefusedError, match="was trained on features of"):
        preflight(version, other, registry=registry, score=lambda _: "")
    registry.swapped.add(1)
    with pytest.raises(RefusedError, match="changed after the training"):
        preflight(version, spec, registry=registry, score=lambda _: "")


def test_rollback_loses_when_another_promoted_during_the_preflight(
    opsdb, registry, spec, settings, promoted
):
    def meanwhile(_):
        append(opsdb, change(3, from_version=2), 2)
        return "It answers."

    with pytest.raises(RefusedError, match="ben made version 3 the champion"):
        rollback(
            wish(), spec=spec, db=opsdb, registry=registry, settings=settings, score=meanwhile,
            now=NOW,
        )  # fmt: skip


def test_two_rollbacks_go_two_champions_back(opsdb, registry, spec, settings, promoted):
    append(opsdb, change(3, from_version=2), 2)
    rest = {"spec": spec, "db": opsdb, "registry": registry, "settings": settings, "now": NOW}
    for expected in (2, 1):
        found = rollback(wish(), score=lambda _: "It answers.", **rest)
        assert found.champion == expected
        assert registry.aliases["receipts"] == {"champion": expected}
    with pytest.raises(RefusedError, match="before the first"):
        rollback(wish(), score=lambda _: "It answers.", **rest)
    assert not card.missing(registry.resolve("receipts", 1), registry)


def test_lineage_is_what_the_version_says_of_itself(registry):
    version = registry.resolve("receipts", 1)
    assert promotion.lineage(version)["snapshots"] == {"input_snapshot_id": "12"}
    bare = SimpleNamespace(tags={})
    assert promotion.lineage(bare)["code_revision"] == "unknown"
