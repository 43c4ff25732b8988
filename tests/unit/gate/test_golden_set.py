"""The golden set: frozen rows, never trained on; and what counts as a near-duplicate."""

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from factories.home import publish, simple_spec
from factories.receipts import receipts

from pipelines.contracts import names
from pipelines.gate.duplicates import near_duplicates
from pipelines.lake.golden import freeze, golden_keys, golden_table, with_parts
from pipelines.lake.lake import Lake
from pipelines.settings import Settings
from pipelines.training import TrainSpec
from pipelines.training.step import labelled_rows

KEY = names.DOCUMENT_ID


@pytest.fixture
def home(tmp_path):
    settings = Settings(home=tmp_path)
    return settings, Lake.open(settings)


def rows_of_test(count, seed=1):
    rows = receipts(count, seed=seed)
    return with_parts(rows, KEY, dict.fromkeys(rows[KEY].to_pylist(), names.SEEN_GROUP))


def frozen(home, rows, most=100):
    settings, lake = home
    return freeze(lake, settings, "receipts", KEY, rows, 1, most)


def test_golden_rows_keep_labels_and_pages_when_the_rows_change(home):
    before = frozen(home, rows_of_test(30))
    after = frozen(home, rows_of_test(30, seed=2))
    assert after.rows.equals(before.rows)
    assert after.snapshot_id == before.snapshot_id


def test_golden_set_fills_up_to_its_size_and_then_stays(home):
    assert frozen(home, rows_of_test(20), most=30).rows.num_rows == 20
    full = frozen(home, rows_of_test(50), most=30)
    assert full.rows.num_rows == 30
    assert set(rows_of_test(20)[KEY].to_pylist()) <= set(full.rows[KEY].to_pylist())
    assert frozen(home, rows_of_test(80), most=30).snapshot_id == full.snapshot_id


def test_golden_rows_are_chosen_alike_when_rows_come_in_another_order(tmp_path):
    rows = rows_of_test(40)
    chosen = []
    for name, given in (("a", rows), ("b", rows.take(pa.array(range(39, -1, -1))))):
        settings = Settings(home=tmp_path / name)
        found = frozen((settings, Lake.open(settings)), given, most=10)
        chosen.append(found.rows[KEY].to_pylist())
    assert chosen[0] == chosen[1]
    assert chosen[0] != sorted(rows[KEY].to_pylist())[:10]


def test_golden_set_takes_equal_content_once(home):
    rows = rows_of_test(6)
    rows = rows.append_column(names.CONTENT_HASH, pa.array(["a", "a", "b", "b", "c", "c"]))
    assert frozen(home, rows).rows.num_rows == 3


def test_golden_set_is_made_when_there_is_no_row_yet(home):
    assert golden_keys(home[1], "receipts", KEY) == set()
    assert frozen(home, rows_of_test(5).slice(0, 0)).rows.num_rows == 0
    assert frozen(home, rows_of_test(5)).rows.num_rows == 5


def test_training_sets_golden_rows_aside_when_the_split_would_train_on_them(home, monkeypatch):
    settings, lake = home
    spec = simple_spec(monkeypatch)
    features = publish(settings, spec, receipts(60))
    given = TrainSpec(model=spec, features=features)
    before = labelled_rows(given, lake)
    trained = before.filter(pc.equal(before[names.PART], names.TRAIN))
    one = trained[KEY].to_pylist()[0]
    rows = rows_of_test(60)
    freeze(lake, settings, spec.name, KEY, rows.filter(pc.equal(rows[KEY], one)), 1, 10)
    after = labelled_rows(given, lake)
    found = after.filter(pc.equal(after[KEY], one))
    assert found[names.PART].to_pylist() == [names.SET_ASIDE]
    assert lake.exists(golden_table(spec.name))


TEXT = "KEDAI AMAN 12 JALAN BINTANG date 03 04 2018 rice 3.40 tea 2.10 total 5.50 thank you"


@pytest.mark.parametrize(
    ("other", "near"),
    [
        (TEXT, True),
        (TEXT.lower(), True),
        (TEXT.replace("thank you", "thank"), True),
        (TEXT.replace("rice 3.40 tea 2.10 total 5.50", "milk 1.10 eggs 6.20 total 7.30"), False),
        ("another text altogether with other words in it", False),
        ("", False),
    ],
)
def test_near_duplicate_is_found_when_few_words_differ(other, near):
    assert near_duplicates([TEXT], [other, "x y z"], 0.8).tolist() == [near]


def test_near_duplicates_are_found_in_every_block():
    rows = [f"{TEXT} number {number} of many {number * 7}" for number in range(1_100)]
    found = near_duplicates(rows, [rows[3], rows[1_050]], 1.0)
    assert found.nonzero()[0].tolist() == [3, 1_050]


def test_texts_without_words_are_no_duplicates_of_each_other():
    assert near_duplicates(["", "-"], ["", "-"], 0.8).tolist() == [False, False]
