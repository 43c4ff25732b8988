"""The golden set changes by an approver's word alone, into a new version."""

import pytest
from factories.corrections import correction, write
from factories.operations import NOW
from factories.receipts import receipts

from pipelines.contracts import names
from pipelines.corrections import golden, state
from pipelines.errors import BadDataError, NotFoundError, RefusedError
from pipelines.lake.golden import amend, freeze, golden_keys, golden_table, with_parts
from pipelines.lake.lake import Lake
from pipelines.opsdb import proposals
from pipelines.settings import Settings

KEY = names.DOCUMENT_ID


@pytest.fixture
def desk(opsdb, spec, tmp_path):
    """Three golden documents, of the first of which ann says another total."""
    settings = Settings(home=tmp_path)
    lake = Lake.open(settings)
    rows = receipts(3)
    keys = rows[KEY].to_pylist()
    freeze(
        lake, settings, spec.name, KEY,
        with_parts(rows, KEY, dict.fromkeys(keys, names.SEEN_GROUP)), 1, 3,
    )  # fmt: skip
    write(opsdb, correction(keys[0], after="1.23"), correction(keys[1], field="date", after=None))
    with opsdb.write() as session:
        state.propose_golden(session, spec, golden_keys(lake, spec.name, KEY), NOW)
    return {"spec": spec, "db": opsdb, "lake": lake, "settings": settings, "now": NOW}


def labels(desk, snapshot_id=None):
    rows = desk["lake"].read(golden_table("receipts"), snapshot_id=snapshot_id).sort_by(KEY)
    return [dict(one) for one in rows[names.FIELDS].to_pylist()]


def test_accepted_proposal_makes_a_new_version_and_the_old_one_stays(desk):
    lake, before = desk["lake"], labels(desk)
    old = lake.current_snapshot(golden_table("receipts"))
    golden.decide(1, True, "ada", "the stamp hid it", **desk)
    golden.decide(2, True, "ben", "no date at all", **desk)
    new = lake.current_snapshot(golden_table("receipts"))
    assert labels(desk) == [
        before[0] | {"total": "1.23"},
        before[1] | {"date": None},
        before[2],
    ]
    assert labels(desk, old) == before
    golden.decide(1, True, "ada", "the stamp hid it", **desk)  # told twice
    assert lake.current_snapshot(golden_table("receipts")) == new


def test_refused_proposal_changes_nothing(desk):
    before = labels(desk)
    found = golden.decide(1, False, "ada", "the scan says otherwise", **desk)
    assert (found.state, found.decided_by) == ("refused", "ada")
    assert labels(desk) == before
    with pytest.raises(RefusedError, match="ada refused proposal 1"):
        golden.decide(1, True, "ben", "no, it does not", **desk)


def test_only_an_approver_who_did_not_propose_it_decides(desk, opsdb):
    with pytest.raises(RefusedError, match="its approvers are ben, ada"):
        golden.decide(1, True, "eve", "because", **desk)
    spec = desk["spec"].model_copy(update={"approvers": ["ann"]})
    with pytest.raises(RefusedError, match="ann proposed it"):
        golden.decide(1, True, "ann", "because", **desk | {"spec": spec})
    other = desk["spec"].model_copy(update={"name": "invoices"})
    with pytest.raises(RefusedError, match="is of receipts"):
        golden.decide(1, True, "ada", "because", **desk | {"spec": other})
    with opsdb.read() as session:
        assert [one.state for one in proposals.listed(session, "receipts")] == ["open", "open"]


def test_amending_names_what_is_not_there(desk):
    lake, settings = desk["lake"], desk["settings"]
    with pytest.raises(NotFoundError, match="is not in the golden set"):
        amend(lake, settings, "receipts", KEY, "nobody", "total", "1")
    with pytest.raises(NotFoundError, match="is not in the golden set"):
        amend(lake, settings, "other", KEY, "nobody", "total", "1")
    bare = receipts(1).select([KEY])
    parts = with_parts(bare, KEY, dict.fromkeys(bare[KEY].to_pylist(), names.SEEN_GROUP))
    freeze(lake, settings, "bare", KEY, parts, 1, 1)
    with pytest.raises(BadDataError, match="no column 'fields'"):
        amend(lake, settings, "bare", KEY, bare[KEY][0].as_py(), "total", "1")
