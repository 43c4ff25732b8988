"""How well a reviewer's words stand against those of others."""

from dataclasses import dataclass

from pipelines.contracts.spec import ModelSpec
from pipelines.corrections import agreement, hold, state
from pipelines.corrections.settle import same_value
from pipelines.opsdb import queue
from pipelines.opsdb.database import Session


@dataclass(frozen=True)
class Measured:
    """One reviewer, over the fields that somebody else judged too."""

    items: int
    overruled: int
    alpha: float | None
    """Krippendorff's, with all others; None where too little was judged twice."""

    @property
    def text(self) -> str:
        """For people."""
        if not self.items:
            return "nothing judged by two yet"
        share = f"{self.items - self.overruled} of {self.items} fields stood"
        return share if self.alpha is None else f"{share}, alpha {self.alpha:.2f}"


def measure(session: Session, spec: ModelSpec) -> dict[str, Measured]:
    """Every reviewer of a model whose words met another's."""
    seconded = queue.seconded(session, spec.name)
    same = same_value(spec)
    items = state.read(session, spec, documents=seconded).items.values()
    alphas = agreement.by_reviewer(items, same)
    return {
        name: Measured(found.items, found.overruled, alphas.get(name))
        for name, found in hold.records(items, same).items()
    }
