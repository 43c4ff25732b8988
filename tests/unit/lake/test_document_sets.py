"""A document stays in the set that a training first put it in."""

import pyarrow.compute as pc
import pytest
from factories.home import publish, simple_spec
from factories.receipts import receipts

from pipelines.contracts import names
from pipelines.errors import RefusedError
from pipelines.lake.golden import freeze, with_parts
from pipelines.lake.lake import Lake
from pipelines.lake.sets import GOLDEN, ROLLING, TRAINING, apart, assign, kept, sets_table
from pipelines.settings import Settings
from pipelines.training import TrainSpec, run
from pipelines.training.step import labelled_rows

KEY = names.DOCUMENT_ID


@pytest.fixture
def home(tmp_path):
    settings = Settings(home=tmp_path)
    return settings, Lake.open(settings)


def put(home, **parts):
    settings, lake = home
    return assign(lake, settings, "receipts", KEY, parts, 7)


def test_document_keeps_its_set_and_the_table_its_versions(home):
    _, lake = home
    first = put(home, a=names.TRAIN, b=names.SEEN_GROUP, c=names.SET_ASIDE)
    second = put(home, a=names.TRAIN, b=names.UNSEEN_GROUP, d=names.TRAIN)
    assert kept(lake, "receipts", KEY, first) == {"a": TRAINING, "b": ROLLING}
    assert kept(lake, "receipts", KEY) == {"a": TRAINING, "b": ROLLING, "d": TRAINING}
    assert put(home, a=names.TRAIN) == second
    assert [len(lake.read(sets_table("receipts"), snapshot_id=one)) for one in (first, second)] == [
        2,
        3,
    ]


def test_move_is_refused_and_nothing_is_written(home):
    first = put(home, a=names.TRAIN, b=names.SEEN_GROUP)
    with pytest.raises(
        RefusedError, match=r"2 documents .* a from training to rolling, b from rolling"
    ):
        put(home, a=names.SEEN_GROUP, b=names.TRAIN, c=names.TRAIN)
    assert home[1].current_snapshot(sets_table("receipts")) == first


def test_golden_document_is_not_trained_on_whatever_its_set_was(home):
    settings, lake = home
    rows = receipts(10)
    tested = with_parts(rows, KEY, dict.fromkeys(rows[KEY].to_pylist(), names.SEEN_GROUP))
    freeze(lake, settings, "receipts", KEY, tested, 1, 1)
    [[one, found]] = kept(lake, "receipts", KEY).items()
    assert found == GOLDEN
    with pytest.raises(RefusedError, match="from golden to training"):
        put(home, **{one: names.TRAIN})
    put(home, **{one: names.SEEN_GROUP})  # it is tested, as it was


def test_split_sets_aside_what_would_move():
    parts = {"a": names.TRAIN, "b": names.SEEN_GROUP, "c": names.TRAIN, "d": names.SET_ASIDE}
    sets = {"a": ROLLING, "b": TRAINING, "d": TRAINING}
    aside = names.SET_ASIDE
    assert apart(parts, sets) == {"a": aside, "b": aside, "c": names.TRAIN, "d": aside}
    assert apart(parts, {"a": TRAINING, "b": GOLDEN}) == parts


def test_training_does_not_move_a_document_whose_share_has_changed(home, monkeypatch):
    settings, lake = home
    spec = simple_spec(monkeypatch)
    features = publish(settings, spec, receipts(60))
    run(TrainSpec(model=spec, features=features), lake=lake, settings=settings)
    before = kept(lake, spec.name, KEY)
    assert set(before.values()) == {TRAINING, ROLLING}
    wider = spec.split.model_copy(update={"seen_group_share": 0.6})
    given = TrainSpec(model=spec.model_copy(update={"split": wider}), features=features)
    rows = labelled_rows(given, lake)
    for part, only in ((names.TRAIN, TRAINING), (names.SEEN_GROUP, ROLLING)):
        keys = rows.filter(pc.equal(rows[names.PART], part))[KEY].to_pylist()
        assert {before[one] for one in keys} == {only}
    assert names.SET_ASIDE in rows[names.PART].to_pylist()


def test_no_document_has_a_set_before_the_first_training(home):
    assert kept(home[1], "receipts", KEY) == {}
    assert put(home, a=names.SET_ASIDE) is None
