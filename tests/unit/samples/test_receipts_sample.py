import json
import re
import subprocess
import sys
from collections import Counter
from datetime import date

import pytest
from PIL import Image, ImageStat

from pipelines.errors import MisconfiguredError
from pipelines.ingestion.readers import interchange
from pipelines.ingestion.record import Limits, Record
from pipelines.samples.receipts import generate

pytestmark = pytest.mark.slow

LIMITS = Limits(2**23, 2**30, 10**7)


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    return generate(400, 7, tmp_path_factory.mktemp("sample") / "s.jsonl").path


@pytest.fixture(scope="module")
def documents(sample):
    found = list(interchange.read(sample, LIMITS))
    assert all(isinstance(row, Record) for row in found)
    return [row.values for row in found]


def texts(document):
    return [line["text"] for page in document["pages"] for line in page["lines"]]


def squeezed(text):
    return re.sub(r"[\W_]+", "", text).upper()


def test_bytes_are_the_same_in_another_process_with_another_hash_seed(sample, tmp_path):
    other = tmp_path / "other.jsonl"
    code = f"from pathlib import Path; from pipelines.samples.receipts import generate; \
generate(400, 7, Path({str(other)!r}))"
    subprocess.run(
        [sys.executable, "-c", code], check=True, env={"PYTHONHASHSEED": "5", "LC_ALL": "C.UTF-8"}
    )
    assert other.read_bytes() == sample.read_bytes()


def test_another_seed_gives_other_documents(sample, tmp_path):
    other = generate(5, 8, tmp_path / "o.jsonl").path.read_text(encoding="utf-8")
    assert not set(other.splitlines()) & set(sample.read_text(encoding="utf-8").splitlines())


def test_merchants_recur_and_some_come_once(documents):
    merchants = Counter(squeezed(document["fields"]["company"]) for document in documents)
    assert 35 <= len(merchants) <= 50
    assert merchants.most_common(1)[0][1] > 20
    assert sum(count <= 3 for count in merchants.values()) > 5


def test_labels_are_on_the_page_as_often_as_people_type_them(documents):
    """Most values can be found, and none of the fields is free of noise and habits."""
    for field, least, most in (
        ("company", 0.88, 0.995), ("date", 0.93, 0.998), ("address", 0.7, 0.97),
        ("total", 0.95, 1.0),
    ):  # fmt: skip
        found = [
            squeezed(document["fields"][field]) in squeezed(" ".join(texts(document)))
            for document in documents
        ]
        assert least < sum(found) / len(found) < most, field


def test_addresses_are_typed_in_more_than_one_way(documents):
    ways = {}
    for document in documents:
        address = document["fields"]["address"]
        ways.setdefault(squeezed(address), set()).add(address)
    assert sum(len(forms) > 1 for forms in ways.values()) > 10


def test_totals_are_typed_with_and_without_their_currency(documents):
    bare = [document["fields"]["total"][0].isdigit() for document in documents]
    assert 0.4 < sum(bare) / len(bare) < 0.95


def test_dates_and_amounts_have_many_formats(documents):
    shapes = Counter(re.sub(r"\d", "9", document["fields"]["date"]) for document in documents)
    assert len({re.sub(r"[A-Za-z]+", "A", shape) for shape in shapes}) >= 7
    assert any(re.search(r"\d,\d\d$", document["fields"]["total"]) for document in documents)


def test_amount_stands_on_several_lines_beside_others(documents):
    totals = [
        sum(re.sub(r"[^\d.,]", "", document["fields"]["total"]) in text for text in texts(document))
        for document in documents
    ]
    assert sum(totals) / len(totals) > 1.8


def test_boxes_lie_on_their_page(documents):
    for document in documents:
        (page,) = document["pages"]
        for line in page["lines"]:
            x0, y0, x1, y1 = line["box"]
            assert 0 <= x0 <= x1 <= page["width"]
            assert 0 <= y0 <= y1 <= page["height"]


def test_documents_arrive_over_the_days_asked_for(tmp_path):
    path = generate(60, 1, tmp_path / "s.jsonl", start=date(2026, 2, 27), days=3).path
    days = {row.at.date() for row in interchange.read(path, LIMITS)}
    assert days == {date(2026, 2, 27), date(2026, 2, 28), date(2026, 3, 1)}


def test_worn_scanner_misreads_other_documents_of_the_same_merchants(documents, tmp_path):
    path = generate(400, 7, tmp_path / "s.jsonl", first=400, worn=True).path
    worn = [row.values for row in interchange.read(path, LIMITS)]
    assert not {row["document_id"] for row in worn} & {row["document_id"] for row in documents}
    known = {row["fields"]["company"].upper() for row in documents}
    # Some merchants come once, and people type a name in more than one way.
    again = [row["fields"]["company"].upper() in known for row in worn]
    assert sum(again) > 0.8 * len(again)

    def printed(rows):
        return sum(
            row["fields"]["company"].upper() in "\n".join(texts(row)).upper() for row in rows
        )

    assert printed(worn) < 0.5 * printed(documents)


def test_invoices_have_fields_of_their_own_when_asked(tmp_path):
    path = generate(40, 2, tmp_path / "s.jsonl", kind="invoices").path
    for row in interchange.read(path, LIMITS):
        fields = row.values["fields"]
        assert list(fields) == ["supplier", "invoice_number", "invoice_date", "amount_due"]
        assert all(fields.values())


def test_broken_lines_are_added_one_of_each_kind(tmp_path):
    sample = generate(30, 7, tmp_path / "s.jsonl", bad=6)
    rows = list(interchange.read(sample.path, LIMITS))
    refused = Counter(row.rule for row in rows if not isinstance(row, Record))
    assert refused == {"truncated_json": 1, "not_finite": 1, "unknown_field": 1}
    good = [row.values for row in rows if isinstance(row, Record)]
    ids = Counter(document["document_id"] for document in good)
    assert sorted(ids.values())[-2:] == [1, 2]  # a duplicate
    assert sum(not texts(document) for document in good) == 1  # an empty one
    outside = [
        page
        for document in good
        for page in document["pages"]
        if any(line["box"][2] > page["width"] for line in page["lines"])
    ]
    assert len(outside) == 1
    assert len(rows) == 36


def test_pictures_are_drawn_with_the_same_bytes_and_where_the_boxes_are(tmp_path):
    first = generate(2, 7, tmp_path / "a.jsonl", scans=True)
    second = generate(2, 7, tmp_path / "b" / "a.jsonl", scans=True)
    for row in map(json.loads, first.path.read_text(encoding="utf-8").splitlines()):
        picture = first.path.parent / row["image"]
        assert picture.read_bytes() == (second.path.parent / row["image"]).read_bytes()
        (page,) = row["pages"]
        with Image.open(picture) as image:
            assert image.size == (page["width"], page["height"])
            paper = ImageStat.Stat(image).median[0]
            inked = [_darkest(image, line["box"]) < 0.7 * paper for line in page["lines"]]
        assert sum(inked) > 0.95 * len(inked)


def _darkest(image, box):
    """Darkest grey in the middle of a box, away from its edges and the paper's."""
    x0, y0, x1, y1 = box
    inner = image.crop((x0 + 2, (2 * y0 + y1) / 3, x1 - 2, (y0 + 2 * y1) / 3))
    return inner.getextrema()[0]


def test_sample_is_refused_when_a_number_makes_no_sense(tmp_path):
    with pytest.raises(MisconfiguredError, match="at least 1"):
        generate(0, 7, tmp_path / "s.jsonl")
