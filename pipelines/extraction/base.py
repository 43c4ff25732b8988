"""Documents that every training begins with, beside those of the data set."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines import specs
from pipelines.contracts.spec import ModelSpec
from pipelines.errors import BadDataError, MisconfiguredError
from pipelines.extraction.batch import Batch
from pipelines.extraction.parameters import Parameters


def with_base(
    batch: Batch, spec: ModelSpec, parameters: Parameters
) -> tuple[Batch, npt.NDArray[np.bool_]]:
    """The batch with the documents of the base behind it, and which documents are its own.

    Raises MisconfiguredError where the model's base cannot be imported or gives no labels.
    """
    own = np.ones(len(batch), dtype=np.bool_)
    if not parameters.base:
        return batch, own
    try:
        documents = specs.resolve(parameters.base)(spec)
        base = Batch.of(specs.resolve(spec.features)(documents, spec))
    except BadDataError as error:
        raise MisconfiguredError(
            f"the base of model {spec.name!r}, {parameters.base}, gave no documents: {error}"
        ) from error
    labelled = {name for row in base.fields for name in row or {}}
    if not labelled & spec.fields.keys():
        raise MisconfiguredError(
            f"the base of model {spec.name!r}, {parameters.base}, labels {sorted(labelled)} in "
            f"{len(base)} documents; expected some of {sorted(spec.fields)}. Give a base of this "
            "kind of document, or leave `base` out of `parameters`."
        )
    joined = Batch.of(pa.concat_tables([batch.table, base.table]))
    return joined, np.append(own, np.zeros(len(base), dtype=np.bool_))
