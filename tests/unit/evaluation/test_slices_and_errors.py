"""Which documents are called hard, and what is shown of wrong answers."""

import pytest
from factories.predictions import documents, predictions
from factories.receipts import page

from pipelines import specs
from pipelines.evaluation.extraction import evaluate
from pipelines.evaluation.slices import LONG_LINES, noise, slices
from pipelines.evaluation.worst import WORST, overlap

SPEC = specs.model("receipts")


@pytest.mark.parametrize("text", ["T0TAL 9.00", "TOTAI_", "CA5H", "¦ SUM ~", "ToTAL"])
def test_noise_sees_a_misread_line(text):
    assert noise([text]) == 1.0


@pytest.mark.parametrize(
    "text",
    ["TOTAL RM 9.00", "Tel: 03-2093 7358", "NO. 5, JALAN 18/3A", "A4 PAPER 80GSM", "McDonald's"],
)
def test_noise_passes_what_is_printed_so(text):
    assert noise([text]) == 0.0


def test_slices_name_long_and_noisy_documents_and_parts():
    pages = {
        "long": [page(["LINE"] * LONG_LINES)],
        "noisy": [page(["T0TAL", *["LINE"] * 10])],
        "plain": [page(["LINE"] * (LONG_LINES - 1))],
    }
    found = slices(["long", "noisy", "plain"], pages, {"plain": "unseen_group"})
    assert {name: mask.tolist() for name, mask in found.items()} == {
        "all": [True, True, True],
        "unseen_group": [False, False, True],
        "long_document": [True, False, False],
        "noisy_ocr": [False, True, False],
    }


def test_worst_errors_put_wrong_values_first_and_sure_ones_before_doubtful_ones():
    labels = {name: {"company": "SHOP A", "total": "9.00"} for name in "abc"}
    answers = {
        "a": {"company": ("SHOP B", 0.6), "total": ("RM9.00", 0.99)},
        "b": {"company": ("SHOP C", 0.9), "total": ("9.00", 1.0)},
        "c": {"company": (None, 0.7), "total": ("9.00", 1.0)},
    }
    found = evaluate(documents(labels), predictions(answers), SPEC).errors
    assert [(one.document_id, one.field) for one in found] == [
        ("b", "company"),
        ("c", "company"),
        ("a", "company"),
        ("a", "total"),
    ]
    assert [one.right_by_value for one in found] == [False, False, False, True]


def test_worst_errors_show_the_words_around_the_answer_or_the_label():
    table = documents({"a": {"company": "SECOND LINE", "total": "9.00"}})
    boxed = predictions({"a": {"company": ("FIRST LINE", 0.9)}}).to_pylist()
    box = table["pages"][0].as_py()[0]["lines"][0]["box"]
    boxed[0]["fields"][0]["boxes"] = [{"page": 0, "box": box}]
    shown = predictions({}).from_pylist(boxed, schema=predictions({}).schema)
    assert evaluate(table, shown, SPEC).errors[0].around == ["FIRST LINE", "SECOND LINE"]
    silent = predictions({"a": {"company": (None, 0.9)}})
    assert evaluate(table, silent, SPEC).errors[0].around == ["FIRST LINE", "SECOND LINE"]


def test_worst_errors_are_few_however_many_there_are():
    labels = {f"d{n}": {"company": "A"} for n in range(WORST + 9)}
    answers = {name: {"company": ("B", 0.5)} for name in labels}
    assert len(evaluate(documents(labels), predictions(answers), SPEC).errors) == WORST


def test_overlap_is_a_share_of_the_smaller_box():
    assert overlap([0, 0, 10, 10], [5, 0, 9, 10]) == 1.0
    assert overlap([0, 0, 10, 10], [5, 5, 15, 15]) == 0.25
    assert overlap([0, 0, 10, 10], [10, 0, 20, 10]) == 0.0
    assert overlap([0, 0, 10, 10], [3, 3, 3, 9]) == 0.0
