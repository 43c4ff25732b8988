"""Pictures and PDFs: what is refused before it is decoded, and what is read from the rest."""

import struct
import zlib
from dataclasses import replace
from itertools import pairwise

import pypdfium2
import pytest
from fpdf import FPDF
from PIL import Image

from pipelines.ingestion.readers import files
from pipelines.ingestion.record import Record, Refusal
from pipelines.samples.receipts import generate

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def refused(tmp_path, limits):
    def refused(name, content, **changed):
        path = tmp_path / name
        path.write_bytes(content)
        (found,) = files.read(path, replace(limits, **changed))
        assert isinstance(found, Refusal)
        return found

    return refused


def png(width, height):
    """A PNG whose header promises more pixels than its few bytes hold."""

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        PNG
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(99)))
        + chunk(b"IEND", b"")
    )


@pytest.fixture
def pdf(tmp_path):
    """A PDF of one page that has a text layer, locked where asked."""

    def pdf(*, password=None):
        document = FPDF(unit="pt", format=(360, 720))
        if password:
            document.set_encryption(owner_password="owner", user_password=password)
        document.add_page()
        document.set_font("helvetica", size=12)
        document.text(36, 36, "ACME TRADING LTD")
        document.text(36, 72, "TOTAL")
        document.text(300, 72, "12.50")
        path = tmp_path / "invoice.pdf"
        document.output(str(path))
        return path

    return pdf


@pytest.mark.parametrize("width", [9_000, 60_000])
def test_decompression_bomb_is_refused_before_it_is_decoded(refused, width):
    found = refused("bomb.png", png(width, width))
    assert found.rule == "picture_too_large"
    assert "MILLRACE_MAX_IMAGE_PIXELS" in found.reason


def test_png_that_is_not_one_is_refused(refused):
    assert refused("note.png", b"just a note").rule == "not_a_picture"
    found = refused("half.png", PNG + b"just a note")
    assert (found.rule, found.reason[:35]) == (
        "not_a_picture",
        "the file begins like a picture and ",
    )


def test_picture_is_refused_when_it_ends_too_early(refused):
    assert refused("cut.png", png(100, 100)).rule == "broken_picture"


def test_empty_file_is_refused(refused):
    assert refused("empty.pdf", b"").rule == "empty_file"


def test_file_is_refused_when_it_is_above_the_limit(refused):
    assert refused("large.png", png(9, 9), max_file_bytes=20).rule == "file_too_large"


def test_pdf_is_refused_when_it_is_cut(refused, pdf):
    assert refused("cut.pdf", pdf().read_bytes()[:300]).rule == "broken_pdf"


def test_pdf_is_refused_when_it_is_locked(pdf, limits):
    pytest.importorskip("cryptography")
    (found,) = files.read(pdf(password="secret"), limits)
    assert found.rule == "encrypted_pdf"


def test_pdf_is_refused_when_a_page_is_as_large_as_a_wall(refused, pdf):
    found = refused("wall.pdf", pdf().read_bytes(), max_image_pixels=1000)
    assert found.rule == "picture_too_large"


def test_pdf_with_a_text_layer_is_read_from_it(pdf, limits):
    (found,) = files.read(pdf(), replace(limits, max_image_pixels=10**7))
    assert isinstance(found, Record)
    (page,) = found.values["pages"]
    assert found.values["ocr_confidence"] is None
    assert (page["width"], page["height"]) == (1000, 2000)  # 5 × 10 inches at 200 dpi
    head, label, amount = page["lines"]
    assert [line["text"] for line in page["lines"]] == ["ACME TRADING LTD", "TOTAL", "12.50"]
    assert head["box"][0] == pytest.approx(100, abs=4)  # half an inch from the left
    assert head["box"][3] == pytest.approx(100, abs=8)  # its baseline half an inch down
    assert amount["box"][1] == pytest.approx(label["box"][1], abs=2)
    assert found.values["source"] == "invoice.pdf"
    assert found.values["document_id"].startswith("invoice-")
    assert list(found.files) == ["image"]


def test_boxes_are_where_they_are_seen_when_a_page_is_turned(pdf, limits, tmp_path):
    turned = tmp_path / "turned.pdf"
    with pypdfium2.PdfDocument(pdf()) as document:
        document[0].set_rotation(90)
        document.save(turned)
    (found,) = files.read(turned, replace(limits, max_image_pixels=10**7))
    (page,) = found.values["pages"]
    assert (page["width"], page["height"]) == (2000, 1000)
    boxes = {line["text"]: line["box"] for line in page["lines"]}
    x0, y0, x1, y1 = boxes["ACME TRADING LTD"]
    assert (x1, y0) == pytest.approx((1925, 100), abs=15)  # top right, read downwards
    assert y1 - y0 > 5 * (x1 - x0)


@pytest.fixture
def receipt(tmp_path):
    """The picture of a small receipt."""
    sample = generate(1, 5, tmp_path / "s.jsonl", kind="receipts", scans=True)
    (picture,) = sample.pictures.iterdir()
    return picture


@pytest.mark.slow
def test_scanned_receipt_is_read_by_ocr_upright_or_turned(receipt, tmp_path, limits):
    turned = tmp_path / "turned.jpg"
    with Image.open(receipt) as image:
        exif = Image.Exif()
        exif[0x0112] = 6  # the camera was held upright: turn a quarter to the right
        image.rotate(90, expand=True).save(turned, exif=exif, quality=95)
        scanned = tmp_path / "scanned.pdf"
        image.save(scanned, resolution=200)
        size = image.size
    found = [next(files.read(path, limits)) for path in (receipt, turned, scanned)]
    words = []
    for record in found:
        (page,) = record.values["pages"]
        assert set(page) == {"width", "height", "lines"}
        assert 0.7 < record.values["ocr_confidence"] <= 1
        assert (page["width"], page["height"]) == pytest.approx(size, abs=1)
        words.append({line["text"] for line in page["lines"]})
        tops = [line["box"][1] for line in page["lines"]]
        assert all(after > before - 30 for before, after in pairwise(tops))
    assert len(words[0]) > 10
    for others in words[1:]:
        assert len(words[0] & others) > 0.7 * len(words[0])
