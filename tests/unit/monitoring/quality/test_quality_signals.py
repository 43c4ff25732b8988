"""Quality by window: estimates at once, labels when they come, and never a verdict changed."""

import numpy as np
import pyarrow as pa
import pytest
from factories.corrections import put, review, review_task
from factories.labelled import Watched, day_of
from factories.operations import NOW
from factories.predictions import predictions as answers_of
from factories.receipts import row, table
from factories.scoring import publish

from pipelines import specs
from pipelines.contracts import names
from pipelines.contracts.monitoring import Calibration
from pipelines.contracts.quality import quality_table
from pipelines.lake import quality as stored
from pipelines.monitoring.quality import measurement
from pipelines.monitoring.quality import signals as quality

pytestmark = pytest.mark.slow


@pytest.fixture
def home(tmp_path):
    found = Watched(tmp_path, window_days=1, min_rows=5)
    yield found
    found.db.engine.dispose()


def figures(home, until, since=0):
    return measurement.refresh(
        home.spec, since=day_of(since), until=day_of(until), lake=home.lake, db=home.db,
        settings=home.settings,
    )  # fmt: skip


def of(found, source, metric="average_precision"):
    return measurement.of_days(found, source, metric)


def days(found):
    return [one.day for one in found]


def test_label_counts_as_known_only_when_it_is_due(home):
    for number in (0, 1, 8):
        home.day(number)
    found = figures(home, until=8)
    assert days(of(found, "estimate")) == [day_of(0), day_of(1), day_of(8)]
    assert days(of(found, "labels")) == [day_of(0), day_of(1)]
    one = of(found, "labels")[0]
    assert one.days_late == 7 and one.labelled == one.rows == 200


def test_late_label_changes_the_figure_later_and_the_earlier_state_stays(home):
    home.day(0, labelled=False)
    home.day(8)
    before = figures(home, until=8)
    assert of(before, "labels") == []
    snapshot = home.lake.current_snapshot(quality_table(home.spec.name))
    home.day(0, labelled=True)
    after = figures(home, until=8)
    assert days(of(after, "labels")) == [day_of(0)]
    assert of(after, "estimate")[0].value == of(before, "estimate")[0].value
    old = home.lake.read(quality_table(home.spec.name), snapshot_id=snapshot)
    assert "labels" not in old["source"].to_pylist()


def test_nothing_is_measured_again_when_nothing_changed(home, monkeypatch):
    home.day(0)
    found = figures(home, until=9)
    snapshot = home.lake.current_snapshot(quality_table(home.spec.name))
    assert figures(home, until=9) == found == stored.read(home.lake, home.spec.name)
    assert home.lake.current_snapshot(quality_table(home.spec.name)) == snapshot


def calibration(home, numbers):
    return Calibration.model_construct(days=tuple(day_of(number) for number in numbers))


def signals(home, last, reference):
    found = quality.signals(
        home.spec, days=[day_of(last)], lake=home.lake, db=home.db, settings=home.settings,
        calibration=calibration(home, reference),
    )  # fmt: skip
    return {one.name: one for one in found}


def test_fall_of_quality_is_an_alarm_and_the_estimate_that_missed_it_says_how_far_it_was_off(home):
    for number in range(24):
        home.day(number, rows=450, wrong=0.0 if number < 14 else 1.0)
    quiet = signals(home, 20, range(14))["quality/average_precision"]
    assert not quiet.exceeded and quiet.limit > 0 and quiet.topic == "quality"
    found = signals(home, 23, range(14))
    fallen = found["quality/average_precision"]
    assert fallen.exceeded and fallen.alarm and fallen.p < 0.001
    assert "below the" in fallen.sentence and "labels come 7 days late" in fallen.sentence
    assert fallen.details["low"] < fallen.details["value"] < fallen.details["high"]
    beside = found["quality/average_precision/estimate"]
    assert beside.limit is None and not beside.exceeded
    assert beside.details["value"] > fallen.details["value"] + 0.15
    assert beside.details["estimate_error"] > 0.03
    assert "were off by" in beside.sentence


def test_estimate_comes_with_the_window_itself(home):
    for number in range(3):
        home.day(number, labelled=False)
    found = signals(home, 2, ())
    assert set(found) == {
        f"quality/{name}/estimate" for name in ("average_precision", "auroc", "precision_at_100")
    }
    assert "is not known yet" in found["quality/average_precision/estimate"].sentence


def test_model_that_never_scored_has_no_quality(home):
    assert signals(home, 2, ()) == {}


class Documents(Watched):
    """Receipts, of which the typed ones are labels."""

    def __init__(self, folder):
        super().__init__(folder)
        self.spec = specs.model("receipts")

    def documents(self, number, answers, labels):
        rows = table([row(key, ["A LINE"], labels.get(key)) for key in answers])
        rows = rows.drop_columns([names.DAY])
        published = publish(self.settings, self.spec.dataset, {day_of(number): rows})
        found = answers_of(answers)
        found = found.append_column(names.DAY, pa.array([day_of(number)] * len(found)))
        found = found.append_column(names.MODEL_VERSION, pa.array([3] * len(found), pa.int64()))
        self.score(day_of(number), found, published, len(found), 3)


@pytest.fixture
def receipts(tmp_path):
    found = Documents(tmp_path)
    yield found
    found.db.engine.dispose()


def test_fields_are_measured_on_typed_documents_and_by_the_audit_apart(receipts):
    answer = {"company": ("ACME", 0.9), "total": ("9.00", 0.6)}
    receipts.documents(
        0,
        {"d1": answer, "d2": answer, "a1": answer, "u1": answer},
        {"d1": {"company": "ACME", "total": "8.00", "date": None}, "d2": {"company": "ACME"}},
    )
    receipts.documents(1, {"d3": answer}, {})
    put(receipts.db, review_task("a1", "audit", chance=0.5, priority=2.0),
        review_task("u1", priority=1.0))  # fmt: skip
    review(receipts.db, receipts.spec, "ann", total="8.00")
    review(receipts.db, receipts.spec, "ann", company="OTHER")
    found = figures(receipts, until=1)
    [total], [company] = of(found, "labels", "total"), of(found, "labels", "company")
    assert (total.value, total.labelled, total.rows) == (0.0, 2, 4)
    assert company.value == 1.0
    assert of(found, "labels", "date")[0].value == 1.0  # rightly left empty
    assert of(found, "labels", "overall")[0].value == pytest.approx((2 / 3 + 1) / 2)
    [audited], [whole] = of(found, "audit", "total"), of(found, "audit", "overall")
    assert (audited.value, whole.value, whole.labelled) == (0.0, 0.75, 1)
    assert of(found, "audit", "company")[0].value == 1.0  # u1 was drawn for being uncertain
    assert audited.days_late is not None
    [expected, _] = of(found, "estimate", "company")
    assert expected.value == pytest.approx(0.9)
    assert of(found, "estimate", "overall")[0].value == pytest.approx(0.75)
    assert NOW and np.isfinite(audited.days_late)


def test_audited_documents_are_looked_up_once_for_all_days(receipts, monkeypatch):
    answer = {"company": ("ACME", 0.9), "total": ("9.00", 0.6)}
    for number in range(3):
        receipts.documents(number, {f"a{number}": answer, f"u{number}": answer}, {})
    put(receipts.db, *(review_task(f"a{number}", "audit", chance=0.5) for number in (0, 2)))
    for _ in range(2):
        review(receipts.db, receipts.spec, "ann", total="8.00")
    read, looked = receipts.lake.read, []

    def counted(table, **more):
        if names.DOCUMENT_ID in more.get("where", {}):
            looked.append(more["where"][names.DOCUMENT_ID])
        return read(table, **more)

    monkeypatch.setattr(receipts.lake, "read", counted)
    found = of(figures(receipts, until=2), "audit", "total")
    assert [one.day for one in found] == [day_of(0), day_of(2)]
    assert looked == [["a0", "a2"]]
