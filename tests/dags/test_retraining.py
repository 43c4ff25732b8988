"""Which runs train: one request for reasons that come at once, none for what teaches nothing."""

import pytest
from factories.airflow import result_of

pytestmark = pytest.mark.airflow

# Run in a process of its own: Airflow reads its configuration at import.
_LOOK = """
import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
import pyarrow as pa
from airflow.sdk.exceptions import AirflowSkipException
from millrace_airflow import assets, retraining
from pipelines import settings
from pipelines.contracts import names
from pipelines.lake.lake import Lake

schema = pa.schema([(names.DAY, pa.string()), (names.FIELDS, pa.map_(pa.string(), pa.string()))])
lake, table = Lake.open(settings.load()), names.published_table("receipts")
lake.create(table, schema, [names.DAY])
rows = [("2026-01-01", [("total", "9.00")]), ("2026-01-02", [])]
content = [{names.DAY: day, names.FIELDS: fields} for day, fields in rows]
lake.append(table, pa.Table.from_pylist(content, schema=schema), {})

def take(run_id, run_type, days=(), params=None, ago=0):
    at = datetime.now(UTC) - timedelta(seconds=ago)
    event = SimpleNamespace(timestamp=at, extra={"days": list(days)})
    events = {assets.published("receipts"): [event]} if days else {}
    run = SimpleNamespace(run_id=run_id, run_type=run_type, triggering_user_name="cy")
    context = {"dag_run": run, "triggering_asset_events": events}
    try:
        return retraining.take("receipts", params=params or {}, **context)
    except AirflowSkipException as skip:
        return {"skipped": str(skip)}

first = take("r1", "asset_triggered", ["2026-01-01"])
retraining.finish("receipts", 1, context={"dag_run": SimpleNamespace(run_id="r1")})
print("RESULT" + json.dumps({
    "first": first,
    "again": take("r1", "asset_triggered", ["2026-01-01"]),
    "covered": take("r2", "asset_triggered", ["2026-01-01"], ago=60),
    "unlabelled": take("r3", "asset_triggered", ["2026-01-02"]),
    "woken": take("r4", "asset_triggered"),
    "trial": take("r5", "manual", params={"plant": "shuffled_labels"}),
    "hand": take("r6", "manual"),
    "harmful": retraining.hold_back_harmful("receipts"),
}))
"""


@pytest.fixture(scope="module")
def seen(airflow_env: dict[str, str]) -> dict:
    return result_of(_LOOK, airflow_env)


def test_labelled_rows_make_a_request_that_the_run_takes(seen: dict) -> None:
    assert seen["first"]["request_id"] == 1
    assert seen["first"]["reasons"] == ["New rows of receipts were published."]
    assert seen["again"] == seen["first"], "tried again, it is the same"


@pytest.mark.parametrize("run", ["covered", "unlabelled", "woken"])
def test_run_is_skipped_when_it_would_learn_nothing_new(seen: dict, run: str) -> None:
    assert "nothing new to learn from" in seen[run]["skipped"]


def test_trial_takes_no_request(seen: dict) -> None:
    assert seen["trial"]["request_id"] is None


def test_person_always_gets_a_training(seen: dict) -> None:
    assert seen["hand"]["request_id"] == 2
    assert seen["hand"]["reasons"] == ["Started by hand."]


def test_nobody_is_held_back_when_nobody_has_said_anything(seen: dict) -> None:
    assert seen["harmful"] == []
