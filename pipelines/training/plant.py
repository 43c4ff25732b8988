"""Spoils a training on purpose, to see that the gate stops what comes of it.

Only where it is asked for by name; the version carries the name as a tag.
"""

import numpy as np
import pyarrow as pa

from pipelines.contracts import names
from pipelines.contracts.names import PLANTS
from pipelines.contracts.spec import ModelSpec
from pipelines.errors import MisconfiguredError


def spoil(train: pa.Table, spec: ModelSpec, plant: str, *, seed: int) -> pa.Table:
    """The training rows, spoiled the same way for the same seed.

    `shuffled_labels` gives each row the labels of another one; `tenth_of_data` keeps one row
    in ten. Raises MisconfiguredError for any other name.
    """
    draw = np.random.default_rng(seed)
    order = draw.permutation(train.num_rows)
    if plant == "tenth_of_data":
        return train.take(pa.array(np.sort(order[: max(1, train.num_rows // 10)])))
    if plant != "shuffled_labels":
        raise MisconfiguredError(
            f"there is no plant {plant!r}; known: {', '.join(PLANTS)}. Leave the parameter out "
            "for a training that is meant."
        )
    column = names.FIELDS if names.FIELDS in train.column_names else str(spec.target)
    place = train.schema.get_field_index(column)
    # A cycle over a random order: no row keeps its own labels.
    source = np.empty_like(order)
    source[order] = np.roll(order, 1)
    return train.set_column(place, train.schema.field(place), train[column].take(pa.array(source)))
