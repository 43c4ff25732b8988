"""Hyper-parameters of the extractor: what model.yaml may set under `parameters`."""

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipelines.contracts.spec import ModelSpec
from pipelines.errors import MisconfiguredError


class Parameters(BaseModel):
    """Defaults are those that did best by cross-validation on real receipts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    folds: int = Field(default=3, ge=2)
    """Least parts of the training documents for predictions out of fold; each costs one more
    fit. Small sets are divided finer (`folds.folds`)."""
    word_models: int = Field(default=3, ge=1)
    """Models of different seeds for the start, the inside and the end of a span."""
    word_trees: int = Field(default=70, ge=1)
    word_leaves: int = Field(default=15, ge=2)
    word_feature_fraction: float = Field(default=0.2, gt=0, le=1)
    """Low, so that no single feature (the memory of a known line) decides alone."""
    learning_rate: float = Field(default=0.1, gt=0)
    gate_lines: int = Field(default=8, ge=1)
    """Lines of a document, likeliest first, whose words are looked at for a span field."""
    candidates: int = Field(default=14, ge=1)
    """Spans of a document that are ranked."""
    rank_trees: int = Field(default=80, ge=1)
    value_trees: int = Field(default=120, ge=1)
    render_trees: int = Field(default=60, ge=1)
    unseen_share: float = Field(default=0.5, ge=0, le=1)
    """Share of the groups (merchants) that are left out whole when later stages learn."""
    group_weight: float = Field(default=0.0, ge=0, le=1)
    """A document weighs 1 / (documents of its group) to this power: 0 weighs all alike, 1
    gives a merchant of fifty receipts the weight of one. On real receipts it cost more than
    `unseen_share`, which serves the same end."""
    base: str = Field(default="", pattern=r"^([\w.]+:\w+)?$")
    """Function `(ModelSpec) -> pyarrow.Table` of labelled documents that every training begins
    with, as `package.module:name`; empty for none. It is for the first few hundred labels."""
    base_weight: float = Field(default=0.03, gt=0, le=1)
    """What a document of the base weighs against a labelled one of the data set."""
    least_confidence: float = Field(default=0.15, ge=0, le=1)
    """An answer that is less likely right is withheld: the field is taken to be absent."""


def parameters(spec: ModelSpec) -> Parameters:
    """Parameters of a model; raises MisconfiguredError for unknown names or bad values."""
    try:
        return Parameters.model_validate(spec.parameters)
    except ValidationError as error:
        known = ", ".join(Parameters.model_fields)
        raise MisconfiguredError(
            f"`parameters` of model {spec.name!r} do not fit: {error}. Known are {known}."
        ) from error
