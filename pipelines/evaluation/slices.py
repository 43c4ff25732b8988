"""Parts of the test documents that are scored on their own, because they are harder."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pipelines.contracts.names import SEEN_GROUP, UNSEEN_GROUP
from pipelines.measures.cases import ALL
from pipelines.measures.outcomes import Flags

LONG_DOCUMENT = "long_document"
NOISY_OCR = "noisy_ocr"

LONG_LINES = 75
"""Lines from which a document is long; one in ten scanned receipts is."""

NOISY_SHARE = 0.05
"""Share of suspicious lines from which a document's text is noisy."""

# Needs no dictionary: a digit between letters (T0TAL), a capital run after a lower-case letter
# (ToTAL), and characters that printed documents seldom carry. Lines typed by people hold one
# in a hundred at most, mostly product codes; NOISY_SHARE lies well above that.
_SUSPICIOUS = re.compile(
    r"[^\W\d_]\d+[^\W\d_]|[A-Z][a-z]+[A-Z]{2}|[^\w\s.,:;/&()'\"#\-*%@+=$€£¥!?\[\]]|_"
)


def slices(
    document_ids: Sequence[str], pages: Mapping[str, Any], parts: Mapping[str, str]
) -> dict[str, Flags]:
    """Mask over the documents for each slice that has any; `all` comes first.

    `pages` by document id; `parts` (part of the split by id) may be empty, for documents that
    were never split.
    """
    lines = [
        [line["text"] for page in pages[row] for line in page["lines"]] for row in document_ids
    ]
    part = np.array([parts.get(row, "") for row in document_ids], dtype=object)
    found = {
        ALL: np.ones(len(document_ids), dtype=bool),
        SEEN_GROUP: part == SEEN_GROUP,
        UNSEEN_GROUP: part == UNSEEN_GROUP,
        LONG_DOCUMENT: np.array([len(texts) >= LONG_LINES for texts in lines], dtype=bool),
        NOISY_OCR: np.array([noise(texts) >= NOISY_SHARE for texts in lines], dtype=bool),
    }
    return {name: mask for name, mask in found.items() if mask.any()}


def noise(texts: Sequence[str]) -> float:
    """Share of the lines that look misread, in [0, 1]; 0 without lines."""
    if not texts:
        return 0.0
    return sum(bool(_SUSPICIOUS.search(text)) for text in texts) / len(texts)
