"""Who may decide what, and what a decision leaves behind, on both engines."""

from datetime import timedelta

import pytest
from factories.operations import NOW, answer, judged, verdict
from pydantic import ValidationError

from pipelines.errors import NotFoundError, RefusedError
from pipelines.governance import decide as decisions_step
from pipelines.governance import rules
from pipelines.governance.decide import ask, decide, expire, time_out
from pipelines.opsdb import decisions, ledger


@pytest.fixture
def desk(opsdb, registry, spec, settings):
    return {"spec": spec, "db": opsdb, "registry": registry, "settings": settings}


def asked(desk, version=2, *, author="cy", hours=72.0, decision="promote", champion=None, now=NOW):
    return ask(
        judged(version, champion, decision),
        author=author,
        db=desk["db"],
        registry=desk["registry"],
        now=now,
        hours=hours,
    )


def rows(desk):
    with desk["db"].read() as session:
        return ledger.rows(session)


def state(desk, version=2):
    with desk["db"].read() as session:
        return decisions.latest(session, "receipts", version).state


def test_promotion_writes_one_row_moves_the_alias_and_makes_the_card(desk, registry):
    asked(desk)
    found = decide(answer(), **desk, now=NOW)
    assert (found.champion, found.sequence) == (2, 1)
    [row] = rows(desk)
    assert (row.person, row.why, row.os_user) == ("ben", "better on totals", "root")
    assert (row.artefact_hash, row.evidence_hash) == ("hash-2", judged(2).evidence_hash)
    assert row.snapshots == {"input_snapshot_id": "12"}
    assert registry.aliases["receipts"] == {"champion": 2}
    assert registry.resolve("receipts", 2).tags["ledger_000001"] == row.hash
    card = registry.file(registry.resolve("receipts", 2), "card/card.md").read_text()
    assert "ben chose promote" in card
    assert state(desk) == "decided"


def test_the_same_answer_again_changes_nothing(desk):
    asked(desk)
    first = decide(answer(), **desk, now=NOW)
    assert decide(answer(), **desk, now=NOW + timedelta(hours=1)) == first
    assert len(rows(desk)) == 1


def test_a_request_is_one_when_the_task_is_tried_twice(desk):
    assert asked(desk) == asked(desk, now=NOW + timedelta(hours=1))


@pytest.mark.parametrize(
    ("different", "said"),
    [
        ({"person": "cy"}, "cy may not decide about receipts: its approvers are ben, dee"),
        ({"person": "ada"}, "ada may not decide"),
        ({"choice": "shadow", "person": "vi"}, "vi may not decide"),
        ({"choice": "reject", "person": "vi"}, "vi may not decide"),
    ],
)
def test_decision_is_refused_when_the_person_has_no_say(desk, different, said):
    asked(desk)
    with pytest.raises(RefusedError, match=said):
        decide(answer(**different), **desk, now=NOW)
    assert rows(desk) == []
    assert state(desk) == "waiting"


def test_decision_about_a_version_that_was_never_judged_says_so(desk):
    asked(desk)
    with pytest.raises(NotFoundError, match="version 3 of receipts was not put to a decision"):
        decide(answer(version=3), **desk, now=NOW)
    assert rows(desk) == []


@pytest.mark.parametrize("choice", ["promote", "shadow"])
@pytest.mark.parametrize("where", ["version", "request"])
def test_author_never_approves_whichever_record_names_them(desk, registry, choice, where):
    if where == "version":
        registry.tag(registry.resolve("receipts", 2), "author", "ben")
        asked(desk)
    else:
        asked(desk, author="ben")
    with pytest.raises(RefusedError, match=r"the author never approves it. Ask dee\."):
        decide(answer(choice=choice), **desk, now=NOW)
    assert decide(answer(choice=choice, person="dee"), **desk, now=NOW).sequence == 1


def test_author_may_take_their_own_version_back(desk):
    asked(desk, author="ben")
    assert decide(answer(choice="reject"), **desk, now=NOW).champion is None


def test_admins_decide_when_the_model_names_nobody(desk):
    asked(desk)
    desk["spec"] = desk["spec"].model_copy(update={"approvers": []})
    with pytest.raises(RefusedError, match="approvers are ada"):
        decide(answer(), **desk, now=NOW)
    assert decide(answer(person="ada"), **desk, now=NOW).champion == 2


@pytest.mark.parametrize("why", ["", "  ", "ok", "a\x00b", "x" * 2001, "\ud800ab"])
def test_answer_is_no_answer_without_a_reason(why):
    with pytest.raises(ValidationError):
        answer(why=why)


@pytest.mark.parametrize("choice", ["promote", "shadow"])
def test_nobody_overrules_the_gate_when_it_rejects(desk, choice):
    asked(desk, decision="reject")
    assert state(desk) == "decided"
    with pytest.raises(RefusedError, match=r"gate rejected receipts version 2 .* Nobody can"):
        decide(answer(choice=choice, override=True), **desk, now=NOW)
    assert rows(desk) == []


def test_rule_holds_a_rejected_version_back_although_it_waits(desk):
    stored = asked(desk).model_copy(update={"verdict": verdict("reject")})
    assert "Nobody can overrule" in rules.refuse(answer(override=True), stored, "cy", ["ben"], NOW)


def test_rule_holds_a_late_answer_back_although_nobody_swept(desk):
    stored = asked(desk, hours=1)
    assert "it is rejected" in rules.refuse(
        answer(), stored, "cy", ["ben"], NOW + timedelta(hours=1)
    )


def test_inconclusive_never_promotes_by_itself(desk):
    asked(desk, decision="inconclusive")
    with pytest.raises(RefusedError, match="never promotes by itself"):
        decide(answer(), **desk, now=NOW)
    assert decide(answer(override=True), **desk, now=NOW).champion == 2
    with desk["db"].read() as session:
        assert decisions.decisions(session)[0].override


def test_inconclusive_may_run_as_shadow_and_the_champion_stays(desk, registry):
    asked(desk, 1)
    decide(answer(1), **desk, now=NOW)
    asked(desk, 2, decision="inconclusive", champion=1)
    found = decide(answer(2, "shadow"), **desk, now=NOW)
    assert (found.champion, found.sequence) == (1, 2)
    assert registry.aliases["receipts"] == {"champion": 1, "shadow": 2}


def test_shadow_ends_when_the_version_becomes_champion(desk, registry):
    asked(desk, 2)
    decide(answer(2, "shadow"), **desk, now=NOW)
    assert registry.aliases["receipts"] == {"shadow": 2}
    result = judged(2).model_copy(update={"evidence_hash": "f" * 64})
    ask(result, author="cy", db=desk["db"], registry=registry, now=NOW, hours=1)
    decide(answer(2), **desk, now=NOW)
    assert registry.aliases["receipts"] == {"champion": 2}


def test_time_out_is_a_rejection_and_recorded_as_one(desk):
    asked(desk, hours=1)
    assert expire(desk["db"], NOW + timedelta(minutes=59)) == []
    [found] = expire(desk["db"], NOW + timedelta(hours=1))
    assert (found.choice, found.via, found.person) == ("reject", "timeout", "nobody")
    assert state(desk) == "expired"
    with pytest.raises(RefusedError, match="nobody decided in time"):
        decide(answer(), **desk, now=NOW + timedelta(hours=1))


def test_late_answer_is_refused_when_nobody_swept_before(desk):
    asked(desk, hours=1)
    with pytest.raises(RefusedError, match="nobody decided in time"):
        decide(answer(), **desk, now=NOW + timedelta(hours=2))
    assert rows(desk) == [] and state(desk) == "expired"


def test_time_out_of_the_task_is_recorded_once_and_overrules_nobody(desk):
    settings = desk.pop("settings")
    asked(desk)
    first = time_out("receipts", 2, **desk, now=NOW)
    assert (first.choice, first.via, first.person) == ("reject", "timeout", "nobody")
    assert time_out("receipts", 2, **desk, now=NOW + timedelta(hours=1)) == first
    asked(desk, 3)
    decide(answer(3), **desk, settings=settings, now=NOW)
    assert time_out("receipts", 3, **desk, now=NOW).choice == "promote"


def test_decided_request_is_closed_to_a_second_word(desk):
    asked(desk)
    decide(answer(choice="reject", why="totals are wrong"), **desk, now=NOW)
    with pytest.raises(RefusedError, match=r"ben chose reject .* \(totals are wrong\)"):
        decide(answer(person="dee"), **desk, now=NOW)


def test_decision_is_refused_when_the_files_were_swapped_after_the_gate(desk, registry):
    asked(desk)
    registry.swapped.add(2)
    with pytest.raises(RefusedError, match="changed after the training"):
        decide(answer(), **desk, now=NOW)
    registry.swapped.clear()
    registry.tag(registry.resolve("receipts", 2), "artefact_hash", "another")
    with pytest.raises(RefusedError, match="other files than were judged"):
        decide(answer(), **desk, now=NOW)
    assert rows(desk) == []
    assert decide(answer(choice="reject"), **desk, now=NOW).choice == "reject"


def test_decision_is_undone_whole_when_the_ledger_cannot_be_written(desk, monkeypatch):
    asked(desk)

    def broken(*_, **__):
        raise RuntimeError("disk full")

    monkeypatch.setattr(decisions_step.promotion.ledger, "append", broken)
    with pytest.raises(RuntimeError, match="disk full"):
        decide(answer(), **desk, now=NOW)
    assert state(desk) == "waiting" and rows(desk) == []


def test_result_is_small_enough_for_xcom(desk):
    asked(desk)
    found = decide(answer(why="w" * 2000), **desk, now=NOW)
    assert len(str(found.to_xcom())) < 4_000
