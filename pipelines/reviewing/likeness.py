"""How alike documents are: by the word pairs that few others have.

What the documents of one merchant and layout have in common (its name, address, captions) is rare
among all documents and weighs much; what stands on every receipt weighs little (inverse document
frequency, Spärck Jones 1972).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer

NEAR_COPY = 0.8
"""Likeness from which two documents are taken for copies of each other."""

_FEATURES = 2**20


def signatures(texts: Sequence[str]) -> csr_matrix:
    """Weighed word pairs of each text as a row of length one; a text without any is zeros."""
    pairs = HashingVectorizer(
        analyzer="word",
        token_pattern=r"[^\W_]+",  # noqa: S106 - words, no password
        ngram_range=(2, 2),
        n_features=_FEATURES,
        binary=True,
        norm=None,
        alternate_sign=False,
        dtype=np.float32,
    ).transform(texts)
    weighed: csr_matrix = TfidfTransformer().fit_transform(pairs)
    return weighed


def likeness(rows: csr_matrix, others: csr_matrix) -> NDArray[np.float32]:
    """Cosine of every row with every other: shape (rows, others), in [0, 1]."""
    cosine = np.asarray((rows @ others.T).todense(), dtype=np.float32)
    found: NDArray[np.float32] = np.clip(cosine, 0, 1)
    return found
