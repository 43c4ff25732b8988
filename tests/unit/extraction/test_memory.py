"""What is remembered of the training documents, and never of a document for itself."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipelines.extraction.memory import Memory, of_unit
from pipelines.extraction.text import Hasher, characters, words

_UNITS = st.integers(41, 50)
"""Few, and near the numbers that digits are written with: what once made two words one."""


def test_keys_of_one_letter_words_differ_in_all_units() -> None:
    letters = characters(list("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    found = words(letters)
    hashes = Hasher(letters, letters.is_word)(found.start, found.end).view(np.int64)
    word, unit = np.meshgrid(hashes, np.arange(600, dtype=np.int64))
    keys = of_unit(word.ravel(), unit.ravel())
    assert len(np.unique(keys)) == len(keys)


@given(
    st.lists(
        st.tuples(st.sampled_from("0123456789"), _UNITS, st.booleans()), min_size=30, max_size=80
    )
)
def test_counts_leave_out_the_own_unit_when_words_have_one_letter(
    seen: list[tuple[str, int, bool]],
) -> None:
    """Hashes of such words are made of small numbers, as units are."""
    chars = characters([word for word, _, _ in seen])
    found = words(chars)
    keys = Hasher(chars, chars.is_word)(found.start, found.end).view(np.int64)
    unit = np.array([one for _, one, _ in seen], dtype=np.int64)
    right = np.array([[one] for _, _, one in seen], dtype=np.float32).reshape(-1, 1)
    learn = np.ones(len(seen), dtype=np.bool_)
    _, counts = Memory.learn_out(keys, unit, right, learn)
    for (word, mine, _), row in zip(seen, counts.tolist(), strict=True):
        others = [hit for other, where, hit in seen if other == word and where != mine]
        assert row == [len(others), sum(others)]
