"""What runs in Airflow's triggerer: it only looks, and may be started twice."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

LOOK_EVERY = timedelta(minutes=1)
"""How often the threshold is looked at without a new correction: time alone may cross it, as
where a cool-down or the quiet hours end."""


class CorrectionTrigger(BaseTrigger):
    """Fires when a model's corrections cross their threshold, or at `until` (ISO 8601).

    Every `poll_seconds` it asks for the number of the newest correction, which is cheap, and
    looks at the threshold itself where that has grown.
    """

    def __init__(self, model: str, poll_seconds: float, until: str) -> None:
        super().__init__()
        self.model = model
        self.poll_seconds = float(poll_seconds)
        self.until = until

    def serialize(self) -> tuple[str, dict[str, Any]]:
        content = {"model": self.model, "poll_seconds": self.poll_seconds, "until": self.until}
        return f"{type(self).__module__}.{type(self).__qualname__}", content

    async def run(self) -> AsyncIterator[TriggerEvent]:
        seen, looked_at = -1, datetime.min.replace(tzinfo=UTC)
        until = datetime.fromisoformat(self.until)
        while (now := datetime.now(UTC)) < until:
            newest = await asyncio.to_thread(self._newest)
            if newest != seen or now - looked_at >= LOOK_EVERY:
                if await asyncio.to_thread(self._crossed, now):
                    break
                seen, looked_at = newest, now
            await asyncio.sleep(self.poll_seconds)
        yield TriggerEvent({"until": self.until})

    def _newest(self) -> int:
        from pipelines import settings
        from pipelines.corrections.desk import newest

        return newest(self.model, settings.load())

    def _crossed(self, now: datetime) -> bool:
        from pipelines import settings
        from pipelines.corrections.desk import Desk

        return Desk.open(self.model, settings.load()).look(now).decision == "fire"
