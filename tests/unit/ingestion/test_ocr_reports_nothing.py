"""The OCR engine tells nobody that it was used."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


def test_ocr_leaves_no_file_in_the_persons_home_and_reports_nothing(tmp_path: Path) -> None:
    """onnxruntime 1.29 and later keep a device id and an event queue there unless told not to."""
    # Nothing else of the caller's: in some environments the engine is silent whatever we do.
    bare = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    code = (
        "from PIL import Image; from pipelines.ingestion.readers import ocr; "
        "ocr.page(Image.new('RGB', (320, 200), 'white'), 1)"
    )
    subprocess.run([sys.executable, "-c", code], env=bare, check=True, timeout=120)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
