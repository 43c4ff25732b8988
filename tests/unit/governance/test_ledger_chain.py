"""The ledger: a sound one is found sound, and whatever is done to it is seen, on both engines."""

import pytest
from factories.operations import NOW, change, tamper
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from pipelines.contracts.decision import Change, Head, LedgerRow
from pipelines.governance.verify import verify as verify_all
from pipelines.opsdb import REVISION, chain, ledger, migrate

_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
_CHANGES = st.lists(
    st.builds(
        change,
        st.integers(1, 99),
        why=_TEXT,
        person=_TEXT,
        from_version=st.none() | st.integers(1, 99),
        snapshots=st.dictionaries(_TEXT, _TEXT, max_size=2),
    ),
    min_size=1,
    max_size=6,
)


def linked(changes: list[Change]) -> list[LedgerRow]:
    rows: list[LedgerRow] = []
    for one in changes:
        rows.append(chain.link(one, head_of(rows)))
    return rows


def head_of(rows: list[LedgerRow]) -> Head:
    return Head(sequence=rows[-1].sequence, hash=rows[-1].hash) if rows else chain.GENESIS


@settings(max_examples=40, deadline=None)
@given(_CHANGES)
def test_chain_is_sound_when_nothing_was_done_to_it(changes):
    rows = linked(changes)
    anchors = {row.sequence: row.hash for row in rows}
    assert chain.verify(rows, head_of(rows), anchors) == []


@settings(max_examples=40, deadline=None)
@given(_CHANGES, st.data())
def test_chain_shows_an_altered_field_when_any_field_of_any_row_changes(changes, data):
    rows = linked(changes)
    at = data.draw(st.integers(0, len(rows) - 1))
    field = data.draw(st.sampled_from(sorted(LedgerRow.model_fields)))
    other = "x" if isinstance(getattr(rows[at], field), str) else 1234
    other = {"snapshots": {"x": "y", "z": "w"}, "at": NOW.replace(year=1999)}.get(field, other)
    if getattr(rows[at], field) == other:
        return
    altered = rows[at].model_copy(update={field: other})
    assert chain.verify([*rows[:at], altered, *rows[at + 1 :]], head_of(rows), {})


@settings(max_examples=40, deadline=None)
@given(_CHANGES, st.data())
def test_chain_shows_a_deleted_row_when_any_is_gone(changes, data):
    rows = linked(changes)
    at = data.draw(st.integers(0, len(rows) - 1))
    left = rows[:at] + rows[at + 1 :]
    assert chain.verify(left, head_of(rows), {})
    # Also when the head was set back to what is left: the registry remembers.
    if at == len(rows) - 1:
        assert chain.verify(left, head_of(left), {}) == []
        assert chain.verify(left, head_of(left), {row.sequence: row.hash for row in rows})


@settings(max_examples=40, deadline=None)
@given(_CHANGES, st.permutations(range(6)))
def test_chain_shows_moved_rows_when_their_order_is_another(changes, order):
    rows = linked(changes)
    moved = [rows[at] for at in order if at < len(rows)]
    if moved != rows:
        assert chain.verify(moved, head_of(rows), {})
    renumbered = [
        row.model_copy(update={"sequence": number}) for number, row in enumerate(moved, start=1)
    ]
    if renumbered != rows:
        assert chain.verify(renumbered, head_of(rows), {})


def test_chain_shows_a_rewritten_ledger_when_all_hashes_were_made_anew():
    rows = linked([change(1), change(2), change(3)])
    forged = linked([change(1), change(2, person="eve"), change(3)])
    assert chain.verify(forged, head_of(forged), {}) == []
    faults = chain.verify(forged, head_of(forged), {row.sequence: row.hash for row in rows})
    assert faults == [
        "row 2 is not the one that the registry remembers",
        "row 3 is not the one that the registry remembers",
    ]


def test_migration_named_in_the_code_is_the_newest(opsdb):
    assert migrate.head() == REVISION == opsdb.revision()


def fill(opsdb, count: int = 3) -> None:
    for version in range(1, count + 1):
        with opsdb.write() as session:
            ledger.append(session, change(version, from_version=version - 1 or None))


def test_ledger_is_sound_and_reads_back_what_was_written(opsdb, registry):
    fill(opsdb)
    assert verify_all(opsdb, registry) == (3, [])
    with opsdb.read() as session:
        rows = ledger.rows(session, "receipts")
        assert [row.to_version for row in rows] == [1, 2, 3]
        assert rows[0].at == NOW
        assert rows[0].snapshots == {"input_snapshot_id": "12"}
        assert ledger.rows(session, "wheat") == []


@pytest.mark.parametrize(
    "statement",
    [
        "update ledger set why = 'another'",
        "delete from ledger where sequence = 3",
        "insert into ledger select * from ledger where sequence = 2",
    ],
)
def test_ledger_refuses_any_change_of_a_written_row(opsdb, statement):
    fill(opsdb)
    with pytest.raises(DBAPIError), opsdb.engine.begin() as connection:
        connection.execute(text(statement))


def test_ledger_refuses_to_be_emptied_on_postgresql(opsdb):
    if opsdb.engine.dialect.name == "postgresql":
        fill(opsdb)
        with pytest.raises(DBAPIError, match="append-only"), opsdb.engine.begin() as connection:
            connection.execute(text("truncate ledger"))


@pytest.mark.parametrize(
    ("statements", "said"),
    [
        (["update ledger set person = 'eve' where sequence = 2"], "row 2 was altered"),
        (["update ledger set at = 'soon' where sequence = 2"], "cannot be read"),
        (["delete from ledger where sequence = 2"], "rows 2 to 2 are missing"),
        (["delete from ledger where sequence = 3"], "ends at row 2"),
        (["delete from ledger"], "ends at row 0"),
        (["delete from ledger_head"], "its head says row 0"),
        (
            [
                "update ledger set sequence = 9 where sequence = 2",
                "update ledger set sequence = 2 where sequence = 3",
                "update ledger set sequence = 3 where sequence = 9",
            ],
            "was replaced or moved",
        ),
    ],
)
def test_verify_sees_it_when_rows_were_altered_deleted_or_moved_by_sql(
    opsdb, registry, statements, said
):
    fill(opsdb)
    tamper(opsdb, *statements)
    assert said in "; ".join(verify_all(opsdb, registry)[1])


def test_verify_sees_a_deleted_last_row_when_the_head_was_set_back_too(opsdb, registry):
    fill(opsdb)
    with opsdb.read() as session:
        rows = ledger.rows(session)
    registry.tag(registry.resolve("receipts", 3), "ledger_000003", rows[2].hash)
    head = f"update ledger_head set sequence = 2, hash = '{rows[1].hash}'"
    tamper(opsdb, "delete from ledger where sequence = 3", head)
    assert verify_all(opsdb, registry) == (2, ["row 3 is missing; the registry remembers it"])
