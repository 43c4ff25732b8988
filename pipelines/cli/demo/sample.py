"""The demo's documents: two labelled weeks, days of other merchants that nobody has labelled, and
two days of these merchants from a worn scanner."""

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
WORN_DAYS = 2


@dataclass(frozen=True)
class Deliveries:
    """Three files, and the truth about the second, which only the played reviewers know."""

    labelled: Path
    unlabelled: Path
    worn: Path
    """Labelled too."""
    truth: dict[str, dict[str, str]]
    """By document id and field."""


def deliveries(n: int, settings: Settings) -> Deliveries:
    """`n` labelled documents and two times a third as many others; the same `n` gives the same
    bytes."""
    from pipelines.samples.receipts import generate

    folder = settings.root / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    labelled, later, unlabelled, worn = (
        folder / f"receipts-{n}{name}.jsonl" for name in ("", "-later-labelled", "-later", "-worn")
    )
    generate(n, SEED, labelled, start=FIRST_DAY, days=DAYS, bad=max(4, n // 50))
    after = FIRST_DAY + timedelta(days=DAYS)
    generate(n // 3, LATER_SEED, later, start=after, days=LATER_DAYS)
    last = after + timedelta(days=LATER_DAYS)
    generate(n // 3, LATER_SEED, worn, start=last, days=WORN_DAYS, first=n // 3, worn=True)
    rows = [json.loads(line) for line in later.read_text(encoding="utf-8").splitlines()]
    truth = {row["document_id"]: row.pop("fields") for row in rows}
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    unlabelled.write_text(text, encoding="utf-8")
    return Deliveries(labelled, unlabelled, worn, truth)
