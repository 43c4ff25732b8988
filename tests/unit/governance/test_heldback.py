"""Whose corrections a version learnt from, and whose it did not: on both engines."""

import pytest
from factories.corrections import correction, write
from factories.evidence import FIGURE, hold_back
from factories.operations import NOW

from pipelines.contracts.learning import LABELS, Labels
from pipelines.corrections import hold
from pipelines.governance import heldback
from pipelines.opsdb import corrections
from pipelines.settings import Settings


@pytest.fixture
def home(opsdb_uri, tmp_path):
    return Settings(home=tmp_path, opsdb_uri=opsdb_uri)


def read(home, registry, version):
    return heldback.read(registry.resolve("receipts", version), home)


def test_what_was_said_until_the_training_is_counted_and_what_was_undone_is_not(
    opsdb, registry, home
):
    hold_back(opsdb, registry, 2)
    found = read(home, registry, 2)
    assert (found.labels.documents, found.labels.labels) == (4, 4)
    assert [(one.standing.reviewer, one.corrections, one.left_out) for one in found.held] == [
        ("bob", 2, False),
        ("gus", 2, True),
    ]
    assert {one.standing.why for one in found.held} == {FIGURE}


def test_undo_after_the_training_changes_nothing_of_it(opsdb, registry, home):
    hold_back(opsdb, registry, 2)
    with opsdb.write() as session:
        corrections.lock(session, "receipts")
        row = next(
            one for one in corrections.rows(session, "receipts") if one.document_id == "doc-7"
        )
        again = correction(
            row.document_id, row.field, row.after, reviewer="gus", before=row.before, key="late"
        )
        corrections.write(session, again, undoes=row.correction_id)
    assert [one.corrections for one in read(home, registry, 2).held] == [2, 2]


def test_reviewer_who_counts_again_was_left_out_all_the_same(opsdb, registry, home):
    hold_back(opsdb, registry, 2, after=())
    with opsdb.write() as session:
        hold.let_count(session, "receipts", "gus", "he has learnt", "sam", NOW)
    [gus] = read(home, registry, 2).held
    assert (gus.left_out, gus.fate) == (True, "2 left out, but they count again since")
    assert gus.standing.why == FIGURE


def test_nobody_is_named_who_never_spoke_or_always_counted(opsdb, registry, home):
    hold_back(opsdb, registry, 2, before=("zoe",), after=())
    found = read(home, registry, 2)
    assert found.held == ()
    assert found.summary.endswith("reviewers looked at; no reviewer is held back.")


def test_all_that_was_left_out_is_told_of_a_version_that_learnt_nothing_of_it(
    opsdb, registry, home
):
    hold_back(opsdb, registry, 2, before=("ann", "bob", "gus"), after=())
    del registry.held["receipts"][2].tags[LABELS]
    found = read(home, registry, 2)
    assert found.summary == "It learnt from nothing that reviewers said."
    assert [one.fate for one in found.held] == ["2 left out"] * 3


def test_trial_takes_no_request_so_that_what_it_left_out_is_not_on_record(opsdb, registry, home):
    write(opsdb, correction("d1", reviewer="gus"))
    with opsdb.write() as session:
        hold.hold(session, "receipts", "gus", FIGURE, "sam", NOW)
        until = corrections.last(session, "receipts")
    labels = Labels(snapshot_id=1, key="k", until=until, batches=[], documents=1, labels=1)
    registry.tag(registry.resolve("receipts", 3), LABELS, labels.model_dump_json())
    [gus] = read(home, registry, 3).held
    assert gus.left_out is None and "not on record" in gus.fate


def test_version_of_typed_labels_has_nothing_to_tell_and_no_database_is_made(registry, tmp_path):
    assert read(Settings(home=tmp_path), registry, 1) is None
    assert not list(tmp_path.iterdir())
