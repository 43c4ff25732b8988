"""Near-duplicates between two sets of texts: rows that are the same but for a few words.

Jaccard similarity of the sets of word pairs (shingles of two words: Broder 1997, On the
resemblance and containment of documents). A sparse product counts the shared pairs of every
row with every other one, so nothing is sampled and nothing is missed.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import HashingVectorizer

_FEATURES = 2**20
_BLOCK = 512
"""Rows that are compared with all others at once."""


def near_duplicates(rows: Sequence[str], others: Sequence[str], least: float) -> NDArray[np.bool_]:
    """Which of `rows` has one among `others` whose similarity is `least` or more."""
    found = np.zeros(len(rows), dtype=bool)
    if not len(others):
        return found
    pairs = HashingVectorizer(
        analyzer="word",
        token_pattern=r"[^\W_]+",  # noqa: S106 - words, no password
        ngram_range=(2, 2),
        n_features=_FEATURES,
        binary=True,
        norm=None,
        alternate_sign=False,
        dtype=np.float32,
    )
    theirs: csr_matrix = pairs.transform(others)
    sizes = np.asarray(theirs.sum(axis=1)).ravel()
    for start in range(0, len(rows), _BLOCK):
        mine: csr_matrix = pairs.transform(rows[start : start + _BLOCK])
        shared = (mine @ theirs.T).tocoo()
        own = np.asarray(mine.sum(axis=1)).ravel()
        both = own[shared.row] + sizes[shared.col] - shared.data
        close = shared.data >= least * both
        found[start + np.unique(shared.row[close])] = True
    return found
