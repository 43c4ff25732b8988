"""What landing leaves in the home: again, replaced, killed, at once, with hostile names."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest


def test_landing_again_changes_nothing_when_the_file_is_the_same(
    land, settings, write, document, tmp_path
):
    path = write("f.jsonl", document(), "{")
    first = land(path)
    before = _state(settings.landing)
    again = land(path, today=date(2026, 4, 9))  # a later day without received_at
    renamed = path.rename(tmp_path / "other.jsonl")
    assert land(renamed) == again == first
    assert _state(settings.landing) == before


def test_landing_gives_the_same_bytes_when_the_file_is_the_same(land, settings, write, document):
    path = write("f.jsonl", document(fields={"b": "1", "a": None}), document(document_id="x"), "{")
    land(path)
    (file,) = settings.landing.glob("receipts/2026-03-31/*.parquet")
    first = file.read_bytes()
    file.unlink()  # as if somebody had lost it
    land(path)
    assert file.read_bytes() == first


def test_file_moves_when_it_lands_in_another_partition(land, landed, write, document):
    path = write("f.jsonl", document())
    land(path)
    result = land(path, partition="2026-01-01")
    assert result.days == ["2026-01-01", "2026-03-31"]  # both are to be published again
    assert list(landed()) == ["2026-01-01"]


def test_partition_is_replaced_when_asked_and_other_days_stay(land, landed, write, document):
    march = write(
        "march.jsonl",
        document(document_id="a", received_at="2026-03-30T10:00:00Z"),
        document(document_id="b", received_at="2026-03-29T10:00:00Z"),
    )
    land(march)
    corrected = write("corrected.jsonl", document(document_id="a2"))
    result = land(corrected, partition="2026-03-30", replace=True)
    assert result.days == ["2026-03-30"]
    ids = {day: [row["document_id"] for row in rows] for day, rows in landed().items()}
    assert ids == {"2026-03-29": ["b"], "2026-03-30": ["a2"]}
    land(march)  # known, and what was replaced stays replaced
    assert [row["document_id"] for row in landed()["2026-03-30"]] == ["a2"]


def test_file_lands_again_when_all_of_it_was_replaced(land, landed, write, document):
    first = write("first.jsonl", document(document_id="a"))
    land(first)
    land(write("second.jsonl", document(document_id="b")), partition="2026-03-31", replace=True)
    assert [row["document_id"] for row in landed()["2026-03-31"]] == ["b"]
    land(first, partition="2026-03-31", replace=True)  # the correction was the mistake
    assert [row["document_id"] for row in landed()["2026-03-31"]] == ["a"]
    second = land(write("third.jsonl", document(document_id="c")), today=date(2026, 4, 1))
    assert second.days == ["2026-04-01"]
    assert land(write("second.jsonl", document(document_id="b"))).rows == 1
    assert {row["document_id"] for row in landed()["2026-03-31"]} == {"a", "b"}


def test_landing_goes_on_where_it_was_killed(land, settings, write, document):
    files = [write(f"f{number}.jsonl", document(document_id=str(number))) for number in range(3)]

    def killed_at_the_second(done, total, name):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        land(*files, progress=killed_at_the_second)
    half = _state(settings.landing)
    seen = []
    result = land(*files, progress=lambda *args: seen.append(args))
    assert (result.files, result.rows, seen[-1][:2]) == (3, 3, (3, 3))
    parquet = {path: state for path, state in half.items() if path.endswith(".parquet")}
    parquet = {path: state for path, state in parquet.items() if "/.work/" not in path}
    assert parquet.items() <= _state(settings.landing).items()  # not written twice


def test_two_landings_at_once_have_one_effect(land, landed, write, document):
    path = write("f.jsonl", *(document(document_id=str(number)) for number in range(50)))
    with ThreadPoolExecutor(2) as pool:
        results = [running.result() for running in [pool.submit(land, path) for _ in range(2)]]
    assert results[0] == results[1]
    assert len(landed()["2026-03-31"]) == 50


def test_file_is_read_again_when_its_manifest_was_never_written(land, settings, write, document):
    path = write("f.jsonl", document())
    land(path)
    for manifest in settings.landing.glob("receipts/.manifests/*"):
        manifest.unlink()
    assert land(path).rows == 1
    assert len(list(settings.landing.glob("receipts/*/*.parquet"))) == 1


def test_names_that_climb_out_of_the_home_are_harmless(land, landed, settings, write, document):
    before = _state(settings.root.parent)
    path = write("..%2f..; rm -rf ~.jsonl", document(document_id="../../../../tmp/evil"))
    land(path)
    assert landed()["2026-03-31"][0]["document_id"] == "../../../../tmp/evil"
    home = str(settings.root)
    new = set(_state(settings.root.parent)) - set(before) - {str(path)}
    assert all(name.startswith(home) for name in new)


def _state(folder):
    """Files by name with what tells that they were written again."""
    return {
        str(path): (path.stat().st_mtime_ns, path.stat().st_ino)
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".lock"
    }
