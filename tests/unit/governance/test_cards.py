"""Model cards: hostile text stays text, a changed card is no card."""

import json
import re

import pytest
from factories.operations import NOW, change, request
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from pipelines.contracts.decision import Decided, StoredRequest
from pipelines.governance import card
from pipelines.opsdb import chain
from pipelines.registry import ModelVersion

HOSTILE = [
    "<script>alert(1)</script>",
    "[click](javascript:alert(1))",
    "![x](https://evil.example/x.png)",
    "a | b | c",
    "# heading\n\n- list",
    "</td></table><img src=x onerror=alert(1)>",
    "{{ facts.spec.owner }} {% raw %}",
    "`code` **bold** <http://evil.example>",
]


def facts(spec, text):
    tags = {"author": text, "dataset": text, "code_revision": text, "rows_test": text}
    stored = StoredRequest(**request(2).model_dump(), request_id=1, state="decided", note=text)
    decided = Decided(
        request_id=1, model="receipts", version=2, choice="promote", person="ben", why=text,
        via="cli", at=NOW,
    )  # fmt: skip
    return card.Facts(
        spec=spec.model_copy(update={"description": f"D {text}", "owner": text}),
        version=ModelVersion("receipts", 2, "run-2", (), 0, tags),
        headline=[card.Measure(text, "score", 0.9, 0.8, 1.0)],
        slices=[card.Measure(text, text, 0.5, None, None)],
        requests=[stored],
        decided=[decided],
        changes=[chain.link(change(2, why=text), chain.GENESIS)],
        notes="",
    )


def tags_of(page):
    return re.findall(r"<([a-z]+)", page.partition("<body>")[2])


@pytest.mark.parametrize("text", HOSTILE)
def test_page_has_the_same_elements_whatever_the_texts_are(spec, text):
    plain = facts(spec, "plain")
    given = facts(spec, text)
    page = card.as_html(card.as_markdown(given), given)
    assert tags_of(page) == tags_of(card.as_html(card.as_markdown(plain), plain))
    assert "<script" not in page and "href=" not in page and "<img" not in page


@settings(max_examples=50, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40))
def test_text_reads_the_same_after_markdown_whatever_it_is(text):
    shown = (
        MarkdownIt("commonmark", {"html": False})
        .enable("table")
        .parseInline("x " + card._text(text))
    )
    read = "".join(child.content for child in shown[0].children)
    assert read.split() == ["x", *text.split()]


def test_owner_may_write_markdown_but_no_html(spec):
    from dataclasses import replace

    given = replace(facts(spec, "plain"), notes="Use it **well**.\n\n<script>alert(1)</script>")
    page = card.as_html(card.as_markdown(given), given)
    assert "<strong>well</strong>" in page and "<script" not in page


def test_card_is_missing_when_there_is_none_or_it_was_changed(spec, opsdb, registry):
    version = registry.resolve("receipts", 1)
    assert card.missing(version, registry)
    card.write(version, spec=spec, db=opsdb, registry=registry)
    version = registry.resolve("receipts", 1)
    assert not card.missing(version, registry)
    registry.file(version, "card/card.md").write_text("# Best model ever\n")
    assert card.missing(version, registry)


def test_card_has_every_score_with_an_interval_of_any_task(spec, opsdb, registry, tmp_path):
    version = registry.resolve("receipts", 1)
    scores = {
        "slices": {
            "all": {"scores": {"total": {"f1": 0.9, "f1_interval": [0.8, 1.0], "labelled": 3}}},
            "night": {"average_precision": 0.4, "average_precision_interval": [0.3, 0.5]},
            "empty": {"f1": None, "f1_interval": None},
        }
    }
    (tmp_path / "scores.json").write_text(json.dumps(scores))
    registry.keep(version, tmp_path, "evaluation")
    found = card.gather(version, spec=spec, db=opsdb, registry=registry)
    assert [(one.where, one.metric, one.value, one.low) for one in found.slices] == [
        ("all / total", "f1", 0.9, 0.8),
        ("night", "average_precision", 0.4, 0.3),
    ]
    assert any("Weakest slice: night" in line for line in found.limits)
