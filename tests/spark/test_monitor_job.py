"""Sketches of both embedded samples on a real Spark: as in plain Python, once for each content."""

import math

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from factories import scoring, sketched
from factories.submitted import submit

from pipelines import features, specs
from pipelines.contracts import names
from pipelines.contracts.monitor_result import SketchResult
from pipelines.errors import BadDataError, NotFoundError
from pipelines.lake import windows
from pipelines.lake.lake import Lake
from pipelines.monitoring.sketches.sketch import finished, of_table
from pipelines.settings import Settings
from pipelines.tasks import task
from spark_jobs import monitor

pytestmark = pytest.mark.spark
ROWS = {"card_fraud": 1_500, "receipts": 60}


class Home:
    """One model with its sample in the tests' home."""

    def __init__(self, settings, model, folder):
        self.settings, self.spec, self.lake = settings, specs.model(model), Lake.open(settings)
        dataset = self.spec.dataset
        for table in (
            *(names.published_table(dataset), names.quarantine_table(dataset)),
            *(names.predictions_table(model), names.windows_table(model)),
            names.binnings_table(model),
        ):
            if self.lake.exists(table):
                self.lake._catalog.drop_table(table)
        self.days = sketched.sample(dataset, ROWS[model], folder)
        sketched.publish(self.lake, dataset, self.days)
        self.runs = 0

    def publish(self, **days):
        scoring.publish(self.settings, self.spec.dataset, days)

    def sketch(self, days=None, binning=None, away=False, choose_from=None):
        """`away`: there is no Spark to reach."""
        self.runs += 1
        changes = {"spark_remote": "sc://127.0.0.1:1"} if away else {}
        return monitor.run(
            self.spec.name,
            sorted(self.days) if days is None else days,
            binning,
            f"monitor-{self.spec.name}-{self.runs}",
            self.settings.model_copy(update=changes),
            choose_from=choose_from,
        )

    def read(self, result, days=None):
        found = windows.read(self.lake, self.spec.name, binning=result.binning, days=days)
        return {one.day: one for one in found}

    def expected(self, result, day):
        """The sketches of plain Python over the same rows, by name."""
        spec, one = self.spec, task(self.spec.task)
        rows = self.lake.read(names.published_table(spec.dataset))
        for group in spec.history.groups if spec.history else ():
            rows = features.of_group(rows, spec, group)
        rows = rows.filter(pc.equal(rows[names.DAY], day))
        columns = windows.binning(self.lake, spec.name, result.binning).columns
        watched = {"input": one.watched_inputs(rows, spec)}
        if self.lake.exists(names.predictions_table(spec.name)):
            answers = self.lake.read(names.predictions_table(spec.name))
            mine = answers.filter(pc.equal(answers[names.DAY], day))
            watched["output"] = one.watched_outputs(mine, spec)
        return {
            found.name: finished(found)
            for side, table in watched.items()
            for found in of_table(table, [bins for bins in columns if bins.side == side])
        }


def assert_same(found, expected):
    """Counts are equal; of sums of floats the order is another one."""
    assert found.keys() == expected.keys()
    moments = {"total": 0.0, "squares": 0.0}
    for name, one in found.items():
        other = expected[name]
        assert one.model_copy(update=moments) == other.model_copy(update=moments)
        for moment in moments:
            mine, theirs = getattr(one, moment), getattr(other, moment)
            assert math.isclose(mine, theirs, rel_tol=1e-9, abs_tol=1e-9)
        assert one.rows == sum(one.counts) + one.missing


@pytest.mark.parametrize("model", ROWS)
def test_sketches_of_spark_are_those_of_plain_python(spark_settings, tmp_path, model):
    home = Home(spark_settings, model, tmp_path)
    sketched.predict(home.lake, home.spec, version=1)

    result = home.sketch()

    found = home.read(result)
    assert result.changed and result.rows == sum(len(rows) for rows in home.days.values())
    assert result.days == list(found) == sorted(home.days)
    for day in (min(found), max(found)):
        assert (found[day].version, found[day].rows) == (1, len(home.days[day]))
        assert_same(found[day].sketches, home.expected(result, day))
    assert {name.partition("/")[0] for name in found[day].sketches} == {"input", "output"}
    # Again nothing is made, be the bins chosen or named, and no Spark is started.
    again = home.sketch(away=True)
    named = home.sketch(binning=result.binning, away=True)
    assert [again, named] == [result.model_copy(update={"changed": False})] * 2
    assert len(home.lake.history(names.windows_table(model))) == 1


def test_only_what_changed_is_sketched_anew(spark_settings, tmp_path):
    home = Home(spark_settings, "receipts", tmp_path)
    first, second, *others = sorted(home.days)
    chosen = home.sketch()
    before = home.read(chosen)
    assert before[first].version is None and "output/total_missing" not in before[first].sketches

    # A day is there again with one row less, another is emptied.
    home.publish(**{first: home.days[first].slice(1), second: home.days[second].slice(0, 0)})
    changed = home.sketch(binning=chosen.binning)

    after = home.read(changed)
    assert changed.changed and after[first].rows == before[first].rows - 1
    assert_same(after[first].sketches, home.expected(changed, first))
    assert after[second].rows == 0
    assert {sum(one.counts) + one.missing for one in after[second].sketches.values()} == {0}
    assert {day: after[day] for day in others} == {day: before[day] for day in others}
    parts = windows.parts(home.lake, "receipts")
    assert len(parts) == len(home.days)

    # Bins that were chosen before there were predictions have no columns of the output.
    sketched.predict(home.lake, home.spec, version=1)
    scored = home.sketch()
    assert scored.binning != chosen.binning
    one = home.read(scored, [first])[first]
    sketched.predict(home.lake, home.spec, version=2, seed=2)
    promoted = home.sketch(binning=scored.binning)
    two = home.read(promoted, [first])[first]
    assert (one.version, two.version, promoted.changed) == (1, 2, True)
    assert one.sketches["output/total_confidence"] != two.sketches["output/total_confidence"]
    assert one.sketches["output/reviewed"].rows == two.sketches["output/reviewed"].rows == two.rows
    assert one.sketches["input/lines"] == two.sketches["input/lines"]
    assert not home.sketch(binning=scored.binning, away=True).changed


def test_bins_are_those_of_the_days_that_they_are_chosen_from(spark_settings, tmp_path):
    home = Home(spark_settings, "receipts", tmp_path)
    some = sorted(home.days)[:2]
    part = home.sketch(choose_from=some)
    assert set(home.read(part)) == set(home.days)
    assert_same(home.read(part)[max(home.days)].sketches, home.expected(part, max(home.days)))
    assert home.sketch().binning != part.binning
    assert not home.sketch(days=some, away=True).changed, "the same days have the same bins"


def test_row_that_cannot_be_computed_is_missing_and_the_others_are_told(
    spark_settings, tmp_path, monkeypatch
):
    home = Home(spark_settings, "receipts", tmp_path)
    name = "poisoned_watch"
    spec = scoring.spec(
        name, "receipts", task="classification", target="source", split={
            "group_by": "document_id", "time": "received_at",
        },
    )  # fmt: skip
    monkeypatch.setattr(specs, "model", lambda asked: {name: spec}[asked])
    home.spec = spec
    day = min(home.days)
    good = home.days[day].slice(0, 3)
    numbered = pa.array([f"doc-{at}" for at in range(3)])
    good = good.set_column(0, names.DOCUMENT_ID, numbered)
    pages = good[names.PAGES].to_pylist()
    pages[1][0]["lines"][0]["text"] = scoring.POISON
    place = good.schema.get_field_index(names.PAGES)
    poisoned = good.set_column(
        place, good.schema.field(place), pa.array(pages, good.schema.field(place).type)
    )
    scoring.clear(spark_settings, names.published_table("receipts"))
    home.publish(**{day: poisoned}, **{one: good.slice(0, 0) for one in home.days if one != day})

    result = home.sketch([day])

    amount = home.read(result)[day].sketches["input/amount"]
    assert (amount.rows, amount.missing, amount.least, amount.most) == (3, 1, 0.0, 2.0)


def test_attempt_that_dies_before_its_commit_shows_nothing_and_the_next_takes_its_bins(
    spark_settings, tmp_path, monkeypatch
):
    home = Home(spark_settings, "receipts", tmp_path)
    days = sorted(home.days)[:2]

    def dies(*given, **named):
        raise ConnectionError("the store is away")

    with monkeypatch.context() as patch:
        patch.setattr(windows, "write", dies)
        with pytest.raises(ConnectionError):
            home.sketch(days)
    assert windows.parts(home.lake, "receipts") == {}

    result = home.sketch(days)

    assert result.changed and sorted(home.read(result)) == days
    assert len(home.lake.history(names.binnings_table("receipts"))) == 1


@pytest.mark.slow
def test_sketches_are_the_same_when_submitted_with_only_the_zip(spark_settings, tmp_path):
    home = Home(spark_settings, "receipts", tmp_path)
    alone = Home(Settings(home=tmp_path / "home"), "receipts", tmp_path)
    for one in (home, alone):
        sketched.predict(one.lake, one.spec, version=1)
    days = sorted(home.days)[:3]

    named = ("--days", ",".join(days), "--choose", ",".join(days))
    left = submit(tmp_path, alone.settings, "monitor", "--model", "receipts", *named)

    found, expected = SketchResult.model_validate_json(left), home.sketch(days)
    assert found == expected
    theirs, ours = alone.read(found), home.read(expected)
    for day in days:
        assert_same(theirs[day].sketches, ours[day].sketches)


def test_days_and_bins_that_are_not_there_are_told(spark_settings, tmp_path):
    home = Home(spark_settings, "receipts", tmp_path)
    day = min(home.days)
    with pytest.raises(NotFoundError, match="no day 1999-01-01"):
        home.sketch(["1999-01-01", day], away=True)
    with pytest.raises(NotFoundError, match="no bins 'none'"):
        home.sketch([day], binning="none", away=True)
    home.publish(**{day: home.days[day].slice(0, 0)})
    with pytest.raises(BadDataError, match="hold no published row"):
        home.sketch([day])
