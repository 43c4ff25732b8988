"""Who is watched: the champion, what its decisions rest on, and which days it has learnt from."""

from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from factories.monitoring import day
from factories.operations import change
from factories.watched import DATASET, MODEL, publish_tables, purchases
from fakes.registry import FakeRegistry

from pipelines import specs
from pipelines.contracts import names
from pipelines.contracts.learning import REGIME, Regime
from pipelines.contracts.monitoring import Binning, Bins
from pipelines.errors import NotFoundError
from pipelines.lake.lake import Lake
from pipelines.monitoring import subject
from pipelines.opsdb import ledger
from pipelines.settings import Settings

SPEC = specs.model(MODEL)
DAYS = {day(number): purchases(day(number), 50) for number in range(4)}


class Registered(FakeRegistry):
    """Versions whose files are here, as far as `split` is."""

    split = None

    def load(self, version):
        said = {"importance": {"amount": 0.75, "night": 0.25}, "rows": 100}
        return SimpleNamespace(fitted=SimpleNamespace(describe=lambda: said))

    def split_file(self, version):
        if self.split is None:
            raise NotFoundError("the registered files are gone")
        return self.split


@pytest.fixture
def given(tmp_path, opsdb):
    """Version 1 answers; it was trained on the first two days."""
    settings = Settings(home=tmp_path)
    lake, registry = Lake.open(settings), Registered(SPEC)
    publish_tables(lake, DATASET, DAYS)
    snapshot = str(lake.current_snapshot(names.published_table(DATASET)))
    registry.held[MODEL][1].tags["input_snapshot_id"] = snapshot
    parts = {day(0): names.TRAIN, day(1): names.TRAIN, day(2): names.SET_ASIDE, day(3): names.TRAIN}
    keys = pa.concat_arrays([one["transaction_id"].combine_chunks() for one in DAYS.values()])
    told = [part if at != day(3) else names.SEEN_GROUP for at, part in parts.items()]
    path = tmp_path / "split.parquet"
    pq.write_table(
        pa.table({"transaction_id": keys, names.PART: [one for one in told for _ in range(50)]}),
        path,
    )
    registry.split = path
    with opsdb.write() as session:
        ledger.append(session, change(1, model=MODEL))
    return {"lake": lake, "db": opsdb, "registry": registry, "settings": settings}


def test_champion_is_read_with_its_weights_and_the_days_it_has_learnt(given):
    found = subject.read(SPEC, **given)
    assert (found.version, found.regime) == (1, None)
    assert found.trained_days == {day(0), day(1)}
    columns = (
        Bins(column="amount", side="input", kind="number"),
        Bins(column="weekend", side="input", kind="number"),
        Bins(column="probability", side="output", kind="number"),
    )
    binning = Binning(model=MODEL, columns=columns)
    assert found.weights(binning) == {
        "input/amount": 0.75, "input/weekend": 0.0, "output/probability": subject.OUTPUTS,
    }  # fmt: skip
    silent = subject.Subject()
    assert silent.weights(binning)["input/weekend"] == subject.UNKNOWN


def test_regime_of_the_champion_is_told_by_its_tag(given):
    regime = Regime(since=day(2), incidents=[4])
    given["registry"].held[MODEL][1].tags[REGIME] = regime.model_dump_json()
    assert subject.read(SPEC, **given).regime == regime


def test_all_days_count_as_learnt_where_the_split_is_gone(given):
    given["registry"].split = None
    assert subject.read(SPEC, **given).trained_days == set(DAYS)


def test_nobody_is_watched_before_a_champion(given, tmp_path):
    other = specs.model("receipts")
    found = subject.read(other, **given)
    assert found == subject.Subject()


def test_a_version_is_asked_of_the_registry_once_and_another_one_anew(given, monkeypatch):
    before = subject.read(SPEC, **given)
    regime = Regime(since=day(2), incidents=[4])
    given["registry"].held[MODEL][2].tags[REGIME] = regime.model_dump_json()
    resolve, asked = given["registry"].resolve, []
    monkeypatch.setattr(
        given["registry"], "resolve", lambda *which: asked.append(which) or resolve(*which)
    )
    assert subject.read(SPEC, **given) == before and asked == []
    with given["db"].write() as session:
        ledger.append(session, change(2, model=MODEL, from_version=1))
    snapshot = given["registry"].held[MODEL][1].tags["input_snapshot_id"]
    given["registry"].held[MODEL][2].tags["input_snapshot_id"] = snapshot
    after = subject.read(SPEC, **given)
    assert (after.version, after.regime, asked) == (2, regime, [(MODEL, 2)])


def test_what_could_not_be_told_for_good_is_asked_again(given):
    split, given["registry"].split = given["registry"].split, None
    assert subject.read(SPEC, **given).trained_days == set(DAYS)
    given["registry"].split = split
    assert subject.read(SPEC, **given).trained_days == {day(0), day(1)}
