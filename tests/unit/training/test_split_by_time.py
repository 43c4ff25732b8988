"""The split by time: tested last, trained before the gap, unseen groups never trained on."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pipelines.contracts.names import SEEN_GROUP, SET_ASIDE, TRAIN, UNSEEN_GROUP
from pipelines.contracts.spec import SplitSpec
from pipelines.training.split import split_by_time

SPEC = SplitSpec(group_by="customer_id", unseen_group_share=0.3, time="at", test_days=5, gap_days=3)
FIRST = datetime(2026, 1, 1, tzinfo=UTC)

rows = st.lists(
    st.tuples(st.sampled_from([None, *(f"c{n}" for n in range(9))]), st.integers(0, 24 * 20)),
    min_size=1,
    max_size=40,
)


def parts_of(found):
    groups, hours = zip(*found, strict=True)
    return split_by_time(groups, [FIRST + timedelta(hours=hour) for hour in hours], SPEC)


@given(rows)
def test_split_trains_on_no_day_of_the_test_and_none_of_the_gap(found):
    last = max(hour for _, hour in found) // 24
    for (_, hour), part in zip(found, parts_of(found), strict=True):
        tested = hour // 24 > last - SPEC.test_days
        assert (part in (SEEN_GROUP, UNSEEN_GROUP)) == tested
        if part == TRAIN:
            assert hour // 24 <= last - SPEC.test_days - SPEC.gap_days


@given(rows, rows)
def test_split_never_trains_on_an_unseen_group_whatever_comes_later(found, more):
    before, after = parts_of(found), parts_of([*found, *more])
    unseen = {group for (group, _), part in zip(found, before, strict=True) if part == UNSEEN_GROUP}
    trained = {
        group for (group, _), part in zip([*found, *more], after, strict=True) if part == TRAIN
    }
    assert not unseen & trained and None not in unseen


def test_split_puts_the_border_at_midnight_in_utc():
    groups = [None] * 4
    last = datetime(2026, 1, 20, 23, 59, tzinfo=UTC)
    times = [
        last,
        datetime(2026, 1, 16, tzinfo=UTC),
        datetime(2026, 1, 15, 23, 59, 59, tzinfo=UTC),
        datetime(2026, 1, 12, 23, 59, 59, tzinfo=UTC),
    ]

    assert split_by_time(groups, times, SPEC) == [SEEN_GROUP, SEEN_GROUP, SET_ASIDE, TRAIN]


def test_split_of_no_row_is_empty():
    assert split_by_time([], [], SPEC) == []
