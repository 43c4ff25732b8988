"""The labels of a request become a snapshot that says what was learnt and can be read again."""

from datetime import timedelta

import pytest
from factories.corrections import correction, write
from factories.operations import NOW

from pipelines import specs
from pipelines.contracts import names
from pipelines.contracts.correction import RetrainReason, RetrainRequest
from pipelines.contracts.learning import labels_table
from pipelines.corrections import training
from pipelines.corrections.publish import publish
from pipelines.errors import MisconfiguredError
from pipelines.lake.lake import Lake
from pipelines.opsdb.database import OpsDb
from pipelines.settings import Settings


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path)


@pytest.fixture
def db(settings):
    return OpsDb.open(settings)


def taken(db, run="by hand", after=timedelta(hours=1)) -> RetrainRequest:
    """The request of a training that was started by hand."""
    reason = RetrainReason(key=run, kind="hand", detail="asked for", person="ada", at=NOW)
    with db.write() as session:
        spec = specs.model("receipts")
        return training.start(session, spec, run, frozenset(), NOW + after, reason)


def published(db, settings, request):
    lake = Lake.open(settings)
    return publish(specs.model("receipts"), request, db=db, lake=lake, settings=settings)


def fields(settings, labels):
    rows = Lake.open(settings).read(labels_table("receipts"), snapshot_id=labels.snapshot_id)
    return {
        row[names.DOCUMENT_ID]: (row[names.CONTENT_HASH], dict(row[names.FIELDS]))
        for row in rows.to_pylist()
    }


def test_labels_say_value_and_absence_and_leave_out_what_nobody_could_read(db, settings):
    write(
        db,
        correction("d1", "total", "8.00", content_hash="c1"),
        correction("d1", "date", None, content_hash="c1"),
        correction("d2", "company", "ACME"),
        correction("d3", "total", None, verdict="unreadable"),
    )
    labels = published(db, settings, taken(db))
    assert fields(settings, labels) == {
        "d1": ("c1", {"total": "8.00", "date": None}),
        "d2": (None, {"company": "ACME"}),
    }
    assert (labels.documents, labels.labels, labels.until) == (2, 3, 4)
    assert labels.batches == [1]


def test_labels_of_a_request_are_the_same_snapshot_when_more_was_said_since(db, settings):
    write(db, correction("d1", "total", "8.00"))
    request = taken(db)
    first = published(db, settings, request)
    write(db, correction("d1", "total", "7.00"), correction("d2", "total", "1.00"))
    assert published(db, settings, request) == first
    with db.write() as session:
        training.finish(session, "receipts", "by hand", 2, 1.0, NOW + timedelta(hours=2))
    later = published(db, settings, taken(db, "again", timedelta(hours=3)))
    assert fields(settings, later) == {
        "d1": (None, {"total": "7.00"}),
        "d2": (None, {"total": "1.00"}),
    }
    assert fields(settings, first) == {"d1": (None, {"total": "8.00"})}
    assert later.batches == [1, 2]


def test_there_are_no_labels_before_anybody_said_anything(db, settings):
    assert published(db, settings, taken(db)) is None


def test_labels_are_refused_when_no_training_took_the_request(db, settings):
    request = taken(db).model_copy(update={"labels_until": None})
    with pytest.raises(MisconfiguredError, match="not taken by a training"):
        published(db, settings, request)
