"""Receipts and invoices of invented merchants, with the noise of real ones.

About one merchant for eight documents, some of them often: what recurs can be learned and
what is new can be measured. The same arguments give the same bytes, in any process.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Any, Literal

from pipelines.errors import MisconfiguredError
from pipelines.samples.receipts import bad as breakage
from pipelines.samples.receipts import invoice, labels, merchants, noise, receipt
from pipelines.samples.receipts.sheet import Cell, Paper

__all__ = ["START", "Kind", "Sample", "documents", "generate"]

Kind = Literal["mixed", "receipts", "invoices"]

START = date(2026, 1, 5)
"""First day of a sample that names none: fixed, so that the bytes are."""

_INVOICE_SHARE = 0.15


@dataclass(frozen=True)
class Sample:
    """What was written."""

    path: Path
    documents: int
    broken: int
    pictures: Path | None

    def __str__(self) -> str:
        drawn = "" if self.pictures is None else f", pictures in {self.pictures}"
        return f"{self.documents} documents and {self.broken} broken lines in {self.path}{drawn}"


def generate(
    n: int,
    seed: int,
    out: Path,
    *,
    start: date = START,
    days: int = 7,
    scans: bool = False,
    kind: Kind = "mixed",
    bad: int = 0,
    first: int = 0,
    worn: bool = False,
) -> Sample:
    """Writes `n` documents as JSON lines to `out`, received over `days` from `start`.

    `kind="invoices"` types the fields of an invoice (supplier, invoice_number,
    invoice_date, amount_due), the others the four of a receipt. `scans` also draws each
    document as a PNG in a folder beside `out`; `bad` adds that many broken lines. `first` is
    the number of the first document: from `n` on they are others of the same merchants. `worn`
    scans them all with a worn scanner.
    """
    if n < 1 or days < 1 or bad < 0 or first < 0:
        raise MisconfiguredError(
            f"n={n}, days={days}, bad={bad}, first={first}: expected at least 1, 1, 0 and 0. Mend "
            "the numbers."
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    pictures = out.with_name(f"{out.stem}_scans") if scans else None
    makers = _Makers(max(3, n // 8), seed, start, days, kind, worn)
    rows = []
    for number in range(first, first + n):
        row, paper, how = makers.document(number)
        if pictures is not None:
            row["image"] = f"{pictures.name}/{row['document_id']}.png"
            _draw(paper, how, f"{seed}/{number}", out.parent / row["image"])
        rows.append(row)
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    for place, line in enumerate(breakage.broken(rows, bad)):
        lines.insert((place + 1) * len(lines) // (bad + 1), line)
    out.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return Sample(out, n, bad, pictures)


def documents(
    n: int, seed: int, *, merchants: int, kind: Kind = "mixed"
) -> Iterator[dict[str, Any]]:
    """`n` labelled documents of so many merchants, as the lines of a file hold them."""
    makers = _Makers(merchants, seed, START, 7, kind, worn=False)
    return (makers.document(number)[0] for number in range(n))


class _Makers:
    """Makes the documents of one sample, each from its own number alone."""

    def __init__(
        self, count: int, seed: int, start: date, days: int, kind: Kind, worn: bool
    ) -> None:
        self._worn = worn
        self._seed = seed
        self._start = start
        self._days = days
        self._kind = kind
        self._merchants = [merchants.make(seed, number) for number in range(count)]
        # Few merchants are visited often and many once: Zipf's law.
        self._weights = list(accumulate(1 / (rank + 1) ** 0.8 for rank in range(count)))

    def document(self, number: int) -> tuple[dict[str, Any], Paper, noise.Scan]:
        rng = Random(f"{self._seed}/document/{number}")  # noqa: S311
        merchant = rng.choices(self._merchants, cum_weights=self._weights)[0]
        received = datetime.combine(self._start, time(6), UTC) + timedelta(
            days=rng.randrange(self._days), seconds=rng.randrange(60_000)
        )
        day = received.date() - timedelta(days=rng.randrange(1, 40))
        when = datetime.combine(
            day, time(rng.randrange(8, 22), rng.randrange(60), rng.randrange(60))
        )
        if self._kind == "invoices" or (self._kind == "mixed" and rng.random() < _INVOICE_SHARE):
            placed = invoice.order(rng, merchant, when.date())
            paper = invoice.lay_out(rng, placed)
            label = labels.of_invoice if self._kind == "invoices" else labels.of_invoice_as_receipt
            fields = label(rng, placed, self._seed)
        else:
            purchase = receipt.buy(rng, merchant, when)
            paper = receipt.lay_out(rng, purchase)
            fields = labels.of_receipt(rng, purchase, self._seed)
        how = noise.scan(rng, self._worn)
        row = {
            "document_id": f"sample-{self._seed}-{number:05d}",
            "pages": [_page(paper, noise.read(rng, paper, how))],
            "fields": fields,
            "source": "sample",
            "received_at": received.isoformat(),
        }
        return row, paper, how


def _page(paper: Paper, cells: list[Cell]) -> dict[str, Any]:
    return {
        "width": paper.width,
        "height": paper.height,
        "lines": [
            {"text": cell.text, "box": [round(v, 1) for v in (cell.x0, cell.y0, cell.x1, cell.y1)]}
            for cell in cells
        ],
    }


def _draw(paper: Paper, how: noise.Scan, seed: str, path: Path) -> None:
    from pipelines.samples.receipts.render import draw  # needs Pillow, the rest does not

    path.parent.mkdir(parents=True, exist_ok=True)
    draw(paper, how, seed).save(path, compress_level=6)
