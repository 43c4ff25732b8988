"""The local OCR engine: rapidocr, whose models are inside its wheel."""

import os
from functools import cache
from typing import Any

import numpy as np
from PIL import Image

from pipelines.contracts.document import Line
from pipelines.ingestion.documents import Scanned


def page(image: Image.Image, threads: int) -> Scanned:
    """Lines of an RGB picture in the engine's order, from the top down."""
    pixels = np.asarray(image)[:, :, ::-1]  # the engine takes BGR
    found = _engine(threads)(pixels)
    lines = []
    for corners, text in zip(found.boxes, found.txts, strict=True) if found.txts else ():
        # Four corners of a box that may be turned: the upright box around them.
        (x0, y0), (x1, y1) = corners.min(axis=0), corners.max(axis=0)
        box = [
            max(0.0, float(x0)),
            max(0.0, float(y0)),
            min(float(image.width), float(x1)),
            min(float(image.height), float(y1)),
        ]
        lines.append(Line(text=text, box=box))
    confidences = tuple(float(score) for score in found.scores or ())
    return Scanned(width=image.width, height=image.height, lines=lines, confidences=confidences)


@cache
def _engine(threads: int) -> Any:
    """One engine a process: it holds 60 MB of models."""
    # Else the engine reports its use to its maker, from a file in the person's own home.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    from rapidocr import RapidOCR

    return RapidOCR(
        params={
            "Global.log_level": "error",
            "EngineConfig.onnxruntime.intra_op_num_threads": threads,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )
