"""The trigger looks at each new correction, and fires at the threshold or when time is over."""

import pytest
from factories.airflow import result_of

pytestmark = pytest.mark.airflow

# Run in a process of its own: Airflow reads its configuration at import.
_LOOK = """
import asyncio, json
from datetime import UTC, datetime, timedelta
from millrace_airflow import triggers
from millrace_airflow.triggers import CorrectionTrigger

looks, newest = [], iter([3, 3, 3, 4, 4])

class Watched(CorrectionTrigger):
    def _newest(self):
        return next(newest)
    def _crossed(self, now):
        looks.append(1)
        return len(looks) == 2

def first(trigger):
    async def run():
        async for event in trigger.run():
            return event.payload
    return asyncio.run(asyncio.wait_for(run(), 30))

later = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
past = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
path, content = CorrectionTrigger("receipts", "0.01", later).serialize()
print("RESULT" + json.dumps({
    "path": path, "content": content,
    "fired": first(Watched("receipts", 0.01, later)), "looks": len(looks),
    "over": first(Watched("receipts", 0.01, past)), "looks_when_over": len(looks),
    "real": CorrectionTrigger("receipts", 1, later)._newest(),
    "crossed": CorrectionTrigger("receipts", 1, later)._crossed(datetime.now(UTC)),
    "later": later,
}))
"""


@pytest.fixture(scope="module")
def seen(airflow_env: dict[str, str]) -> dict:
    return result_of(_LOOK, airflow_env)


def test_trigger_is_rebuilt_from_what_it_serialises(seen: dict) -> None:
    assert seen["path"] == "millrace_airflow.triggers.CorrectionTrigger"
    assert seen["content"] == {"model": "receipts", "poll_seconds": 0.01, "until": seen["later"]}


def test_trigger_looks_again_when_there_is_a_new_correction(seen: dict) -> None:
    assert seen["fired"] == {"until": seen["later"]}
    assert seen["looks"] == 2, "once at the start, once at the new correction"


def test_trigger_ends_when_its_time_is_over(seen: dict) -> None:
    assert seen["over"]["until"] < seen["later"]
    assert seen["looks_when_over"] == 2


def test_trigger_reads_the_home_it_runs_in(seen: dict) -> None:
    assert (seen["real"], seen["crossed"]) == (0, False)
