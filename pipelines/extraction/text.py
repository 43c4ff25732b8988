"""The text of a whole batch as arrays of characters: words, hashes and n-grams without a loop.

A line's numbers depend on its own characters alone, whatever stands before it in the batch:
hashes are sums modulo 2**64 and so exact, and nothing else is summed across lines.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]

SPACE, LETTER, DIGIT, MARK = 0, 1, 2, 3
"""Classes of characters; MARK is everything that is printed and no letter or digit."""

BUCKET_BITS = 15
"""N-grams are counted in 2**15 buckets."""

_BASE = 0x9E3779B97F4A7C15
_INVERSE = pow(_BASE, -1, 1 << 64)


@dataclass(frozen=True)
class Characters:
    """All lines one after the other, each with one separator before it and one behind."""

    first: Ints
    """Place of each line's first character."""
    last: Ints
    """Place behind each line's last character."""
    line: npt.NDArray[np.int32]
    """Line of each character; separators belong to the line before them."""
    upper: npt.NDArray[np.uint64]
    """Upper-case code points; separators are 10."""
    kind: npt.NDArray[np.int8]

    @cached_property
    def is_word(self) -> npt.NDArray[np.bool_]:
        return np.isin(self.kind, (LETTER, DIGIT))

    def count(self, mask: npt.NDArray[np.bool_]) -> Ints:
        """Characters of each line for which `mask` holds."""
        running = np.concatenate(([0], np.cumsum(mask, dtype=np.int64)))
        return running[self.last] - running[self.first]


def characters(texts: list[str]) -> Characters:
    """Character arrays of the lines; any Unicode is taken."""
    lengths = np.fromiter((len(text) for text in texts), dtype=np.int64, count=len(texts))
    last = np.cumsum(lengths + 1)
    first = last - lengths
    joined = "\n" + "".join(text + "\n" for text in texts)
    codes = np.frombuffer(joined.encode("utf-32-le", "replace"), dtype=np.uint32)
    present = np.flatnonzero(np.bincount(codes))
    upper_of = np.zeros(int(codes.max()) + 1, dtype=np.uint64)
    kind_of = np.zeros(int(codes.max()) + 1, dtype=np.int8)
    for code in present:
        upper_of[code], kind_of[code] = _character(int(code))
    upper = upper_of[codes]
    upper[np.concatenate(([0], last))] = 10
    line = np.repeat(np.arange(len(texts) + 1, dtype=np.int32) - 1, np.append(1, lengths + 1))
    return Characters(first, last, line, upper, kind_of[codes])


@lru_cache(maxsize=1 << 14)
def _character(code: int) -> tuple[int, int]:
    character = chr(code)
    upper = character.upper()
    # A letter whose capital is two letters (ß) stays as it is: places must not move.
    place = ord(upper) if len(upper) == 1 else code
    if character.isdigit():
        return place, DIGIT
    if character.isalnum():
        return place, LETTER
    return (32, SPACE) if character.isspace() or not character.isprintable() else (place, MARK)


@dataclass(frozen=True)
class Words:
    """Runs of letters and digits; `start` and `end` are places in `Characters`."""

    line: npt.NDArray[np.int32]
    start: Ints
    end: Ints


def words(chars: Characters) -> Words:
    """The words of all lines in order."""
    edge = np.diff(chars.is_word.astype(np.int8), prepend=0, append=0)
    start = np.flatnonzero(edge == 1)
    return Words(chars.line[start], start, np.flatnonzero(edge == -1))


class Hasher:
    """Hashes of any stretch of text in constant time, over the characters that `keep` marks."""

    def __init__(self, chars: Characters, keep: npt.NDArray[np.bool_]) -> None:
        place = np.concatenate(([0], np.cumsum(keep, dtype=np.int64)))
        term = chars.upper[keep] * _powers(_BASE, int(place[-1]))
        self._sum = np.concatenate((np.zeros(1, np.uint64), np.cumsum(term, dtype=np.uint64)))
        self._inverse = _powers(_INVERSE, int(place[-1]) + 1)
        self._place = place

    def __call__(self, start: Ints, end: Ints) -> Hashes:
        """Hash of the kept characters of each stretch; 0 for one without any."""
        first, last = self._place[start], self._place[end]
        return mix((self._sum[last] - self._sum[first]) * self._inverse[first])


def mix(hashes: Hashes) -> Hashes:
    """The finaliser of splitmix64 (Steele and others, 2014): every bit hangs on every bit."""
    mixed = (hashes ^ (hashes >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def _powers(base: int, count: int) -> Hashes:
    # Grown in powers of two, so that batches of near sizes share one array.
    return _power_table(base, max(count, 1).bit_length())[:count]


@lru_cache(maxsize=8)
def _power_table(base: int, bits: int) -> Hashes:
    factors = np.full(1 << bits, base, dtype=np.uint64)
    factors[0] = 1
    return np.cumprod(factors, dtype=np.uint64)


def ngrams(chars: Characters) -> tuple[npt.NDArray[np.int32], Ints]:
    """Buckets of the n-grams of each line, and how many each line has.

    Grams are 3 characters, 1 character with its neighbours' ends of the line, and whole
    words; every digit counts as 0, so that a pattern of digits is one gram.
    """
    shape: Hashes = np.where(chars.kind == DIGIT, np.uint64(48), chars.upper)
    shape = np.where(chars.kind == SPACE, np.where(chars.upper == 10, chars.upper, 32), shape)
    inner = shape[1:-1] != 10
    # A gram may begin or end with a separator, which marks an end of the line.
    middle = np.flatnonzero(inner) + 1
    before, after = shape[middle - 1], shape[middle + 1]
    before, after = shape[middle - 1], shape[middle + 1]
    three = (before << np.uint64(42)) | (shape[middle] << np.uint64(21)) | after
    digits_as_zero = Characters(chars.first, chars.last, chars.line, shape, chars.kind)
    found = words(chars)
    whole = Hasher(digits_as_zero, np.ones(len(shape), np.bool_))(found.start, found.end)
    line = np.concatenate((chars.line[middle], found.line))
    gram = np.concatenate((mix(three), mix(whole ^ np.uint64(1))))
    order = np.argsort(line, kind="stable")
    counts = np.bincount(line, minlength=len(chars.first)).astype(np.int64)
    return (gram[order] >> np.uint64(64 - BUCKET_BITS)).astype(np.int32), counts
