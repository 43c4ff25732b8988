"""The merge gate: the code of now against the kept answers of a baseline."""

import json

import pyarrow as pa
import pytest
from factories.home import simple_spec
from factories.receipts import receipts

from pipelines.contracts import names
from pipelines.errors import BadDataError, MisconfiguredError, NotFoundError
from pipelines.gate import baseline, baseline_file
from pipelines.training.plant import spoil


@pytest.fixture
def spec(monkeypatch):
    monkeypatch.setattr(baseline, "sample", lambda spec, n, seed: receipts(n, seed=seed))
    found = simple_spec(monkeypatch)
    return found.model_copy(update={"gate": found.gate.model_copy(update={"calibration_error": 1})})


@pytest.fixture
def path(spec, tmp_path):
    path = tmp_path / "receipts" / "baseline.json"
    path.parent.mkdir()
    baseline.update(spec, path, "the start", rows=120)
    return path


def test_merge_gate_passes_when_nothing_changed(spec, path):
    found = baseline.check(spec, path)
    assert found.passed, found.reasons
    assert {one.difference for one in found.compared.compared if one.n} == {0.0}


def test_merge_gate_fails_with_scores_in_sentences_when_a_field_got_worse(spec, path):
    kept = json.loads(path.read_text())
    rows = {row["document_id"]: row for row in receipts(120, seed=baseline.SEED).to_pylist()}
    for document, fields in kept["answers"]:
        for field in fields:  # the baseline read every total right
            if field["name"] == "total":
                field["value"] = dict(rows[document]["fields"])["total"]
    path.write_text(json.dumps(kept))
    found = baseline.check(spec, path)
    assert not found.passed
    assert any("The score of 'total'" in reason for reason in found.reasons)
    assert any("must be ruled out" in reason for reason in found.reasons)


def test_merge_gate_fails_when_answers_are_not_a_number(spec, path, monkeypatch):
    task = baseline.comparable(spec.task)
    monkeypatch.setattr(task, "unreadable", lambda *_: 3)
    assert "3 answers of the candidate are no answers" in baseline.check(spec, path).reasons[0]


def test_baseline_keeps_its_reason_and_a_row_a_line(spec, path):
    written = baseline.update(spec, path, "  the scoring of dates was wrong  ", rows=120)
    text = path.read_text()
    assert json.loads(text)["why"] == "the scoring of dates was wrong"
    assert sum(line.startswith('["doc-') for line in text.splitlines()) == len(written.answers)


def test_baseline_puts_short_rows_on_one_line(tmp_path):
    answers = pa.table({
        "id": [f"{row:05d}" for row in range(1_000)],
        "probability": [0.1234] * 1_000,
    })
    path = tmp_path / "baseline.json"
    written = baseline_file.write(path, answers, model="m", why="the start", rows=1, seed=1)
    lines = path.read_text().splitlines()
    assert len(lines) < 250 and max(map(len, lines)) <= 101  # with the comma at its end
    assert baseline_file.read(path) == written
    assert written.values() == answers.to_pylist()


def test_baseline_is_refused_without_a_reason(spec, path):
    before = path.read_bytes()
    with pytest.raises(MisconfiguredError, match="--why"):
        baseline.update(spec, path, " ")
    assert path.read_bytes() == before


def test_merge_gate_refuses_when_baseline_is_missing_or_of_other_rows(spec, path, tmp_path):
    with pytest.raises(NotFoundError, match="--update"):
        baseline.check(spec, tmp_path / "receipts" / "none.json")
    kept = json.loads(path.read_text())
    path.write_text(json.dumps(kept | {"answers": kept["answers"][1:]}))
    with pytest.raises(BadDataError, match="generator or the split"):
        baseline.check(spec, path)
    path.write_text(json.dumps(kept | {"columns": ["document_id"]}))
    with pytest.raises(BadDataError, match="has 1 values"):
        baseline.check(spec, path)
    path.write_text("{}")
    with pytest.raises(BadDataError, match=r"is no baseline: Field required at model .* --rows"):
        baseline.check(spec, path)
    baseline.update(spec, path, "the file was broken", rows=120)
    assert baseline.check(spec, path).passed


def test_shuffled_labels_leave_no_row_its_own(spec):
    train = receipts(30)
    spoiled = spoil(train, spec, "shuffled_labels", seed=3)
    before, after = (dict_of(one) for one in (train, spoiled))
    assert all(before[row] != after[row] for row in before)
    assert sorted(map(str, before.values())) == sorted(map(str, after.values()))
    assert spoil(train, spec, "shuffled_labels", seed=3).equals(spoiled)
    assert not spoil(train, spec, "shuffled_labels", seed=4).equals(spoiled)


def test_a_tenth_of_the_data_is_a_tenth_of_its_rows(spec):
    train = receipts(60)
    spoiled = spoil(train, spec, "tenth_of_data", seed=3)
    assert spoiled.num_rows == 6
    assert dict_of(spoiled).items() <= dict_of(train).items()


def test_unknown_plant_is_refused(spec):
    with pytest.raises(MisconfiguredError, match="shuffled_labels"):
        spoil(receipts(20), spec, "poison", seed=1)


def dict_of(rows):
    return dict(
        zip(rows[names.DOCUMENT_ID].to_pylist(), map(tuple, rows[names.FIELDS].to_pylist()),
            strict=True)
    )  # fmt: skip
