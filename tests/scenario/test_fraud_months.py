"""Real months of card purchases: a shift leads to an alarm, a training and its promotion.

From 6 June on amounts come in another currency, twice the figure. The same months as they
were lead to nothing. Twenty-seven days are judged in each.
"""

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import polars as pl
import pytest
import yaml
from factories.fraud_months import MODEL, Months, purchases

from pipelines import specs
from pipelines.cli.reproduce import _train
from pipelines.contracts.learning import REGIME, Regime
from pipelines.governance.reproduce import reproduce
from pipelines.opsdb import incidents, ledger, monitoring, requests
from pipelines.settings import PROJECT_ROOT, Settings

pytestmark = pytest.mark.slow

REAL = PROJECT_ROOT.parent / "shared" / "data" / "fraud"
CARDS = 4
"""Every fourth card: 2,400 purchases a day, of which 20 are frauds."""
SHIFT = "2018-06-06"
FACTOR = 2
POLICY = {
    # Of three months one is the reference; features look five weeks back, so not the first.
    "monitoring": {"reference_days": 28, "report_rows": 0},
    # The first model learns from a month of a quarter of the cards.
    "gate": {"floor": 0.2, "golden_rows": 20_000},
}

Make = Callable[[pl.Expr | None], Months]


@pytest.fixture
def months(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """A home of April and May whose first champion answers, and whose reference is made."""
    if not REAL.is_dir():
        pytest.skip("real card purchases are not here: ../shared/data/fraud")
    folder = tmp_path / "models" / MODEL
    shutil.copytree(specs.MODELS / MODEL, folder)
    content = yaml.safe_load((folder / "model.yaml").read_text())
    for section, values in POLICY.items():
        content[section] = content.get(section, {}) | values
    (folder / "model.yaml").write_text(yaml.safe_dump(content))
    monkeypatch.setattr(specs, "MODELS", tmp_path / "models")

    def make(change: pl.Expr | None) -> Months:
        home = Months(Settings(home=tmp_path / "home"), purchases(REAL, tmp_path, CARDS, change))
        home.come("2018-06-03", "2018-06-04")
        _, word = home.train("2018-06-04", "the first")
        assert word.verdict.decision == "promote", word.verdict.reasons
        home.approve(word, "2018-06-04", "the first that answers")
        home.score()
        assert home.watch("2018-06-04").calibrated
        return home

    return make


def other_currency() -> pl.Expr:
    since = pl.col("TX_DATETIME").str.slice(0, 10) >= SHIFT
    return pl.when(since).then(pl.col("TX_AMOUNT") * FACTOR).otherwise(pl.col("TX_AMOUNT"))


def june(first: int, last: int) -> list[str]:
    return [f"2018-06-{day:02d}" for day in range(first, last + 1)]


def test_months_without_a_shift_are_quiet_all_along_and_ask_for_nothing(months: Make) -> None:
    home = months(None)
    home.come("2018-06-30", "2018-07-04")
    home.score()
    result = home.watch("2018-07-04")
    assert result.judged == 27
    with home.db.read() as session:
        judged = {one.window: one.verdict.decision for one in monitoring.windows(session, MODEL)}
        assert judged == dict.fromkeys(june(4, 30), "quiet")
        assert incidents.latest(session, MODEL) == []
        assert requests.waiting(session, MODEL) is None
        asked = [one.kind for each in requests.latest(session, MODEL) for one in each.reasons]
        assert asked == ["schedule"], "the first training's own reason alone"


def test_a_shift_is_seen_and_answered_by_a_training_that_a_person_promotes(
    months: Make, tmp_path: Path
) -> None:
    home = months(other_currency())
    before = home.precision([f"2018-05-{day}" for day in range(10, 32)])

    # Two days of it are an alarm, which waits for labels.
    home.come("2018-06-08", "2018-06-09")
    home.score()
    result = home.watch("2018-06-09")
    decisions = [one.decision for one in result.windows]
    assert decisions == ["quiet", "quiet", "quiet", "retrain", "retrain"]
    with home.db.read() as session:
        (alarm,) = incidents.still_open(session, MODEL)
    assert (alarm.kind, alarm.since, alarm.severity) == ("drift", SHIFT, "high")
    assert "input/amount" in alarm.moved and "since 2018-06-06" in alarm.headline
    assert alarm.request_id is None and "0 of 200 labelled rows since 2018-06-06" in alarm.follows

    # Three weeks of it have labels, a week late: it asks for a training, once.
    home.come("2018-06-28", "2018-07-04")
    home.score()
    result = home.watch("2018-07-04")
    harmed = home.precision(june(27, 28))
    assert harmed < before / 2
    with home.db.read() as session:
        request = requests.waiting(session, MODEL)
        found = {one.kind: one for one in incidents.latest(session, MODEL)}
    assert request is not None and result.request_id == request.request_id
    assert [one.key for one in request.reasons] == [f"incident {alarm.incident_id}"]
    assert found["drift"].request_id == request.request_id
    assert found["quality"].severity == "high"
    assert "labels come 7 days late" in found["quality"].headline

    # The gate judges on the new regime: a gain there, and a doubt on the old purchases alone.
    taken, word = home.train("2018-07-04", "weekly")
    regime = Regime(since=SHIFT, incidents=[alarm.incident_id])
    assert (taken.request_id, taken.regime) == (request.request_id, regime)
    version = home.registry.resolve(MODEL, word.version)
    assert Regime.model_validate_json(version.tags[REGIME]) == regime
    gain = next(one for one in word.table if (one.rows, one.field) == ("recent", "overall"))
    assert gain.low is not None and gain.low > 0
    assert word.verdict.decision != "reject"
    if word.verdict.decision == "inconclusive":
        assert all("golden set" in one or "would decide" in one for one in word.verdict.reasons)
    with home.db.read() as session:
        assert len(ledger.rows(session, MODEL)) == 1, "drift alone promotes nothing"

    # A person promotes it; it is as good as the first was, and the incident ends.
    home.approve(word, "2018-07-04", "the old currency does not come any more")
    home.score()
    assert home.watch("2018-07-04").calibrated, "what is usual is told from the new regime"
    home.come("2018-06-30", "2018-07-05")
    home.score()
    mended = home.precision(june(27, 30))
    assert mended > 0.8 * before
    assert mended > 2 * harmed
    result = home.watch("2018-07-05")
    decisions = [(one.window, one.decision) for one in result.windows]
    assert decisions == [("2018-06-29", "quiet"), ("2018-06-30", "quiet")]
    with home.db.read() as session:
        assert incidents.get(session, alarm.incident_id).closed_at is not None
        (_, second) = ledger.rows(session, MODEL)
    assert (second.person, second.to_version) == ("ben", word.version)

    # What it was trained for is on record: the same again is the same, byte for byte.
    again = partial(_train, tags=version.tags)
    scratch = tmp_path / "again"
    stores = {"registry": home.registry, "lake": home.lake}
    assert reproduce(version, **stores, scratch=scratch, train=again).same
