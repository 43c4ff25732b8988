"""Corrections from files: each row judged alone, and the same file twice adds nothing."""

import json

import pytest
from factories.corrections import put, review, review_task
from factories.operations import NOW

from pipelines.corrections import files, importing, labelstudio
from pipelines.corrections.settle import opinions
from pipelines.errors import BadDataError, NotFoundError
from pipelines.opsdb import corrections

ROWS = [
    {"document_id": "d1", "field": "total", "value": "8.00"},
    {"document_id": "d1", "field": "company", "verdict": "absent", "reviewer": "bob"},
    {"document_id": "d1", "field": "date", "verdict": "unreadable", "key": "mine-1"},
]


def take_in(db, spec, rows, documents=("d1", "d2")):
    with db.write() as session:
        return importing.take_in(
            session, spec, rows, reviewer="import", documents=documents, now=NOW
        )


def stored(db):
    with db.read() as session:
        return corrections.rows(session, "receipts")


def counts(done):
    return done.added, done.known, done.refused


def test_same_file_twice_adds_nothing(opsdb, spec):
    assert counts(take_in(opsdb, spec, ROWS)) == (3, 0, 0)
    assert counts(take_in(opsdb, spec, ROWS)) == (0, 3, 0)
    assert [(one.after, one.verdict, one.reviewer) for one in stored(opsdb)] == [
        ("8.00", "wrong", "import"),
        (None, "absent", "bob"),
        (None, "unreadable", "import"),
    ]


def test_row_is_compared_with_what_the_task_shows(opsdb, spec):
    put(opsdb, review_task("d1"))
    rows = [
        {"document_id": "d1", "field": "total", "value": "9.00"},
        {"document_id": "d1", "field": "date", "value": "03/02/2026"},
        {"document_id": "d1", "field": "company", "verdict": "right"},
        {"document_id": "d1", "field": "address", "verdict": "right"},
    ]
    assert counts(take_in(opsdb, spec, rows, documents=())) == (4, 0, 0)
    assert [(one.verdict, one.before, one.after, one.model_version) for one in stored(opsdb)] == [
        ("right", "9.00", "9.00", 3),
        ("wrong", "01/02/2026", "03/02/2026", 3),
        ("right", "ACME", "ACME", 3),
        ("right", None, None, 3),
    ]
    assert {one.content_hash for one in stored(opsdb)} == {"hash-d1"}


BAD = [
    ({"field": "total", "value": "1"}, "document_id: Field required"),
    ({"document_id": "d1", "field": "vat", "value": "1"}, "no field 'vat'"),
    ({"document_id": "d1", "field": "total"}, "neither a value nor a verdict"),
    ({"document_id": "d1", "field": "total", "value": " "}, "value: String should have at"),
    ({"document_id": "d1", "field": "total", "value": "1\x00"}, "control characters"),
    ({"document_id": "d1", "field": "total", "verdict": "right"}, "give the value"),
    ({"document_id": "d1", "field": "total", "verdict": "so-so"}, "verdict: Input should"),
    ({"document_id": "d1", "field": "total", "verdict": "absent", "value": "1"}, "no value"),
    ({"document_id": "d9", "field": "total", "value": "1"}, "no document 'd9'"),
    ({"document_id": "d1", "field": "total", "value": "1", "model": "x"}, "model 'x'"),
    ({"document_id": "d1", "field": "total", "value": "1", "reviewer": "A B"}, "reviewer"),
    ({"document_id": "d1", "field": "total", "value": "1", "vlaue": "1"}, "vlaue: Extra"),
    ("it is no JSON object", "it is no JSON object"),
]


def test_bad_row_is_refused_with_its_reason_and_good_ones_are_taken(opsdb, spec):
    done = take_in(opsdb, spec, [*(row for row, _ in BAD), ROWS[0]])
    assert counts(done) == (1, 0, len(BAD))
    for number, (_, reason) in enumerate(BAD, start=1):
        assert done.reasons[number - 1].startswith(f"row {number}: ")
        assert reason in done.reasons[number - 1]


def test_key_with_another_content_is_refused(opsdb, spec):
    take_in(opsdb, spec, ROWS)
    done = take_in(opsdb, spec, [ROWS[2] | {"field": "address"}])
    assert counts(done) == (0, 0, 1)
    assert "the key 'mine-1' belongs to another correction, of d1 date by import" in done.reasons[0]


def test_file_is_taken_in_by_parts_and_its_rows_keep_their_numbers(opsdb, spec, monkeypatch):
    monkeypatch.setattr(importing, "ROWS_AT_ONCE", 2)
    rows = [*ROWS, "bad", ROWS[0] | {"document_id": "d2"}, "worse"]
    given = {"reviewer": "import", "documents": ("d1", "d2"), "now": NOW}
    done = importing.take_in_all(opsdb, spec, rows, **given)
    assert counts(done) == (4, 0, 2)
    assert done.reasons == ["row 4: bad", "row 6: worse"]
    assert counts(importing.take_in_all(opsdb, spec, rows, **given)) == (0, 4, 2)
    many = importing.take_in_all(opsdb, spec, ["bad"] * 50, **given)
    assert (many.refused, len(many.reasons)) == (50, importing.MOST_REASONS)


def test_refused_rows_are_all_counted_and_the_first_are_named(opsdb, spec):
    done = take_in(opsdb, spec, ["bad"] * 50)
    assert (done.refused, len(done.reasons)) == (50, importing.MOST_REASONS)


def test_export_is_an_import_that_adds_nothing(opsdb, spec, tmp_path):
    put(opsdb, review_task("d1"))
    review(opsdb, spec, "ann", total="8.00", date=None, company="?")
    take_in(opsdb, spec, ROWS)
    said = [one for some in opinions(stored(opsdb)).values() for one in some]
    path = tmp_path / "said.jsonl"
    path.write_text("\n".join(json.dumps(files.row(one)) for one in said))
    rows = files.read(path, "millrace", 10**6)
    assert counts(take_in(opsdb, spec, rows)) == (0, len(said), 0)


EXPORT = [
    {
        "id": 7,
        "data": {"image": "x.png", "document_id": "d1", "content_hash": "c1"},
        "annotations": [
            {
                "id": 31,
                "completed_by": {"id": 5, "email": "Ann.Lee@example.com"},
                "created_at": "2026-11-20T10:00:00.000Z",
                "was_cancelled": False,
                "result": [
                    {
                        "id": "r1", "from_name": "label", "to_name": "image",
                        "type": "rectanglelabels", "original_width": 200, "original_height": 400,
                        "value": {"x": 10, "y": 25, "width": 50, "height": 5, "rotation": 0,
                                  "rectanglelabels": ["address"]},
                    },
                    {
                        "id": "r2", "from_name": "label", "to_name": "image",
                        "type": "rectanglelabels", "original_width": 200, "original_height": 400,
                        "value": {"x": 10, "y": 30, "width": 50, "height": 5,
                                  "rectanglelabels": ["address"]},
                    },
                    {"id": "r1", "from_name": "transcription", "to_name": "image",
                     "type": "textarea", "value": {"text": ["1 Long Street"]}},
                    {"id": "r2", "from_name": "transcription", "to_name": "image",
                     "type": "textarea", "value": {"text": ["Ipoh"]}},
                    {"id": "t", "from_name": "total", "to_name": "image", "type": "textarea",
                     "value": {"text": [" 8.00 "]}},
                    {"id": "c", "from_name": "date_verdict", "to_name": "image", "type": "choices",
                     "value": {"choices": ["Absent"]}},
                    {"id": "n", "from_name": "company", "to_name": "image", "type": "choices",
                     "value": {"choices": ["ACME"]}},
                ],
            },
            {"id": 32, "completed_by": 10, "was_cancelled": True, "result": []},
        ],
    },
    {"id": 8, "data": {"image": "y.png"}, "annotations": []},
    {"id": 9},
]  # fmt: skip


def test_label_studio_export_becomes_rows_of_fields(opsdb, spec):
    rows = list(labelstudio.rows(EXPORT))
    assert rows[4:] == [
        "task 8 has no text `document_id` in its `data`",
        "task 3 is not as Label Studio exports it: KeyError('data')",
    ]
    done = take_in(opsdb, spec, rows)
    assert counts(done) == (4, 0, 2)
    assert counts(take_in(opsdb, spec, rows)) == (0, 4, 2)
    found = {one.field: one for one in stored(opsdb)}
    assert {name: (one.verdict, one.after) for name, one in found.items()} == {
        "address": ("wrong", "1 Long Street Ipoh"),
        "total": ("wrong", "8.00"),
        "date": ("absent", None),
        "company": ("wrong", "ACME"),
    }
    assert [place.box for place in found["address"].boxes] == [
        [20.0, 100.0, 120.0, 120.0],
        [20.0, 120.0, 120.0, 140.0],
    ]
    assert {(one.reviewer, one.content_hash) for one in found.values()} == {("ann.lee", "c1")}
    assert f"{found['total'].at:%Y-%m-%d %H:%M}" == "2026-11-20 10:00"


def test_changed_annotation_is_another_word_of_the_same_reviewer(opsdb, spec):
    take_in(opsdb, spec, labelstudio.rows(EXPORT))
    changed = json.loads(json.dumps(EXPORT))
    changed[0]["annotations"][0]["result"][4]["value"]["text"] = ["7.00"]
    assert counts(take_in(opsdb, spec, labelstudio.rows(changed))) == (1, 3, 2)
    assert opinions(stored(opsdb))["d1", "total"][0].after == "7.00"


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("{", BadDataError, "is no JSON"),
        ("[" * 100_000, BadDataError, "is no JSON"),
        ("x" * 2_000_000, BadDataError, "at most 1000000 are read"),
        (None, NotFoundError, "there is no file"),
    ],
)
def test_file_is_refused_when_it_is_missing_large_or_no_json(tmp_path, text, error, message):
    path = tmp_path / "said.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(error, match=message):
        files.read(path, "millrace", 10**6)


def test_file_of_an_unknown_format_is_refused(tmp_path):
    with pytest.raises(BadDataError, match="known: labelstudio, millrace"):
        files.read(tmp_path, "csv", 1)
