import json
from datetime import UTC, date, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.ingestion.land import LandSpec, run
from pipelines.ingestion.record import Limits
from pipelines.settings import Settings

TODAY = date(2026, 3, 31)
NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)


@pytest.fixture
def limits():
    return Limits(max_line_bytes=8 * 2**20, max_file_bytes=2**30, max_image_pixels=10**6)


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path / "home", read_workers=1)


@pytest.fixture
def document():
    """Makes a document as JSON types; what is given replaces what is usual."""

    def make(**values):
        line = {"text": "TOTAL 9.00", "box": [1, 2, 30, 4]}
        page = {"width": 100, "height": 200, "lines": [line]}
        return {"document_id": "d1", "pages": [page], **values}

    return make


@pytest.fixture
def write(tmp_path):
    """Writes rows, or lines as they are, to a file."""

    def write(name, *rows):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows)
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def land(settings):
    """Lands files as of 31 March 2026."""

    def land(*files, dataset="receipts", today=TODAY, progress=lambda *_: None, workers=1, **spec):
        spec = LandSpec(dataset=dataset, files=files, now=NOW, today=today, **spec)
        with_workers = settings.model_copy(update={"read_workers": workers})
        return run(spec, settings=with_workers, progress=progress)

    return land


@pytest.fixture
def landed(settings):
    """Rows of the landing zone by day."""

    def landed(dataset="receipts"):
        found = {}
        for path in sorted((settings.landing / dataset).glob("*/*.parquet")):
            # One file at a time: a folder's name must not become a column.
            table = pq.ParquetFile(path).read()
            found.setdefault(path.parent.name, []).append(table)
        return {day: pa.concat_tables(tables).to_pylist() for day, tables in found.items()}

    return landed
