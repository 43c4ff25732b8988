"""The timeline as HTML: whole, harmless whatever the data say, and in words for what is missing."""

import re

import pytest
from factories.monitored import COUNT, DRIFT, MODEL, day_of, watched

from millrace_airflow.pages import timeline as pages
from millrace_airflow.pages.access import dag_of_report
from millrace_airflow.pages.render import Places
from millrace_airflow.pages.summary import summarise
from pipelines.lake.quality import quality_table
from pipelines.monitoring import timeline
from pipelines.settings import Settings

HERE = Places("/millrace", framed=False, mlflow=None)
HOSTILE = "</title></svg><svg onload=alert(1)><script>alert(1)</script>\"'{{ 7 * 7 }}"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    found = Settings(home=tmp_path_factory.mktemp("home"))
    watched(found, HOSTILE).engine.dispose()
    return found


def shown(home, window=None, span=90, model=MODEL):
    return pages.model_page(timeline.timeline(model, span, home), window, span, places=HERE)


def text(html):
    plain = re.sub(r"<(style|title)>.*?</\1>", " ", html, flags=re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", plain.replace("<wbr>", "")).split())


def test_timeline_says_how_it_stands_and_what_to_do(home):
    html = shown(home)
    said = text(html)
    assert f"retrain since {day_of(DRIFT)} ; newest window {day_of(COUNT - 1)}" in said
    assert "moved by 1.9 standard deviations" in said and "Likely causes:" in said
    assert "A training waits for 140 more labelled rows" in said
    assert 'href="/millrace/runbooks/drift"' in html
    assert f'href="/millrace/files/runs/monitor/{MODEL}/{day_of(COUNT - 1)}/index.html"' in html
    assert "Expected false alarms in a month: 0.42" in said
    assert "such estimates were off by" in said and "7 days late" in said
    assert "1 volume low 2018-04-21 2018-04-22" in said  # a past alert
    assert "Scoring is paused" not in said and "was turned 2 times" in said


def test_texts_of_the_data_are_only_text(home):
    for html in (
        shown(home),
        pages.list_page(timeline.standings([MODEL], home)[0], (), places=HERE),
    ):
        elements = set(re.findall(r"<([a-z0-9]+)", html))
        assert not elements & {"script", "img", "iframe", "object", "form"}, elements
        assert not re.search(r"<[^>]*\son[a-z]+\s*=", html)
    assert "{{ 7 * 7 }}" in text(shown(home)) and "&lt;script&gt;" in shown(home)


def test_one_window_is_shown_in_detail_as_it_was_judged(home):
    said = text(shown(home, window=day_of(10)))
    assert f"Window {day_of(10)} quiet 1 day" in said
    assert "There is no judged window 1999-01-01" in text(shown(home, window="1999-01-01"))


def test_fewer_windows_are_shown_when_fewer_are_asked_for(home):
    assert shown(home, span=30).count("<rect") < shown(home).count("<rect") / 1.5


def test_list_says_verdict_since_what_moved_and_open_alerts(home):
    found, notes = timeline.standings([MODEL, "receipts"], home)
    said = text(pages.list_page(found, notes, places=HERE))
    assert f"card_fraud retrain {day_of(DRIFT)} {day_of(COUNT - 1)}" in said
    assert f"input/amount, output/probability high drift since {day_of(DRIFT)}" in said
    assert "receipts no window was judged yet none" in said


def test_page_says_what_to_do_before_anything_was_judged(home, tmp_path):
    said = text(shown(home, model="receipts"))
    assert "millrace monitor calibrate receipts" in said
    nothing = Settings(home=tmp_path)
    assert "There is no operations database yet" in text(shown(nothing))
    assert not (tmp_path / "opsdb").exists()


def test_rest_is_shown_when_the_figures_cannot_be_read(home, monkeypatch):
    def broken(*_):
        raise OSError(f"{quality_table(MODEL)} is away")

    monkeypatch.setattr("pipelines.lake.quality.read", broken)
    said = text(shown(home))
    assert "The figures of quality cannot be read: millrace.quality_card_fraud is away." in said
    assert "Open alerts" in said and "Nothing was measured or estimated" in said


def test_every_kind_of_alert_has_a_page_for_its_runbook():
    for kind in ("drift", "quality", "volume", "system", "stop"):
        html = pages.runbook_page(kind, places=HERE)
        assert html is not None and "<h1>" in html
    assert pages.runbook_page("nothing", places=HERE) is None


def test_report_is_linked_from_the_run_and_served_to_who_may_read_the_dag():
    from pathlib import PurePath

    path = f"runs/monitor/{MODEL}/2018-06-10/index.html"
    assert summarise({"report": path}).links == [("Evidently's report on a sample", path)]
    assert dag_of_report(PurePath(path)) == f"monitor__{MODEL}"
