"""Each kind of bad input that the reader itself decides: its own rule and a readable reason."""

import json
import tracemalloc
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.ingestion.readers import interchange
from pipelines.ingestion.record import RAW_LIMIT_BYTES, Limits, Record, Refusal


@pytest.fixture
def read(tmp_path, limits):
    """Reads bytes as an interchange file."""

    def read(content, **changed):
        path = tmp_path / "documents.jsonl"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return list(interchange.read(path, replace(limits, **changed)))

    return read


@pytest.fixture
def refused(read):
    """Reads bytes that must give one refusal."""

    def refused(content, **changed):
        (found,) = read(content, **changed)
        assert isinstance(found, Refusal)
        assert len(found.reason) < 400
        return found

    return refused


def test_document_is_read_when_it_fits(read, document):
    (found,) = read(json.dumps(document(fields={"total": "9.00", "date": None})))
    assert isinstance(found, Record)
    assert found.values["pages"][0]["lines"] == [{"text": "TOTAL 9.00", "box": [1, 2, 30, 4]}]
    assert found.values["fields"] == {"total": "9.00", "date": None}
    assert (found.line, found.at) == (1, None)


def test_content_hash_differs_when_the_text_does_and_not_when_the_id_does(read, document):
    other = document(document_id="d2", received_at="2026-01-01T00:00:00Z", source="mail")
    changed = document(pages=[{"width": 100, "height": 200, "lines": []}])
    first, second, third = read("\n".join(map(json.dumps, (document(), other, changed))))
    assert first.values["content_hash"] == second.values["content_hash"]
    assert first.values["content_hash"] != third.values["content_hash"]


def test_line_is_refused_when_the_json_is_truncated(refused, document):
    text = json.dumps(document())
    for length in range(1, len(text)):
        found = refused(text[:length])
        assert found.rule == "truncated_json", text[:length]
        assert found.raw == text[:length]
    assert "Send the whole file again" in found.reason


def test_line_is_refused_when_it_is_not_json(refused):
    found = refused('{"document_id": nope}')
    assert found.rule == "not_json"
    assert "character 17" in found.reason


def test_line_is_refused_when_a_field_is_unknown(refused, document):
    found = refused(json.dumps(document(colour="red")))
    assert (found.rule, found.key) == ("unknown_field", "d1")
    assert "colour" in found.reason
    assert "received_at" in found.reason  # what is known


@pytest.mark.parametrize(
    ("values", "place"),
    [
        ({"document_id": 7}, "document_id is a number, expected text"),
        ({"pages": {}}, "pages is an object, expected a list"),
        ({"pages": [{"width": "1", "height": 2, "lines": []}]}, "pages[0].width is text"),
        ({"fields": {"total": 9.0}}, "fields.total is a number, expected text"),
        ({"received_at": 1735689600}, "received_at is a number, expected ISO 8601 text"),
        ({"received_at": "yesterday"}, "received_at is text, expected ISO 8601 text"),
    ],
)
def test_line_is_refused_when_a_type_is_wrong(refused, document, values, place):
    found = refused(json.dumps(document(**values)))
    assert found.rule == "wrong_type"
    assert found.reason.startswith(place)


def test_line_is_refused_when_it_is_not_an_object(refused):
    found = refused("[1, 2]")
    assert (found.rule, found.reason[:35]) == ("wrong_type", "the line is a list, expected an obj")


def test_line_is_refused_when_a_field_is_missing(refused):
    found = refused('{"document_id": "d1"}')
    assert (found.rule, found.reason) == ("missing_field", "pages is missing. Add it")


def test_line_is_refused_when_a_box_has_three_values(refused, document):
    page = {"width": 1, "height": 1, "lines": [{"text": "a", "box": [0, 0, 1]}]}
    found = refused(json.dumps(document(pages=[page])))
    assert found.rule == "wrong_length"
    assert "pages[0].lines[0].box" in found.reason


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400", "9" * 5000])
def test_line_is_refused_when_a_number_is_not_finite(refused, document, number):
    text = json.dumps(document()).replace("30", number)
    assert refused(text).rule == "not_finite"


def test_reason_names_the_constant_when_it_is_no_json_even_where_text_belongs(refused):
    found = refused('{"document_id": NaN, "pages": []}')
    assert (found.rule, found.reason[:28]) == ("not_finite", "NaN is not a number of JSON;")


def test_line_is_refused_when_brackets_are_nested_100000_deep(refused):
    found = refused('{"document_id": "d1", "pages": ' + "[" * 100_000)
    assert found.rule == "nested_too_deep"


def test_line_is_refused_when_a_key_stands_twice(refused, document):
    found = refused('{"document_id": "other", ' + json.dumps(document())[1:])
    assert found.rule == "duplicate_key"
    assert "'document_id'" in found.reason


def test_line_is_refused_in_bounded_memory_when_it_has_a_million_keys(refused):
    text = json.dumps({f"k{number}": 0 for number in range(300_000)})
    assert refused(text).rule == "too_many_keys"


def test_line_is_refused_quickly_when_every_line_of_a_page_is_wrong(refused, document):
    pages = [{"width": 1, "height": 1, "lines": [0] * 1_000_000}]
    found = refused(json.dumps(document(pages=pages)))
    assert found.rule == "wrong_type"
    assert "more" not in found.reason  # the first error ended the check


def test_line_is_refused_when_it_is_latin_1(refused, document):
    text = json.dumps(document(source="café"), ensure_ascii=False).encode("latin-1")
    found = refused(text)
    assert found.rule == "wrong_encoding"
    assert "\\xe9" in found.raw


def test_file_is_refused_once_when_it_is_utf_16(refused, document):
    text = "\n".join([json.dumps(document())] * 5)
    assert refused(text.encode("utf-16")).rule == "wrong_encoding"
    assert refused(text.encode("utf-16-le")).rule == "wrong_encoding"


def test_line_is_refused_when_it_has_half_a_character(refused, document):
    assert refused(json.dumps(document(source="\ud800"))).rule == "wrong_encoding"


def test_file_is_read_when_it_begins_with_a_byte_order_mark(read, document):
    (found,) = read(b"\xef\xbb\xbf" + json.dumps(document()).encode())
    assert found.values["document_id"] == "d1"


def test_control_characters_pass_when_they_are_in_a_text(read, document):
    raw = json.dumps(document()).replace("TOTAL", "TO\\u0000\\u0007TAL\x01")
    (found,) = read(raw)
    assert found.values["pages"][0]["lines"][0]["text"] == "TO\x00\x07TAL\x01 9.00"


def test_file_is_refused_when_it_is_empty_or_blank(refused):
    assert refused(b"").rule == "empty_file"
    assert refused(b"\n \n").rule == "empty_file"


def test_file_is_refused_once_when_it_is_a_picture(refused):
    found = refused(b"\x89PNG\r\n\x1a\n" + b"\n" * 500)
    assert (found.rule, found.reason[:28]) == ("not_json_lines", "the file is a PNG picture, e")


def test_file_is_refused_when_it_is_above_the_limit(refused, document):
    assert refused(json.dumps(document()), max_file_bytes=50).rule == "file_too_large"


def test_line_of_50_mb_is_refused_in_bounded_memory(tmp_path, limits, document):
    path = tmp_path / "long.jsonl"
    good = json.dumps(document()).encode() + b"\n"
    with path.open("wb") as file:
        file.write(good + b'{"document_id": "')
        for _ in range(50):
            file.write(b"x" * 2**20)
        file.write(b'"}\n' + good)
    tracemalloc.start()
    before, long, after = interchange.read(path, replace(limits, max_line_bytes=2**20))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(before, Record)
    assert isinstance(after, Record)
    assert (long.rule, long.line, after.line) == ("line_too_long", 2, 3)
    assert "52,428,8" in long.reason
    assert long.raw.startswith('{"document_id": "xxx')
    assert len(long.raw) == RAW_LIMIT_BYTES
    assert peak < 8 * 2**20


def test_document_of_100000_lines_is_read(read, document):
    line = {"text": "A", "box": [0, 0, 1, 1]}
    text = json.dumps(document(pages=[{"width": 9, "height": 9, "lines": [line] * 100_000}]))
    (found,) = read(text)
    assert len(found.values["pages"][0]["lines"]) == 100_000


def test_rows_that_only_the_data_set_can_judge_are_read_as_they_are(read, document):
    def with_box(*box):
        line = {"text": "a", "box": list(box)}
        return document(pages=[{"width": 10, "height": 10, "lines": [line]}])

    rows = [with_box(5, 5, 99, 6), with_box(6, 6, 5, 5), document(pages=[]), document(), document()]
    found = read("\n".join(map(json.dumps, rows)))
    assert all(isinstance(row, Record) for row in found)
    assert [row.line for row in found] == [1, 2, 3, 4, 5]


def test_time_is_in_utc_when_it_has_an_offset_or_none(read, document):
    rows = [document(received_at="2026-03-31T23:30:00-05:00"), document(received_at="2026-03-31")]
    late, bare = read("\n".join(map(json.dumps, rows)))
    assert late.at.isoformat() == "2026-04-01T04:30:00+00:00"
    assert bare.at.isoformat() == "2026-03-31T00:00:00+00:00"


@pytest.mark.parametrize("time", ["9999-12-31T23:00:00-05:00", "0001-01-01", "1969-12-31"])
def test_time_is_refused_when_no_computer_can_have_received_then(refused, document, time):
    found = refused(json.dumps(document(received_at=time)))
    assert found.rule == "wrong_type"
    assert found.reason.startswith("received_at is text, expected a time in the years 1970 to 9999")


def test_raw_text_is_cut_when_it_is_long(refused, document):
    found = refused(json.dumps(document(colour="x" * 200_000)))
    assert len(found.raw) == RAW_LIMIT_BYTES


@pytest.mark.parametrize("name", ["../secret.png", "/etc/hostname", "link.png", "a\x00b"])
def test_picture_is_not_taken_when_it_is_outside_the_folder(tmp_path, read, document, name):
    (tmp_path.parent / "secret.png").write_bytes(b"secret")
    (tmp_path / "link.png").symlink_to("../secret.png")
    (found,) = read(json.dumps(document(image=name)))
    assert found.files == {}


_LINE = (
    b'{"document_id":"d","pages":[{"width":1,"height":1,"lines":[{"text":"a","box":[0,0,1,1]}]}]}'
)


@settings(deadline=None)
@given(st.binary(max_size=12), st.integers(0, len(_LINE)), st.integers(0, 12))
def test_reading_never_raises_and_gives_one_row_a_line(tmp_path_factory, new, at, cut):
    line = (_LINE[:at] + new + _LINE[at + cut :]).replace(b"\n", b"")
    path = tmp_path_factory.getbasetemp() / "fuzz.jsonl"
    path.write_bytes(_LINE + b"\n" + line + b"\n" + _LINE + b"\n")
    found = list(interchange.read(path, Limits(10_000, 10_000, 1)))
    whole_file_refused = len(found) == 1 and found[0].rule == "wrong_encoding"
    assert whole_file_refused or len(found) == 2 + bool(line.strip())
    for row in found:
        assert isinstance(row, Record) or (row.rule and row.reason)
