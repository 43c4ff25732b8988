"""The demo's documents: a labelled week, and then days of other merchants that nobody labelled."""

import json
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from pipelines.settings import Settings

FIRST_DAY = date(2026, 1, 5)
DAYS = 14
SEED = 3
LATER_DAYS = 3
LATER_SEED = 103


@dataclass(frozen=True)
class Deliveries:
    """Two files, and the truth about the second, which only the played reviewers know."""

    labelled: Path
    unlabelled: Path
    truth: dict[str, dict[str, str]]
    """By document id and field."""


def deliveries(n: int, settings: Settings) -> Deliveries:
    """`n` labelled documents and a third as many others; the same `n` gives the same bytes."""
    from pipelines.samples.receipts import generate

    folder = settings.root / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    labelled, later, unlabelled = (
        folder / f"receipts-{n}{name}.jsonl" for name in ("", "-later-labelled", "-later")
    )
    generate(n, SEED, labelled, start=FIRST_DAY, days=DAYS, bad=max(4, n // 50))
    after = FIRST_DAY + timedelta(days=DAYS)
    generate(n // 3, LATER_SEED, later, start=after, days=LATER_DAYS)
    rows = [json.loads(line) for line in later.read_text(encoding="utf-8").splitlines()]
    truth = {row["document_id"]: row.pop("fields") for row in rows}
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    unlabelled.write_text(text, encoding="utf-8")
    return Deliveries(labelled, unlabelled, truth)
