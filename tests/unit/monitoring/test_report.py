"""Evidently's page: a small sample that is the same every time, our limits, nobody's text."""

import re

import pyarrow as pa
import pytest
from factories.labelled import Watched, day_of
from factories.predictions import predictions as answers_of
from factories.receipts import row, table
from factories.scoring import publish

from pipelines import specs
from pipelines.contracts import names
from pipelines.contracts.monitoring import Binning, Bins, Calibration, Signal
from pipelines.monitoring import report

HOSTILE = "</script><script>document.title='hacked'</script>"


@pytest.fixture
def home(tmp_path):
    found = Watched(tmp_path, report_rows=100)
    yield found
    found.db.engine.dispose()


def sample(home, *numbers):
    return report.sample(home.spec, [day_of(number) for number in numbers], home.lake)


def test_sample_is_bounded_and_has_of_each_day_its_share(home):
    home.day(0, rows=300)
    home.day(1, rows=100)
    home.day(2, rows=40)
    found = sample(home, 0, 1)
    assert {day: len(keys) for day, keys in found.items()} == {day_of(0): 75, day_of(1): 25}
    assert all(len(set(keys)) == len(keys) for keys in found.values())
    assert sample(home, 0, 1) == found
    assert len(sample(home, 2)[day_of(2)]) == 40
    assert sample(home, 9) == {}
    home.spec = home.spec.model_copy(
        update={"monitoring": home.spec.monitoring.model_copy(update={"report_rows": 0})}
    )
    assert sample(home, 0, 1) == {}  # asked for none


def test_sample_is_drawn_from_some_days_where_all_hold_too_many_rows(home, monkeypatch):
    for number in range(9):
        home.day(number, rows=20)
    monkeypatch.setattr(report, "MOST_KEYS", 60)
    assert list(sample(home, *range(9))) == [day_of(0), day_of(3), day_of(6)]
    monkeypatch.setattr(report, "MOST_KEYS", 27)  # each seventh would be one weekday
    assert list(sample(home, *range(9))) == [day_of(0), day_of(8)]
    assert list(sample(home, 4)) == [day_of(4)]


def test_sample_has_every_large_group_in_its_share(home):
    home.day(0, rows=400)
    rows = home.lake.read(names.published_table(home.spec.dataset))
    group = dict(
        zip(rows["transaction_id"].to_pylist(), rows["customer_id"].to_pylist(), strict=True)
    )
    half = sorted(group.values())[200]
    [keys] = sample(home, 0).values()
    below = sum(group[key] < half for key in keys)
    assert abs(below - 100 * sum(one < half for one in group.values()) / 400) <= 1


def bins(column, kind="number", side="input", **more):
    return Bins(column=column, side=side, kind=kind, **more)


def written(home, days, reference, columns, **exceeded):
    signals = [
        Signal(
            name=one.name, topic="input", value=exceeded.get(one.column, 0.4), limit=1.0,
            exceeded=one.column in exceeded, sentence="as usual",
        )
        for one in columns
    ]  # fmt: skip
    calibration = Calibration.model_construct(
        binning=Binning(model=home.spec.name, columns=tuple(columns))
    )
    return report.write(
        home.spec, days=[day_of(one) for one in days],
        reference_days=[day_of(one) for one in reference], lake=home.lake,
        settings=home.settings, calibration=calibration, signals=signals,
    )  # fmt: skip


def test_no_page_is_written_when_there_is_nothing_to_hold_side_by_side(home):
    assert written(home, [3], [0, 1], [bins("amount")]) is None
    home.day(3)
    assert written(home, [3], [0, 1], [bins("amount")]) is None
    assert report.written(home.spec, day_of(3), home.settings) is None


def test_categories_are_told_by_their_place_and_never_by_their_text():
    given = pa.chunked_array([pa.array([HOSTILE, "ACME", "else", None])])
    told = report._values(given, bins("company", "category", categories=("ACME", HOSTILE)))
    assert told.to_pylist() == ["no. 2", "no. 1", "other", None]
    flags = report._values(
        pa.chunked_array([pa.array([True, False, None])]),
        bins("total_missing", "category", categories=("false", "true")),
    )
    assert flags.to_pylist() == ["true", "false", None]


@pytest.mark.slow
def test_page_says_what_our_rule_says_and_holds_nothing_that_a_document_said(tmp_path):
    home = Watched(tmp_path, report_rows=100)
    home.spec = specs.model("receipts")
    for number in range(3):
        answers = {
            f"d{number}-{at}": {"company": (HOSTILE, 0.9), "total": (f"{at}.00", 0.5 + at / 100)}
            for at in range(30)
        }
        rows = table([row(key, [HOSTILE, "TOTAL 9.00"]) for key in answers])
        published = publish(
            home.settings, "receipts", {day_of(number): rows.drop_columns([names.DAY])}
        )
        found = answers_of(answers)
        found = found.append_column(names.DAY, pa.array([day_of(number)] * 30))
        found = found.append_column(names.MODEL_VERSION, pa.array([3] * 30, pa.int64()))
        home.score(day_of(number), found, published, 30, 3)
    columns = [
        bins("lines", edges=(1.0,)),
        bins("total_confidence", side="output", edges=(0.5,)),
        bins("company", "category", "output", categories=(HOSTILE,)),
    ]
    path = written(home, [2], [0, 1], columns, total_confidence=3.25)
    home.db.engine.dispose()
    assert path == f"runs/monitor/receipts/{day_of(2)}/index.html"
    assert report.written(home.spec, day_of(2), home.settings) == path
    html = (home.settings.root / path).read_text()
    assert "hacked" not in html and "TOTAL 9.00" not in html
    assert "times its limit, over all rows" in html and "3.25" in html
    assert len(html) < 8_000_000
    assert [one.name for one in (home.settings.root / path).parent.iterdir()] == ["index.html"]
    assert not re.search(r'(src|href)="https?://(?!plotly\.com)', html)
