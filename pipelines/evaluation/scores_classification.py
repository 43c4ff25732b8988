"""All scores of one set of probabilities, as they are stored, shown and compared."""

from datetime import datetime
from typing import Any, ClassVar

from pydantic import BaseModel

from pipelines.evaluation.calibration import Bin
from pipelines.evaluation.figures import Table, between, figure
from pipelines.evaluation.scores import Interval
from pipelines.evaluation.slices import ALL

OVERALL = "overall"
AUROC = "auroc"


class Slice(BaseModel, frozen=True):
    """Scores of some of the rows; None where they hold no true or no false one."""

    rows: int
    true: int
    average_precision: float | None
    average_precision_interval: Interval | None
    """Percentile bootstrap over groups, 95 %, here and below."""
    auroc: float | None
    auroc_interval: Interval | None


class Case(BaseModel, frozen=True):
    """One row that is worth a look."""

    key: str
    group: str
    at: datetime
    probability: float


class Evaluation(BaseModel, frozen=True):
    """All that is measured of one set of predictions; rows of unknown target do not count."""

    unit: ClassVar[str] = "rows"

    rows: int
    groups: int
    per_day: int
    """Groups that can be looked at in a day."""
    slices: dict[str, Slice]
    """`all` first."""
    precision_at_top: float
    precision_at_top_interval: Interval
    precision_by_day: list[float]
    ece: float
    """Expected calibration error: mean distance of probability and share true over the bins."""
    bins: list[Bin]
    false_alarms: list[Case]
    missed: list[Case]

    @property
    def count(self) -> int:
        """Rows that count."""
        return self.rows

    @property
    def whole(self) -> Slice:
        return self.slices[ALL]

    def metrics(self) -> dict[str, float]:
        """Every figure by a flat name, `slice/metric`, without `all`."""
        flat: dict[str, float | None] = {
            "rows": self.rows,
            "groups": self.groups,
            "ece": self.ece,
            self.top: self.precision_at_top,
            f"{self.top}_low": self.precision_at_top_interval[0],
            f"{self.top}_high": self.precision_at_top_interval[1],
        }
        for name, part in self.slices.items():
            prefix = "" if name == ALL else f"{name}/"
            flat |= {f"{prefix}rows": part.rows, f"{prefix}true": part.true}
            for metric in ("average_precision", "auroc"):
                flat[f"{prefix}{metric}"] = getattr(part, metric)
                ends = getattr(part, f"{metric}_interval")
                if ends:
                    flat |= {f"{prefix}{metric}_low": ends[0], f"{prefix}{metric}_high": ends[1]}
        return {name: float(value) for name, value in flat.items() if value is not None}

    @property
    def top(self) -> str:
        """Name of the precision among the top groups of a day."""
        return f"precision_at_{self.per_day}"

    def figures(self) -> dict[str, float]:
        """The few figures that decide."""
        wanted = ("average_precision", AUROC, "ece", self.top)
        return {
            name: value
            for name, value in self.metrics().items()
            if name.rsplit("/", 1)[-1] in wanted
        }

    def headline(self) -> dict[str, list[float]]:
        """Average precision under `overall`, AUROC and precision at the top, with intervals."""
        whole = self.whole
        found: dict[str, tuple[float | None, Interval | None]] = {
            OVERALL: (whole.average_precision, whole.average_precision_interval),
            AUROC: (whole.auroc, whole.auroc_interval),
            self.top: (self.precision_at_top, self.precision_at_top_interval),
        }
        return {name: [one, *ends] for name, (one, ends) in found.items() if one and ends}

    def summary(self) -> dict[str, Any]:
        """What `millrace evaluate --json` prints; figures without a meaning are null."""
        return {
            "groups": self.groups,
            "true": self.whole.true,
            **self.whole.model_dump(mode="json", exclude={"rows", "true"}),
            self.top: self.precision_at_top,
            f"{self.top}_interval": self.precision_at_top_interval,
            "ece": self.ece,
            "slices": {
                name: part.model_dump(mode="json")
                for name, part in self.slices.items()
                if name != ALL
            },
        }

    def table(self) -> Table:
        """The same for people."""
        rows = [
            [
                name,
                str(part.rows),
                str(part.true),
                figure(part.average_precision),
                between(part.average_precision_interval),
                figure(part.auroc),
                between(part.auroc_interval),
            ]
            for name, part in self.slices.items()
        ]
        head = ["rows", "count", "true", "average precision", "95 %", "AUROC", "95 %"]
        title = (
            f"average precision {figure(self.whole.average_precision)}, precision at the top "
            f"{self.per_day} a day {figure(self.precision_at_top)} "
            f"({between(self.precision_at_top_interval)})"
        )
        return Table(title, head, rows)
