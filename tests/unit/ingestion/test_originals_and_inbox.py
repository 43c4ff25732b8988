import hashlib

import pytest

from pipelines.ingestion import inbox, sources
from pipelines.ingestion.originals import ChangedError, State, keep
from pipelines.ingestion.sources import Source


@pytest.mark.parametrize("already_kept", [False, True])
def test_original_is_refused_when_the_file_grows_meanwhile(
    tmp_path, settings, monkeypatch, already_kept
):
    path = tmp_path / "f.jsonl"
    path.write_text("half", encoding="utf-8")
    if already_kept:
        keep(path, "receipts", settings)
    digest = hashlib.file_digest

    def digest_while_it_grows(file, name):
        result = digest(file, name)
        with path.open("a", encoding="utf-8") as writer:
            writer.write(" and the rest")
        return result

    monkeypatch.setattr(hashlib, "file_digest", digest_while_it_grows)
    with pytest.raises(ChangedError):
        keep(path, "receipts", settings)
    kept = [path.read_text() for path in settings.originals.rglob("*") if path.is_file()]
    assert kept == (["half"] if already_kept else [])


def test_inbox_file_stays_when_another_took_its_name(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text("first", encoding="utf-8")
    landed = State.of(path)
    path.unlink()
    path.write_text("second, not landed yet", encoding="utf-8")
    inbox.remove(Source(path, "a.jsonl"), landed)
    assert path.read_text(encoding="utf-8") == "second, not landed yet"
    assert list(tmp_path.iterdir()) == [path]


def test_inbox_file_goes_when_it_is_the_one_that_landed(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text("first", encoding="utf-8")
    inbox.remove(Source(path, "a.jsonl"), State.of(path))
    assert list(tmp_path.iterdir()) == []


def test_folder_is_walked_in_order_and_links_out_of_it_are_not_followed(tmp_path):
    folder = tmp_path / "given"
    (folder / "b").mkdir(parents=True)
    (folder / ".git").mkdir()
    for name in ("z.jsonl", "b/a.jsonl", ".git/x.jsonl"):
        (folder / name).write_text("{}", encoding="utf-8")
    (tmp_path / "secret").write_text("secret", encoding="utf-8")
    (folder / "link").symlink_to(tmp_path / "secret")
    (folder / "loop").symlink_to(folder)
    (folder / "dead").symlink_to(tmp_path / "nowhere")
    assert [source.name for source in sources.walk(folder)] == ["b/a.jsonl", "z.jsonl"]


def test_file_name_is_text_when_its_bytes_are_not(tmp_path):
    path = tmp_path / b"caf\xe9.jsonl".decode("utf-8", "surrogateescape")
    path.write_text("{}", encoding="utf-8")
    (source,) = sources.walk(tmp_path)
    assert source.name == "caf\\xe9.jsonl"
