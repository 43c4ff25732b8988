"""The pages of evidence as HTML: complete, without a script whatever the texts are, and in words
for what is missing."""

import copy
import itertools
import re
import shutil
from datetime import timedelta

import pytest
from factories.evidence import FIGURE, difference, hold_back, lived, settle
from factories.operations import NOW, tamper

from millrace_airflow.pages import evidence as pages
from millrace_airflow.pages import render
from pipelines.governance import evidence, records
from pipelines.opsdb.database import OpsDb
from pipelines.settings import Settings

LATER = NOW + timedelta(hours=6)
HERE = render.Places("/millrace", framed=False, mlflow="http://127.0.0.1:5000")
HOSTILE = " ".join([
    "javascript:alert(1)//",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title></svg><svg onload=alert(1)>",
    "{{ 7 * 7 }} {% raw %}",
])


class Home:
    """A home with a history, and its pages."""

    def __init__(self, folder, **given):
        self.settings = Settings(home=folder)
        self.db = OpsDb.open(self.settings)
        self.registry = lived(self.settings, self.db, **given)

    def model(self, version=None, places=HERE, traces=None):
        return pages.model_page(
            evidence.dossier("receipts", self.settings, self.registry),
            version,
            traces or pages.Traces(),
            settings=self.settings,
            places=places,
            now=LATER,
        )

    def models(self, names=("card_fraud", "receipts"), **given):
        found, read = evidence.overviews(names, self.settings)
        chain = records.check(read, None)
        return pages.models_page(found, chain, read.notes, places=HERE, now=LATER, **given)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Read by many tests, changed by none."""
    found = Home(tmp_path_factory.mktemp("home"))
    yield found
    shutil.rmtree(found.registry.files)


@pytest.fixture
def own_home(home, tmp_path):
    """A copy that a test may break."""
    shutil.copytree(home.settings.root, tmp_path / "copy")
    settings = Settings(home=tmp_path / "copy")
    own = copy.copy(home)
    own.settings, own.db = settings, OpsDb.open(settings)
    yield own
    own.db.engine.dispose()


def text(html):
    """What a person reads, in one line."""
    shown = re.sub(r"<(style|title)>.*?</\1>", " ", html, flags=re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", shown).split())


def elements(html):
    return re.findall(r"<([a-z]+)", html)


def test_list_says_what_is_live_and_what_waits(home):
    said = text(home.models())
    assert "card_fraud no champion yet nothing no version was judged yet" in said
    assert "receipts version 1 2026-11-21 06:00Z ben (rollback) better on totals" in said
    assert "version 4 waiting until 2026-11-24 07:00Z" in said
    assert "inconclusive on version 4" in said
    assert "The ledger is whole: 3 rows of all models" in said


def test_list_is_clear_when_there_is_no_model_to_see(home):
    assert "There is no model here that you may see." in text(home.models(()))
    assert "No model that you may see is trained on wheat." in text(
        home.models((), dataset="wheat")
    )


def test_model_shows_live_history_versions_and_ledger(home):
    said = text(home.model())
    assert "since 2026-11-21 06:00Z by ben (account root) , rollback after version 2" in said
    assert "Version 4, made by cy: waiting for the word of ben or ada until" in said
    assert "version 2 2026-11-21 05:20Z 2026-11-21 06:00Z promote ben better on totals" in said
    assert "reject by gate, 2026-11-21 06:00Z" in said
    assert "The ledger is whole: 3 rows of all models" in said
    assert "They are those that the registry remembers" in said
    assert re.search(r"row 3 2026-11-21 06:00Z rollback: version 2 → version 1 ben", said)


def test_newest_judged_version_is_compared_unless_another_is_chosen(home):
    assert "Version 4, made by cy, against champion version 1" in text(home.model())
    chosen = text(home.model(1))
    assert "Version 1, made by cy, against no champion" in chosen
    assert "as recorded on ledger row 1" in chosen
    assert "There was no champion to differ from." in chosen
    assert "Version 9 of receipts was never judged" in text(home.model(9))


def test_comparison_has_figures_and_pictures_of_both_sets(home):
    html = home.model()
    said = text(html)
    assert "company 103 0.850 0.932" in said and "+0.082 (+0.052 to +0.112) better" in said
    assert "−0.041 (−0.060 to −0.022) worse" in said
    assert "90 % interval of the difference" in said
    # Five fields and two slices on two sets, scores and difference each.
    assert len(re.findall(r'<svg class="plot" role="img"', html)) == 2 * 7 * 2
    assert said.count("ACME TRADING SDN BHD") == 20


def test_page_has_the_same_elements_whatever_the_texts_are(tmp_path):
    def made(folder, word):
        given = [difference(0, row=word, champion=word, candidate=word, truth=word, field=word)]
        found = Home(tmp_path / folder, why=word, reasons=[word], differences=given)
        for version, name in itertools.product((1, 2, 3, 4), ("author", "plant", "dataset")):
            found.registry.tag(found.registry.resolve("receipts", version), name, word)
        html = [found.model(), found.model(1), found.models()]
        shutil.rmtree(found.registry.files)
        return html

    plain, given = made("plain", "plain"), made("hostile", HOSTILE)
    assert [elements(one) for one in given] == [elements(one) for one in plain]
    for html in given:
        assert "{{ 7 * 7 }} {% raw %}" in html
        assert "<script" not in html and not re.search(r"<[^>]*\son\w+=", html)
        assert not re.search(r'href="(?!/|http://127\.0\.0\.1:5000/|#)', html)


def test_policy_lets_no_script_run_and_nobody_else_frame_it():
    policy = render.FRESH["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "script-src" not in policy
    assert "frame-ancestors 'self'" in policy and "form-action 'none'" in policy


def test_settled_errors_that_came_back_are_shown_beside_the_comparison(own_home):
    assert "Errors that reviewers settled" not in text(own_home.model())
    settle(own_home.settings, 4, "<b>9.00</b>")
    page = own_home.model()
    said = text(page)
    assert "field settled champion right candidate right all 3 1 2 total 3 1 2" in said
    assert "r-17 total 11.30" in said and "&lt;b&gt;9.00&lt;/b&gt;" in page


def test_reviewers_held_back_are_shown_with_their_figure_and_what_was_left_out(own_home):
    assert "What reviewers said" not in text(own_home.model())
    hold_back(own_home.db, own_home.registry, 4)
    said = text(own_home.model())
    assert "It learnt from 4 fields of 4 documents that reviewers looked at." in said
    since = "2026-11-21 03:00Z by millrace"
    assert f"gus {since} {FIGURE} 2 left out" in said
    assert f"bob {since} {FIGURE} 2 learnt from, held back only after the training" in said
    assert "What reviewers said" not in text(own_home.model(1)), "a version of typed labels"


def test_why_somebody_is_held_back_is_only_text(own_home):
    hold_back(own_home.db, own_home.registry, 4, why=HOSTILE)
    html = own_home.model()
    assert text(html).count("{{ 7 * 7 }} {% raw %}") == 2
    assert "<script" not in html and "<img" not in html


def test_altered_or_lost_evidence_is_said(own_home):
    folder = own_home.settings.runs / "gate" / "receipts" / f"{4:032x}"
    (folder / "evidence.json").write_text('{"signals": {"golden": "better"}}')
    said = text(own_home.model())
    assert "evidence.json was altered: it has not the hash that was recorded" in said
    assert "company 103 0.850 0.932" in said
    shutil.rmtree(folder)
    assert f"The evidence folder runs/gate/receipts/{4:032x} is gone." in text(own_home.model())


def test_broken_ledger_is_the_first_thing_that_is_said(own_home):
    tamper(own_home.db, "update ledger set person = 'eve' where sequence = 2")
    said = text(own_home.model())
    assert "The ledger is not whole." in said and "row 2 was altered" in said
    assert said.index("The ledger is not whole.") < said.index("Live now")
    assert "row 2 was altered" in text(own_home.models())


def test_page_is_whole_when_nothing_is_there_yet(tmp_path):
    settings = Settings(home=tmp_path)
    found = evidence.dossier("receipts", settings)
    said = text(
        pages.model_page(found, None, pages.Traces(), settings=settings, places=HERE, now=LATER)
    )
    for sentence in (
        "There is no operations database yet",
        "no version of receipts has become champion yet",
        "The gate has judged no version of receipts yet.",
        "The ledger has no row yet.",
        "millrace run train receipts",
    ):
        assert sentence in said


def test_links_stay_in_the_frame_or_say_that_they_leave_it(home):
    run = type("Run", (), {"dag_id": "train__receipts", "run_id": "manual__1+00:00"})()
    traces = pages.Traces({4: [run]})
    framed = render.Places("/base/millrace", framed=True, mlflow="http://127.0.0.1:5000")
    alone = render.Places("/base/millrace", framed=False, mlflow=None)
    html = home.model(places=framed, traces=traces)
    assert 'href="/base/millrace/runs/train__receipts/manual__1%2B00%3A00"' in html
    assert "Links with ↗ open a tab of their own" in text(html)
    assert 'href="http://127.0.0.1:5000/#/runs/run-4" target="_blank" rel="noopener"' in html
    html = home.model(places=alone, traces=traces)
    assert 'href="/base/dags/train__receipts/runs/manual__1%2B00%3A00"' in html
    assert "Links with ↗" not in text(html) and "MLflow run" not in html


def test_headings_go_down_one_step_at_a_time_and_tables_have_names(home):
    for html in (home.model(), home.models()):
        levels = [int(level) for level in re.findall(r"<h(\d)", html)]
        assert levels[0] == 1 and levels.count(1) == 1
        assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
        assert html.count("<table") == html.count("<caption")
        assert 'lang="en"' in html and "width=device-width" in html
