"""Features of purchases: windows as a plain loop computes them, and nothing of what is later."""

from datetime import timedelta

import pyarrow as pa
import pytest
from factories.cards import SCHEMA, purchase, table
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import features, specs
from pipelines.errors import BadDataError

pytestmark = pytest.mark.slow

SPEC = specs.model("card_fraud")
DAYS = (1, 7, 30)

purchases = st.lists(
    st.fixed_dictionaries({
        # Few hours, so that many are the same, and the borders of windows are hit.
        "hours": st.sampled_from([0, 1, 24, 25, 7 * 24, 8 * 24, 14 * 24, 37 * 24, 38 * 24, 900]),
        "customer_id": st.sampled_from(["c1", "c2", "c3"]),
        "terminal_id": st.sampled_from(["s1", "s2"]),
        "amount": st.sampled_from([0.0, 0.1, 0.2, 33.33, 99.99]),
        "fraud": st.sampled_from([True, False, None]),
    }),
    min_size=1,
    max_size=20,
).map(lambda found: [purchase(number, **one) for number, one in enumerate(found)])


def computed(rows: list[dict]) -> dict[str, dict]:
    found = features.compute(table(rows), SPEC).to_pylist()
    return {one["transaction_id"]: one for one in found}


def float32(value: float | None) -> float | None:
    return None if value is None else pa.scalar(value, pa.float32()).as_py()


def by_loop(row: dict, rows: list[dict], group: str) -> dict[str, float | None]:
    """The windows of one purchase, a row and a window at a time."""
    mine = [one for one in rows if one[f"{group}_id"] == row[f"{group}_id"]]
    found: dict[str, float | None] = {}
    for days in DAYS:
        back, week = timedelta(days=days), timedelta(days=7)
        before = [one for one in mine if row["at"] - back <= one["at"] < row["at"]]
        known = [
            one["fraud"]
            for one in mine
            if row["at"] - week - back <= one["at"] < row["at"] - week and one["fraud"] is not None
        ]
        cents = sum(round(one["amount"] * 100) for one in before)
        found |= {
            f"{group}_count_{days}d": len(before),
            f"{group}_sum_{days}d": cents,
            f"{group}_mean_{days}d": cents / len(before) / 100 if before else None,
            f"{group}_frauds_{days}d": sum(known),
            f"{group}_fraud_rate_{days}d": sum(known) / len(known) if known else None,
        }
    return {name: float32(value) for name, value in found.items()}


@settings(max_examples=25, deadline=None)
@given(rows=purchases)
def test_windows_are_those_of_a_plain_loop(rows):
    found = computed(rows)

    for row in rows:
        one = found[row["transaction_id"]]
        for group in ("customer", "terminal"):
            expected = by_loop(row, rows, group)
            assert {name: one[name] for name in expected} == expected


@settings(max_examples=25, deadline=None)
@given(rows=purchases, at=st.integers(0, 24), change=st.data())
def test_features_of_earlier_rows_stay_when_a_later_row_changes(rows, at, change):
    before = computed(rows)
    moved = rows[at % len(rows)]
    altered = {
        **moved,
        "customer_id": change.draw(st.sampled_from(["c1", "c2", "c3"])),
        "terminal_id": change.draw(st.sampled_from(["s1", "s2"])),
        "amount": change.draw(st.sampled_from([0.5, 1e4])),
        "fraud": change.draw(st.sampled_from([True, False, None])),
        "at": moved["at"] + timedelta(days=change.draw(st.integers(0, 40))),
    }

    after = computed([altered if one is moved else one for one in rows])
    removed = computed([one for one in rows if one is not moved] or rows)

    for row in rows:
        if row is not moved and row["at"] <= moved["at"]:
            key = row["transaction_id"]
            assert after[key] == before[key] == removed.get(key, before[key])


@settings(max_examples=25, deadline=None)
@given(rows=purchases, at=st.integers(0, 24))
def test_label_says_nothing_before_a_week_has_passed(rows, at):
    moved = rows[at % len(rows)]
    before = computed(rows)

    after = computed([{**one, "fraud": not one["fraud"]} if one is moved else one for one in rows])

    for row in rows:
        if row is not moved and row["at"] <= moved["at"] + timedelta(days=7):
            assert after[row["transaction_id"]] == before[row["transaction_id"]]


@settings(max_examples=25, deadline=None)
@given(rows=purchases, random=st.randoms(), parts=st.integers(1, 4))
def test_features_are_the_same_bits_however_groups_and_rows_are_cut(rows, random, parts):
    """As Spark cuts them: whole groups in any task and order, then rows in any batch."""
    whole = computed(rows)
    cut = table(random.sample(rows, len(rows)))
    for group in SPEC.history.groups:
        task = [int(name[-1]) % parts for name in cut[group].to_pylist()]
        some = [cut.filter(pa.array([one == part for one in task])) for part in range(parts)]
        cut = pa.concat_tables(features.of_group(one, SPEC, group) for one in some)

    found = pa.concat_tables(
        features.of_rows(cut.slice(row, 1), SPEC) for row in range(cut.num_rows)
    )

    assert {one["transaction_id"]: one for one in found.to_pylist()} == whole


def test_features_have_their_schema_when_there_is_no_row():
    schema = specs.resolve(SPEC.features_schema)(SPEC)

    assert features.compute(SCHEMA.empty_table(), SPEC).schema == schema


def test_function_of_a_group_is_refused_when_it_drops_a_row(monkeypatch):
    spec = SPEC.model_copy(
        update={"history": SPEC.history.model_copy(update={"groups": {"customer_id": "x:y"}})}
    )
    monkeypatch.setattr(specs, "resolve", lambda entry: lambda rows, spec: rows.slice(1))

    with pytest.raises(BadDataError, match="x:y gave other rows"):
        features.of_group(table([purchase(0), purchase(1)]), spec, "customer_id")
