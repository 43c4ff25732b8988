import json

import pytest

from pipelines.ingestion.readers import sroie as reader
from pipelines.ingestion.record import Record


@pytest.fixture
def read(tmp_path, limits):
    def read(**values):
        receipt = {
            "file_name": "X1.jpg",
            "image_size": {"width": 50, "height": 90},
            "words": ["A", "B"],
            "bboxes": [[0, 0, 1, 1], [2, 2, 3, 3]],
            "entities": {"company": "A", "total": ""},
            **values,
        }
        path = tmp_path / "sroie.jsonl"
        path.write_text(json.dumps(receipt), encoding="utf-8")
        (found,) = reader.read(path, limits)
        return found

    return read


def test_receipt_is_read_when_it_fits(read):
    found = read(key="X1", something_else=1)
    assert found.values["document_id"] == "X1"
    assert found.values["source"] == "X1.jpg"
    assert found.values["fields"] == {"company": "A", "total": None}
    assert found.values["pages"][0]["lines"][1] == {"text": "B", "box": [2, 2, 3, 3]}


def test_id_is_the_stem_of_the_file_when_there_is_no_key(read):
    assert read(file_name="a/b/X9.jpg").values["document_id"] == "X9"


def test_picture_is_found_when_it_is_in_the_img_folder(read, tmp_path):
    (tmp_path / "img").mkdir()
    (tmp_path / "img" / "X1.jpg").write_bytes(b"picture")
    assert read().files == {"image": tmp_path / "img" / "X1.jpg"}


def test_receipt_is_refused_when_words_and_boxes_differ_in_number(read):
    found = read(bboxes=[[0, 0, 1, 1]])
    assert (found.rule, found.key) == ("wrong_length", "X1")
    assert "2 values and bboxes 1" in found.reason


def test_receipt_is_refused_when_a_word_is_a_number(read):
    found = read(words=["A", 5])
    assert (found.rule, found.reason[:33]) == ("wrong_type", "words[1] is a number, expected te")


def test_all_real_receipts_are_read(sroie, limits):
    found = list(reader.read(sroie, limits))
    assert len(found) == 626
    assert all(isinstance(row, Record) for row in found)
    assert sum("address" not in row.values["fields"] for row in found) == 1
    assert sum(row.values["fields"]["total"] is None for row in found) == 1
