"""A version on a real MLflow: its card, and trained again."""

import json

import pytest
from factories.decided import by_ben, millrace, put

from pipelines.contracts import names
from pipelines.errors import BadDataError
from pipelines.governance import card
from pipelines.lake.lake import Lake
from pipelines.registry import Registry

pytestmark = pytest.mark.slow


def test_card_tells_of_data_scores_limits_lineage_and_who_decided(home):
    put(home, 1)
    millrace(*by_ben("approve", "receipts", 1))
    found = Registry.open(home)
    version = found.resolve("receipts", 1)
    text = found.file(version, "card/card.md").read_text()
    for part in ("Purpose", "Data", "Scores", "By slice", "Limits", "Decisions", "Lineage"):
        assert f"# {part}\n" in text
    assert version.tags["artefact_hash"] in text
    assert "ben chose promote" in text and "unseen\\_group / company" in text
    page = found.file(version, "card/card.html").read_text()
    assert "<table>" in page and "default-src" in page
    assert not card.missing(version, found)
    assert json.loads(version.tags["headline"])["overall"][0] > 0


def test_reproduce_gives_the_same_bytes_from_kept_and_from_new_features(home, monkeypatch):
    said = millrace("reproduce", "receipts", 2).output
    assert "features as kept" in said and "the same, byte for byte" in said
    read = Lake.read

    def expired(self, table, **given):
        rows = read(self, table, **given)
        return rows.slice(0, 0) if table == names.features_table("receipts") else rows

    monkeypatch.setattr(Lake, "read", expired)
    said = millrace("reproduce", "receipts", 2).output
    assert "computed anew" in said and "the same, byte for byte" in said


def test_reproduce_says_what_differs_when_the_files_are_others(home, monkeypatch):
    from fakes.first_line import FirstLine

    fit = FirstLine.fit

    def another(self, features, *given, **more):
        return fit(self, features.slice(0, features.num_rows // 2), *given, **more)

    monkeypatch.setattr(FirstLine, "fit", another)
    with pytest.raises(BadDataError, match="not the same"):
        millrace("reproduce", "receipts", 1)
