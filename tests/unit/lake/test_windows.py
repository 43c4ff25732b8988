"""Stored sketches of days, without Spark: what was written last is what is read."""

import pyarrow as pa
import pytest

from pipelines import specs
from pipelines.contracts import names
from pipelines.contracts.monitoring import Binning, Bins, Sketch
from pipelines.errors import NotFoundError, TransientError
from pipelines.lake import windows
from pipelines.lake.lake import Lake
from pipelines.lake.windows import INPUT, OUTPUT, Part
from pipelines.settings import Settings

MODEL = "receipts"
MONDAY, TUESDAY = "2026-01-05", "2026-01-06"
BINS = Bins(column="amount", side=INPUT, kind="number", edges=(1.0, 2.0))


@pytest.fixture
def lake(tmp_path):
    return Lake.open(Settings(home=tmp_path))


def sketch(rows, name="input/amount", **changes):
    return Sketch(**{"name": name, "rows": rows, "missing": 0, "counts": (rows, 0, 0)} | changes)


def write(lake, parts, token="one"):
    """`parts` by side and day: rows and version."""
    made = {
        ("key", side, day): Part(source=f"s{rows}", rows=rows, version=version)
        for (side, day), (rows, version) in parts.items()
    }
    sketches = {part: [sketch(one.rows, f"{part[1]}/amount")] for part, one in made.items()}
    base = lake.current_snapshot(names.windows_table(MODEL))
    return windows.write(lake, MODEL, sketches, made, token=token, base=base)


def test_days_are_read_as_they_were_written_last(lake):
    write(lake, {(INPUT, TUESDAY): (2, None), (INPUT, MONDAY): (3, None)})
    write(lake, {(INPUT, TUESDAY): (5, None), (OUTPUT, TUESDAY): (4, 7)}, "two")

    monday, tuesday = windows.read(lake, MODEL, binning="key")

    assert (monday.day, monday.version, monday.rows) == (MONDAY, None, 3)
    assert monday.sketches == {"input/amount": sketch(3)}
    assert (tuesday.day, tuesday.version, tuesday.rows) == (TUESDAY, 7, 5)
    assert tuesday.sketches == {
        "input/amount": sketch(5),
        "output/amount": sketch(4, "output/amount"),
    }
    assert [day.day for day in windows.read(lake, MODEL, binning="key", days=[MONDAY])] == [MONDAY]
    assert windows.read(lake, MODEL, binning="other") == []
    assert windows.last_token(lake, MODEL) == "two"
    assert windows.parts(lake, MODEL)["key", INPUT, TUESDAY].source == "s5"


def test_sketch_comes_back_whole(lake):
    whole = sketch(
        9, missing=2, counts=(1, 4, 2), total=1.5, squares=2.25, least=-1.0, most=4.0,
        unseen={"b": 2, "a": 1},
    )  # fmt: skip
    part = "key", INPUT, MONDAY
    made = {part: Part(source="s", rows=9)}
    windows.write(lake, MODEL, {part: [whole]}, made, token="t", base=None)

    (day,) = windows.read(lake, MODEL, binning="key")

    assert day.sketches == {"input/amount": whole}


def test_nothing_is_written_when_another_attempt_wrote_in_the_meantime(lake):
    stale = write(lake, {(INPUT, MONDAY): (3, None)})
    write(lake, {(INPUT, MONDAY): (4, None)}, "other")
    part = "key", INPUT, MONDAY

    with pytest.raises(TransientError, match="another attempt"):
        made = {part: Part(source="s", rows=1)}
        windows.write(lake, MODEL, {part: [sketch(1)]}, made, token="late", base=stale)

    assert windows.read(lake, MODEL, binning="key")[0].rows == 4


def test_refused_day_is_shown_when_nothing_of_it_was_published(lake):
    dataset = specs.model(MODEL).dataset
    schema = pa.schema([("id", pa.string()), (names.DAY, pa.string())])
    quarantine = names.quarantine_table(dataset)
    lake.create(quarantine, schema, [names.DAY])
    lake.append(quarantine, pa.table([["a", "b", "c"], [MONDAY, TUESDAY, TUESDAY]], schema), {})
    lake.create(names.published_table(dataset), schema, [names.DAY])
    lake.append(names.published_table(dataset), pa.table([["d"], [MONDAY]], schema), {})
    write(lake, {(INPUT, MONDAY): (1, None)})

    found = windows.read(lake, MODEL, binning="key")

    assert [(one.day, one.rows, one.quarantined) for one in found] == [
        (MONDAY, 1, 1),
        (TUESDAY, 0, 2),
    ]
    assert found[1].sketches == {}


def test_bins_are_found_by_their_key_and_by_what_they_were_chosen_from(lake):
    bins = Binning(model=MODEL, columns=(BINS,))
    assert windows.binning_of(lake, MODEL, "days") is None
    with pytest.raises(NotFoundError, match="monitor calibrate receipts"):
        windows.binning(lake, MODEL, bins.key)

    for _ in range(2):
        windows.keep_binning(lake, MODEL, bins, "days")

    assert windows.binning(lake, MODEL, bins.key) == bins
    assert windows.binning_of(lake, MODEL, "days") == bins
    assert windows.binning_of(lake, MODEL, "other days") is None
    assert len(lake.history(names.binnings_table(MODEL))) == 1
