"""The report stands alone, and hostile text of a document stays text in it."""

import json
import re
from html.parser import HTMLParser
from itertools import pairwise

import pyarrow as pa
import pytest
from factories.home import publish, simple_spec
from factories.receipts import receipts, row, table

from pipelines.contracts.result import XCOM_LIMIT_BYTES
from pipelines.errors import MisconfiguredError
from pipelines.evaluation import EvaluationSpec, run
from pipelines.evaluation.table import task
from pipelines.lake.lake import Lake
from pipelines.settings import Settings
from pipelines.training import TrainSpec
from pipelines.training import run as train

pytestmark = pytest.mark.slow

HOSTILE = "<script>alert(1)</script> <img src=http://x/y onerror=z> $\\frac{1}{0}$ {{ 7*7 }}"


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))


def evaluated(home, spec, documents):
    settings = Settings(home=home)
    features = publish(settings, spec, documents)
    lake = Lake.open(settings)
    training = train(TrainSpec(model=spec, features=features), lake=lake, settings=settings)
    given = EvaluationSpec(model=spec, training=training)
    return settings, given, run(given, lake=lake, settings=settings)


@pytest.fixture(scope="module")
def usual(tmp_path_factory):
    """Settings, spec and result of one evaluation of plain receipts."""
    with pytest.MonkeyPatch.context() as patch:
        yield evaluated(tmp_path_factory.mktemp("home"), simple_spec(patch), receipts(80))


def test_report_keeps_hostile_text_as_text_and_stands_alone(tmp_path, monkeypatch):
    labels = {"company": HOSTILE, "total": "9.00", "address": "", "date": "01/02/2018"}
    hostile = [row(f"{HOSTILE[:60]}{n}", [HOSTILE, f"NO. {n}"], labels) for n in range(40)]
    documents = pa.concat_tables([receipts(40), table(hostile)])
    settings, _, result = evaluated(tmp_path, simple_spec(monkeypatch), documents)
    folder = settings.root / result.report_dir
    text = (folder / "index.html").read_text()
    page = Tags()
    page.feed(text)
    assert {tag for tag, _ in page.found}.isdisjoint({"script", "iframe", "link", "object", "a"})
    assert all(one["src"].startswith("data:image/png;") for tag, one in page.found if tag == "img")
    assert "&lt;script&gt;alert(1)" in text
    policy = next(one["content"] for tag, one in page.found if "http-equiv" in one)
    assert "default-src 'none'" in policy and "script-src" not in policy
    names = {"scores.png", "reliability.png", "importance.png", "example_1.png", "metrics.json"}
    assert names < {path.name for path in folder.iterdir()}


def test_report_scrolls_its_tables_alone_and_knows_dark_screens(usual):
    settings, _, result = usual
    text = (settings.root / result.report_dir / "index.html").read_text()
    page = Tags()
    page.feed(text)
    holders = [
        holder.get("class", "").split()
        for (_, holder), (tag, _) in pairwise(page.found)
        if tag in {"table", "img"}
    ]
    assert len(holders) > 5
    assert all("scroll" in classes for classes in holders)
    assert "prefers-color-scheme: dark" in text


def test_report_figures_are_those_of_the_result(usual):
    settings, given, result = usual
    metrics = json.loads((settings.root / result.report_dir / "metrics.json").read_text())
    assert result.metrics.items() <= metrics.items()
    value, low, high = result.headline["overall"]
    assert low <= value == metrics["micro_f1"] <= high
    assert metrics["company/f1"] > 0.9 and metrics["total/f1"] < 1
    assert result.rows == given.training.rows_test
    assert len(result.model_dump_json()) < XCOM_LIMIT_BYTES / 4
    page = (settings.root / result.report_dir / "index.html").read_text()
    assert re.search(rf"Micro F1 <b>{value:.3f}</b>", page)


def test_evaluation_is_found_finished_when_it_is_run_again(usual):
    settings, given, result = usual
    page = settings.root / result.report_dir / "index.html"
    written = page.stat().st_mtime_ns
    assert run(given, lake=Lake.open(settings), settings=settings) == result
    assert page.stat().st_mtime_ns == written


def test_task_says_what_is_known_when_the_name_is_wrong():
    with pytest.raises(MisconfiguredError, match="for task 'ranking'; known: classif"):
        task("ranking")
