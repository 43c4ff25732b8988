"""A data set's suite as rules: Great Expectations' own JSON, read once and checked.

Every expectation carries `meta.rule`, the name that quarantine and reports use; a critical
one also `meta.reason`, a sentence whose `{column}` is filled from the refused row.
"""

import json
from pathlib import Path
from string import Formatter
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipelines.contracts.spec import Name
from pipelines.errors import MisconfiguredError


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Meta(_Part):
    """What people read about a rule."""

    rule: Name
    reason: Annotated[str, Field(min_length=1)]


class Rule(_Part):
    """One expectation of a suite, in the form Great Expectations stores it."""

    type: str
    kwargs: dict[str, Any]
    severity: Literal["critical", "warning"]
    meta: Meta

    @property
    def name(self) -> str:
        return self.meta.rule

    @property
    def critical(self) -> bool:
        return self.severity == "critical"


class Suite(_Part):
    """The rules of a data set, in the order in which a row's first broken one is named."""

    name: str
    expectations: Annotated[list[Rule], Field(min_length=1)]


def read(path: Path) -> Suite:
    """The suite of a file; raises MisconfiguredError with the place of the mistake."""
    try:
        suite = Suite.model_validate(json.loads(path.read_text(encoding="utf-8")))
        for rule in suite.expectations:
            list(Formatter().parse(rule.meta.reason))
    except (ValueError, ValidationError) as error:
        raise MisconfiguredError(
            f"{path.parent.name}/{path.name} is not a suite: {error}. Mend the lines it names."
        ) from error
    rules = [rule.name for rule in suite.expectations]
    repeated = sorted({name for name in rules if rules.count(name) > 1})
    if repeated:
        raise MisconfiguredError(
            f"{path.parent.name}/{path.name} uses the rule {', '.join(repeated)} more than once; "
            "expected one name a rule. Rename all but one."
        )
    return suite
