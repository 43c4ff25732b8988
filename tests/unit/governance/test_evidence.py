"""What the pages of evidence read: everything, also when parts are missing or were altered."""

import json
import socket
from datetime import timedelta
from hashlib import sha256

import pytest
from factories.operations import NOW, answer, change, judged, request, tamper

from pipelines.contracts.decision import StoredRequest
from pipelines.governance import comparison, evidence, promotion, records
from pipelines.governance.decide import ask, decide
from pipelines.opsdb import ledger
from pipelines.settings import Settings


@pytest.fixture
def home(opsdb_uri, tmp_path):
    return Settings(home=tmp_path, opsdb_uri=opsdb_uri)


@pytest.fixture
def registry(registry, home):
    registry.settings = home
    return registry


@pytest.fixture
def decided(opsdb, registry, spec, home):
    """Version 1 and then 2 promoted by ben, version 3 waits, compared with 2."""
    rest = {"spec": spec, "db": opsdb, "registry": registry, "settings": home, "now": NOW}
    for version, champion in ((1, None), (2, 1), (3, 2)):
        put = judged(version, champion)
        ask(put, author="cy", db=opsdb, registry=registry, now=NOW, hours=72)
        if version < 3:
            decide(answer(version, why=f"reason {version}"), **rest)


def test_dossier_has_live_history_decisions_and_ledger(decided, home, registry):
    found = evidence.dossier("receipts", home, registry)
    assert (found.overview.live.version, found.overview.live.row.why) == (2, "reason 2")
    assert [one.version for one in found.overview.reigns] == [2, 1]
    assert [one.number for one in found.versions] == [3, 2, 1]
    assert [one.judged[0].state(NOW) for one in found.versions] == [
        "waiting", "promote", "promote",
    ]  # fmt: skip
    assert [row.sequence for row in found.rows] == [2, 1]
    assert found.chain == records.Chain(2, (), anchored=True)
    assert found.notes == ()


def test_request_is_late_when_its_time_is_over_and_nobody_noted_it(decided, home):
    [found], _ = evidence.overviews(["receipts"], home)
    [waiting] = found.waiting
    assert waiting.state(NOW + timedelta(hours=71)) == "waiting"
    assert waiting.state(NOW + timedelta(hours=72)) == "late"


def test_nothing_is_made_when_there_is_no_database_yet(tmp_path):
    home = Settings(home=tmp_path)
    [found], read = evidence.overviews(["receipts"], home)
    assert found.live is None and found.judged == () and found.waiting == []
    assert "no operations database yet" in read.notes[0]
    assert evidence.dossier("receipts", home).versions == ()
    assert list(tmp_path.iterdir()) == []


def test_database_that_does_not_fit_is_said(tmp_path):
    (tmp_path / "opsdb.db").write_bytes(b"not a database at all" * 100)
    home = Settings(home=tmp_path, opsdb_uri=f"sqlite:///{tmp_path / 'opsdb.db'}")
    _, read = evidence.overviews(["receipts"], home)
    assert "stands at migration None" in read.notes[0]


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("update ledger set why = 'other' where sequence = 1", "row 1 was altered"),
        ("update ledger set at = 'yesterday' where sequence = 1", "content cannot be read"),
        ("delete from ledger where sequence = 1", "rows 1 to 1 are missing"),
        ("delete from ledger_head", "its head says row 0"),
    ],
)
def test_broken_ledger_is_named_and_the_rest_is_shown(
    decided, opsdb, home, registry, statement, fault
):
    tamper(opsdb, statement)
    found = evidence.dossier("receipts", home, registry)
    assert any(fault in one for one in found.chain.faults), found.chain
    assert [one.number for one in found.versions] == [3, 2, 1]


def test_row_of_another_type_is_left_out_and_named(decided, opsdb, home, registry):
    if opsdb.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL takes no text for a number")
    tamper(opsdb, "update ledger set to_version = 'two' where sequence = 2")
    found = evidence.dossier("receipts", home, registry)
    assert [row.sequence for row in found.rows] == [1]
    assert any("row 2 was altered" in one for one in found.chain.faults)


def test_page_goes_on_when_the_registry_is_away(decided, opsdb_uri, tmp_path):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    home = Settings(home=tmp_path, opsdb_uri=opsdb_uri, mlflow_uri=f"http://127.0.0.1:{port}")
    found = evidence.dossier("receipts", home)
    assert f"MLflow at 127.0.0.1:{port} does not answer" in found.notes[0]
    assert found.chain == records.Chain(2, (), anchored=False)
    assert found.overview.live.version == 2 and found.versions[0].registered is None


def test_alias_that_was_moved_by_hand_is_said(decided, home, registry):
    registry.point("receipts", "champion", 3)
    found = evidence.dossier("receipts", home, registry)
    assert found.notes == (
        "By the ledger the champion of receipts is version 2, the registry's alias names "
        "version 3. Run: millrace audit",
    )


def test_anchors_of_other_models_are_compared_too(decided, opsdb, home, registry):
    forged = change(1, from_version=2)
    with opsdb.write() as session:
        ledger.lock(session)
        promotion.append(session, forged, expected=2)
    registry.tag(registry.resolve("receipts", 1), promotion.note(3), "0" * 64)
    found = evidence.dossier("receipts", home, registry)
    assert found.chain.faults == ("row 3 is not the one that the registry remembers",)


def compared(**different):
    return {
        "slice": "all", "field": "total", "n": 60, "champion": 0.9, "candidate": 0.92,
        "difference": 0.02, "error": 0.01, "low": 0.0, "high": 0.04, "gain_low": 0.0,
    } | different  # fmt: skip


POLICY = {
    "level": 0.05, "margin": 0.01, "field_margin": 0.03, "field_margins": {"date": 0.02},
    "slice_margin": 0.05, "floor": 0.8, "field_floor": 0.5, "field_floors": {},
    "min_slice_rows": 20,
}  # fmt: skip


def stored(home, content=None, differences="[]", **different):
    """A request whose evidence lies in the home, where there is any."""
    folder = home.runs / "gate" / "receipts" / "x"
    digest = "e" * 64
    if content is not None:
        folder.mkdir(parents=True)
        raw = json.dumps(content).encode()
        digest = sha256(raw).hexdigest()
        (folder / "evidence.json").write_bytes(raw)
        (folder / "differences.json").write_text(differences)
    line = {"rows": "golden", **compared()}
    for name in ("error", "gain_low"):
        del line[name]
    made = request(3, evidence_hash=digest, table=[line], **different)
    return StoredRequest(**made.model_dump(), request_id=1, state="waiting")


def content(*lines, **different):
    golden = {"n": 60, "unit": "documents", "compared": list(lines)}
    finding = {"name": "readable", "outcome": "passed", "sentence": "Every row is readable."}
    found = {"signals": {"golden": golden, "recent": None}, "policy": POLICY}
    return found | {"findings": [finding]} | different


def test_case_has_every_line_with_its_bound(tmp_path):
    home = Settings(home=tmp_path)
    lines = [
        compared(slice="night", field="overall"),
        compared(field="date"),
        compared(slice="rare", field="overall", n=3),
        compared(),
        compared(field="overall"),
        compared(slice="empty", field="overall", n=0),
    ]
    differing = {
        "row": "d1", "field": "total", "champion": "1", "candidate": None, "truth": "1",
        "better": "champion",
    }  # fmt: skip
    found = comparison.read(stored(home, content(*lines), json.dumps([differing])), home)
    assert (found.state, found.unit, found.interval) == ("whole", "documents", 0.9)
    assert [(one.score.field, one.bound) for one in found.of("golden", slices=False)] == [
        ("overall", -0.01), ("date", -0.02), ("total", -0.03),
    ]  # fmt: skip
    assert [(one.score.slice, one.bound) for one in found.of("golden", slices=True)] == [
        ("night", -0.05), ("rare", None),
    ]  # fmt: skip
    assert found.of("recent", slices=False) == []
    assert found.differences[0].candidate is None
    assert found.files == ("differences.json", "evidence.json")


def test_case_of_a_first_model_is_held_against_its_floors(tmp_path):
    home = Settings(home=tmp_path)
    none = {"champion": None, "difference": None}
    lines = [compared(field="overall", **none), compared(**none), compared(slice="night", **none)]
    found = comparison.read(stored(home, content(*lines)), home)
    assert [one.bound for one in found.lines] == [0.8, 0.5, None]


@pytest.mark.parametrize("state", ["gone", "altered"])
def test_case_shows_what_was_recorded_when_the_evidence_is_not_there(tmp_path, state):
    home = Settings(home=tmp_path)
    given = stored(home, content(compared(candidate=0.5)) if state == "altered" else None)
    if state == "altered":
        path = home.runs / "gate" / "receipts" / "x" / "evidence.json"
        path.write_bytes(path.read_bytes().replace(b"0.5", b"0.9"))
    found = comparison.read(given, home)
    assert found.state == state
    assert [one.score.candidate for one in found.lines] == [0.92]
    assert found.findings == () and found.differences == () and found.interval is None


def test_case_opens_nothing_outside_of_the_runs(tmp_path):
    home = Settings(home=tmp_path)
    given = stored(home, content(compared()))
    (tmp_path / "runs" / "gate" / "receipts" / "x").rename(tmp_path / "x")
    found = comparison.read(given.model_copy(update={"evidence_dir": "runs/../x"}), home)
    assert found.state == "gone" and found.files == ()
