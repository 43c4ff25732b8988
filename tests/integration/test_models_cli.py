"""`millrace predict`, `evaluate` and `models` on a registered version, without Airflow."""

import json

import pytest
from factories.receipts import receipts
from typer.testing import CliRunner

from pipelines.cli.main import app
from pipelines.errors import BadDataError, MisconfiguredError, NotFoundError

pytestmark = pytest.mark.slow


def interchange(documents):
    """Documents as lines of the interchange format."""
    for row in documents.to_pylist():
        kept = {"document_id": row["document_id"], "pages": row["pages"]}
        yield json.dumps(kept | {"fields": dict(row["fields"])})


@pytest.fixture
def labelled(tmp_path):
    path = tmp_path / "labelled.jsonl"
    path.write_text("\n".join(interchange(receipts(300, seed=2))) + "\n")
    return path


@pytest.fixture
def millrace(registered, monkeypatch):
    """Runs a command in the registered home; errors of ours come through as they are."""
    monkeypatch.setenv("MILLRACE_HOME", str(registered.settings.root))

    def run(*arguments):
        result = CliRunner().invoke(app, [str(one) for one in arguments])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == 0, result.stderr
        return result

    return run


def test_predict_writes_a_line_for_each_document_in_order(millrace, labelled, tmp_path):
    output = tmp_path / "answers.jsonl"
    millrace("predict", "receipts", "--input", labelled, "--output", output, "--version", 1)
    rows = [json.loads(line) for line in output.read_text().splitlines()]
    assert [row["document_id"] for row in rows] == [f"doc-{number:04d}" for number in range(300)]
    assert {row["model_version"] for row in rows} == {1}
    assert list(rows[0]["fields"]) == ["company", "date", "address", "total"]
    company = rows[0]["fields"]["company"]
    assert company["value"].endswith("SDN BHD") and 0 <= company["confidence"] <= 1
    assert company["boxes"][0]["page"] == 0 and len(company["boxes"][0]["box"]) == 4


def test_predict_counts_every_line_as_scored_or_refused(millrace, labelled, tmp_path):
    lines = labelled.read_text().splitlines()
    labelled.write_text("\n".join([*lines, '{"document_id": "cut', lines[0], ""]) + "\n")
    output = tmp_path / "answers.jsonl"
    result = millrace("predict", "receipts", "--input", labelled, "--output", output)
    assert "300 predictions" in result.stderr and "2 refused" in result.stderr
    assert "line 301 (truncated_json)" in result.stderr
    assert "line 302 (duplicate_id)" in result.stderr
    assert len(output.read_text().splitlines()) == 300


def test_predict_leaves_the_old_output_when_it_fails(millrace, tmp_path, labelled, monkeypatch):
    output = tmp_path / "answers.jsonl"
    output.write_text("old\n")
    before = sorted(tmp_path.iterdir())

    def broken(*_):
        raise BadDataError("in the middle")

    monkeypatch.setattr("pipelines.cli.models._line", broken)
    with pytest.raises(BadDataError, match="in the middle"):
        millrace("predict", "receipts", "--input", labelled, "--output", output)
    assert output.read_text() == "old\n"
    assert sorted(tmp_path.iterdir()) == before


def test_evaluate_prints_one_object_with_the_agreed_keys(millrace, labelled):
    result = millrace("evaluate", "receipts", "--on", labelled, "--version", 1, "--json")
    found = json.loads(result.stdout)
    assert {"model", "version", "documents", "micro_f1", "micro_f1_value", "fields"} <= set(found)
    assert (found["model"], found["version"], found["documents"]) == ("receipts", 1, 300)
    assert {"precision", "recall", "f1", "f1_value", "auroc"} <= set(found["fields"]["total"])
    assert found["fields"]["company"]["f1"] == 1.0
    assert 0.5 < found["fields"]["total"]["f1"] < 1.0
    # doc-0000 to doc-0059 carry ids of the training, in this file and in the lake.
    assert 0 < found["documents_trained_on"] < 60


def test_evaluate_prints_plain_lines_when_it_is_no_terminal(millrace, labelled):
    lines = millrace("evaluate", "receipts", "--on", labelled).stdout.splitlines()
    assert lines[0].split("\t")[0] == "field"
    assert [line.split("\t")[0] for line in lines[1:]] == [
        "company",
        "date",
        "address",
        "total",
        "micro",
    ]


def test_models_lists_versions_with_scores_data_and_time(millrace):
    line = millrace("models", "receipts").stdout.splitlines()[-1]
    assert line.startswith("receipts\t1\t")
    assert "overall 0." in line and "rows of receipts" in line and "snapshot " in line


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (["models", "wheat"], NotFoundError, r"there is no model 'wheat'; known: .*receipts"),
        (["predict", "receipts", "--version", "9999"], NotFoundError, "no version '9999'; known"),
        (["predict", "receipts", "--format", "csv"], NotFoundError, "known: interchange, sroie"),
        (["predict", "receipts", "--input", "away"], NotFoundError, "away does not exist"),
        (["predict", "receipts", "--output", "away/x"], MisconfiguredError, "there is no folder"),
    ],
)
def test_commands_name_what_exists_when_a_name_is_wrong(
    millrace, labelled, tmp_path, monkeypatch, arguments, error, message
):
    monkeypatch.chdir(tmp_path)
    given = ["--input", labelled, "--output", "x"] if arguments[0] == "predict" else []
    with pytest.raises(error, match=message):
        millrace(*arguments[:2], *given, *arguments[2:])


def test_models_says_how_to_begin_when_the_home_is_new(millrace, tmp_path, monkeypatch):
    monkeypatch.setenv("MILLRACE_HOME", str(tmp_path))
    with pytest.raises(NotFoundError, match="no model is registered yet"):
        millrace("models")
