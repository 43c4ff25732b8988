"""The policy of trainings that holds in a home: that of model.yaml with the home's own values."""

from pydantic import ValidationError

from pipelines.contracts.policy import CorrectionPolicy
from pipelines.contracts.spec import ModelSpec
from pipelines.errors import MisconfiguredError
from pipelines.settings import Settings


def in_force(spec: ModelSpec, settings: Settings) -> ModelSpec:
    """The spec with the policy that holds in this home; raises MisconfiguredError."""
    if not settings.corrections:
        return spec
    try:
        policy = CorrectionPolicy.model_validate(
            spec.corrections.model_dump() | settings.corrections
        )
    except ValidationError as error:
        raise MisconfiguredError(
            f"MILLRACE_CORRECTIONS does not fit: {error}. It holds values of `corrections:` as in "
            "a model.yaml."
        ) from error
    return spec.model_copy(update={"corrections": policy})
