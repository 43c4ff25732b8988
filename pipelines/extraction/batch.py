"""A features table as flat arrays over all its documents, checked on the way in."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contracts.names import DOCUMENT_ID, FIELDS
from pipelines.errors import BadDataError
from pipelines.extraction.candidates import VALUE_FEATURES
from pipelines.extraction.measures import LINE_FEATURES, TOKEN_FEATURES
from pipelines.extraction.schema import FEATURES, LINE_LISTS, LISTS, TOKEN_LISTS, VALUE_LISTS
from pipelines.extraction.text import Ints

Array: TypeAlias = npt.NDArray[Any]


@dataclass(frozen=True)
class Batch:
    """Lines, words and candidates of all documents; indices of lines are over the batch."""

    table: pa.Table
    lists: dict[str, Array]
    """Values of each list column, one document after the other."""
    n_lines: Ints
    n_tokens: Ints
    n_values: Ints

    @classmethod
    def of(cls, features: pa.Table) -> "Batch":
        """Reads a features table; columns may come in any order and more may be there.

        Raises BadDataError where a column is missing, has another type, or lists of one
        document do not fit each other.
        """
        table = _checked(features)
        lists: dict[str, Array] = {}
        lengths: dict[str, Ints] = {}
        for name in LISTS:
            column = table[name].combine_chunks()
            if isinstance(column, pa.ChunkedArray):
                column = pa.array([], FEATURES.field(name).type)
            lengths[name] = pc.fill_null(column.value_lengths(), 0).to_numpy().astype(np.int64)
            if name not in ("line_text", "value_text", "value_kind"):
                lists[name] = column.flatten().to_numpy(zero_copy_only=False)
        batch = cls(
            table, lists, lengths["line_text"], lengths["token_line"], lengths["value_line"]
        )
        batch._check_lengths(lengths)
        batch._check_numbers()
        return batch

    def _check_numbers(self) -> None:
        for name, values in self.lists.items():
            if values.dtype.kind == "f" and not np.isfinite(values).all():
                raise BadDataError(
                    f"features column {name!r} holds NaN, infinity or null; features are always "
                    "finite. Compute the features again with this version of the code."
                )

    def _check_lengths(self, lengths: dict[str, Ints]) -> None:
        n_ngrams = np.bincount(self.line_document, self.lists["line_ngrams"], len(self))
        expected: dict[str, npt.NDArray[np.number]] = {
            **dict.fromkeys(LINE_LISTS, self.n_lines),
            **dict.fromkeys(TOKEN_LISTS, self.n_tokens),
            **dict.fromkeys(VALUE_LISTS, self.n_values),
            "line_box": 4 * self.n_lines,
            "ngrams": n_ngrams,
            "line_features": len(LINE_FEATURES) * self.n_lines,
            "token_features": len(TOKEN_FEATURES) * self.n_tokens,
            "value_features": len(VALUE_FEATURES) * self.n_values,
        }
        for name, length in expected.items():
            wrong = np.flatnonzero(lengths[name] != length)
            if len(wrong):
                raise BadDataError(
                    f"features column {name!r} has {lengths[name][wrong[0]]} entries in row "
                    f"{wrong[0]}, expected {int(length[wrong[0]])}. Compute the features again "
                    "with this version of the code."
                )

    def __len__(self) -> int:
        return int(self.table.num_rows)

    @property
    def document_ids(self) -> list[str]:
        ids: list[str] = self.table[DOCUMENT_ID].to_pylist()
        return ids

    @property
    def fields(self) -> list[dict[str, str | None] | None]:
        """Labels of each document; None for a document without any."""
        return [None if row is None else dict(row) for row in self.table[FIELDS].to_pylist()]

    @cached_property
    def line_text(self) -> list[str]:
        return [text or "" for text in _flat_text(self.table, "line_text")]

    @cached_property
    def value_text(self) -> list[str]:
        return [text or "" for text in _flat_text(self.table, "value_text")]

    @cached_property
    def value_kind(self) -> npt.NDArray[np.str_]:
        return np.array(_flat_text(self.table, "value_kind") or [""], dtype=np.str_)[
            : int(self.n_values.sum())
        ]

    @cached_property
    def line_begin(self) -> Ints:
        """Index of each document's first line."""
        return np.cumsum(self.n_lines) - self.n_lines

    @cached_property
    def token_begin(self) -> Ints:
        return np.cumsum(self.n_tokens) - self.n_tokens

    @cached_property
    def line_document(self) -> Ints:
        return np.repeat(np.arange(len(self)), self.n_lines)

    @cached_property
    def token_document(self) -> Ints:
        return np.repeat(np.arange(len(self)), self.n_tokens)

    @cached_property
    def value_document(self) -> Ints:
        return np.repeat(np.arange(len(self)), self.n_values)

    @cached_property
    def token_line(self) -> Ints:
        lines: Ints = self.lists["token_line"] + self.line_begin[self.token_document]
        return lines

    @cached_property
    def value_line(self) -> Ints:
        lines: Ints = self.lists["value_line"] + self.line_begin[self.value_document]
        return lines

    @cached_property
    def token_in_line(self) -> Ints:
        """Index of each word in its line."""
        index: Ints = self.token_features[:, TOKEN_FEATURES.index("index")].astype(np.int64)
        return index

    @property
    def line_features(self) -> npt.NDArray[np.float32]:
        return self.lists["line_features"].reshape(-1, len(LINE_FEATURES))

    @property
    def token_features(self) -> npt.NDArray[np.float32]:
        return self.lists["token_features"].reshape(-1, len(TOKEN_FEATURES))

    @property
    def value_features(self) -> npt.NDArray[np.float32]:
        return self.lists["value_features"].reshape(-1, len(VALUE_FEATURES))

    def line_at(self, lines: Ints, shift: int) -> Ints:
        """Index of the line `shift` further in the same document, -1 outside it."""
        begin = self.line_begin[self.line_document[lines]]
        moved = lines + shift
        inside = (moved >= begin) & (moved < begin + self.n_lines[self.line_document[lines]])
        return np.where(inside, moved, -1)

    @cached_property
    def line_left(self) -> Ints:
        """Index of the line to the left in the same row, -1 if none."""
        return self._over_batch("line_left")

    @cached_property
    def line_above(self) -> Ints:
        """Index of the nearest line above, -1 if none."""
        return self._over_batch("line_above")

    def _over_batch(self, column: str) -> Ints:
        index = self.lists[column].astype(np.int64)
        return np.where(index < 0, -1, index + self.line_begin[self.line_document])


def _flat_text(table: pa.Table, name: str) -> list[str | None]:
    return [text for chunk in table[name].chunks for text in chunk.flatten().to_pylist()]


def _checked(features: pa.Table) -> pa.Table:
    missing = [name for name in FEATURES.names if name not in features.column_names]
    if missing:
        raise BadDataError(
            f"the features table lacks {missing}. Expected what "
            "pipelines.extraction.features:compute returns."
        )
    try:
        return features.select(FEATURES.names).cast(FEATURES)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, ValueError) as error:
        raise BadDataError(
            f"the features table has a column of another type: {error}. Expected what "
            "pipelines.extraction.features:compute returns."
        ) from error


def gather(matrix: npt.NDArray[np.float32], index: Ints) -> npt.NDArray[np.float32]:
    """Rows of a matrix; NaN (missing) where the index is negative."""
    if not len(matrix):
        return np.full((len(index), matrix.shape[1]), np.nan, dtype=np.float32)
    rows: npt.NDArray[np.float32] = matrix[np.maximum(index, 0)]
    rows[index < 0] = np.nan
    return rows
