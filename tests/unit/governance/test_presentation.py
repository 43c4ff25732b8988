"""The request for a decision as its approver reads it."""

import re

import pytest
from factories.evidence import FIGURE, difference, hold_back, judge, settle
from fakes.registry import FakeRegistry
from markdown_it import MarkdownIt

from pipelines.contracts.decision import StoredRequest
from pipelines.governance import presentation
from pipelines.opsdb.database import OpsDb

LINK = "[click](javascript:alert(1)) | <img src=x> `code`"


@pytest.fixture
def words(spec, settings, monkeypatch):
    """Subject and body for a version with a link in an answer."""

    def made(version=2, champion=1, came_back=None, held=None):
        found = [difference(0, candidate=LINK), *(difference(at) for at in range(1, 15))]
        result = judge(settings, version, champion, "inconclusive", differences=found)
        if came_back:
            settle(settings, version, came_back)
        request = StoredRequest(
            **result.model_dump(include={"model", "version", "champion", "verdict"}),
            **result.model_dump(include={"evidence_hash", "evidence_dir"}),
            table=[line.model_dump(mode="json") for line in result.table],
            author="cy", artefact_hash="", request_id=1, state="waiting",
            requested_at="2026-11-21T03:00:00Z", expires_at="2026-11-24T03:00:00Z",
        )  # fmt: skip
        registry = FakeRegistry(spec)
        if held:
            hold_back(OpsDb.open(settings), registry, version, why=held)
        monkeypatch.setattr(presentation.Registry, "open", lambda _: registry)
        return presentation.words(request, settings)

    return made


def test_request_says_verdict_scores_with_their_interval_and_where_to_look(words):
    subject, body = words()
    assert subject == "receipts version 2: the gate says inconclusive"
    assert "against champion version 1" in body
    assert "| champion | candidate | difference, 90 % |" in body
    assert "| golden | company | 103 | 0.850 | 0.932 | 0.052 to 0.112 |" in body
    for link in (
        "/millrace/evidence/receipts?version=2",
        "/millrace/evidence/receipts/2/card/card.html",
    ):
        assert f"]({link})" in body


def test_interval_of_a_first_model_is_that_of_its_score(words):
    _, body = words(1, None)
    assert "no champion yet" in body and "| champion | candidate | interval, 90 % |" in body


def test_text_of_documents_stays_text_and_ten_rows_are_shown(words):
    _, body = words()
    shown = body.partition("### Where the two differ")[2]
    assert shown.count("ACME TRADING SDN BHD") == 9 + 10
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(body)
    assert re.findall(r'(?:href|src)="(/millrace)?', html) == ["/millrace"] * 3
    assert "<img" not in html and "<code>code" not in html


def test_settled_errors_that_came_back_are_told_and_stay_text(words):
    assert "reviewers settled" not in words()[1]
    _, body = words(3, came_back=LINK)
    said = "Of 3 the candidate answers 2 right, the champion 1; 1 came back."
    assert said in body
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(body)
    assert (
        "<td>11.30</td>" in html and "<img" not in html and "javascript:alert(1)&quot;" not in html
    )


def test_approver_is_told_whose_corrections_are_left_out_and_by_which_figure(words):
    assert "What reviewers said" not in words()[1]
    _, body = words(3, held=FIGURE)
    html = MarkdownIt("commonmark").render(body)
    said = html.partition("What reviewers said")[2].partition("<h3>")[0]
    assert "It learnt from 4 fields of 4 documents that reviewers looked at." in said
    assert f"<li>gus, held back by millrace on 2026-11-21: {FIGURE}. Corrections: 2 left" in said
    assert "learnt from, held back only after the training" in said


def test_why_of_a_supervisor_stays_text(words):
    html = MarkdownIt("commonmark", {"html": True}).render(words(3, held=LINK)[1])
    said = html.partition("What reviewers said")[2].partition("<h3>")[0]
    assert said.count("[click](javascript:alert(1))") == 2
    assert "<img" not in html and 'href="javascript' not in html
