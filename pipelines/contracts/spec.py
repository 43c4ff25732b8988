"""What people write in YAML: the data set and the model, checked on reading.

A data set is a folder under expectations/ with a `dataset.yaml`; a model is a folder under
models/ with a `model.yaml`. Unknown keys are refused: a setting nobody reads is a mistake.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from pipelines.contracts.policy import CorrectionPolicy, MonitorPolicy, ReviewPolicy

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
EntryPoint = Annotated[str, Field(pattern=r"^[\w.]+:\w+$")]
"""`package.module:name`, imported when it is first needed."""

FieldKind = Literal["name", "address", "date", "money", "code", "text"]


_WEEK = 7


class _Spec(BaseModel):
    # Deferred: the parts are built once, within the whole that is read.
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class DatasetSpec(_Spec):
    """A data set: who owns it, what a row is, how its files are read and what is refused."""

    name: Name
    description: str
    owner: str
    grain: str
    """What one row is, in words."""
    key: Name
    """Column whose value is unique over the whole table."""
    freshness_hours: Annotated[float, Field(gt=0)]
    """Hours after which a day without new rows is worth a look."""
    schema_: Annotated[EntryPoint, Field(alias="schema")]
    """Function `() -> pyarrow.Schema` of a landed row."""
    formats: Annotated[dict[Name, EntryPoint], Field(min_length=1)]
    """Readers by the name people give to `--format`."""
    default_format: Name
    checks: EntryPoint
    """Function `(DataFrame) -> DataFrame` that adds the flat columns the suite looks at."""
    suite: str = "suite.json"
    """Great Expectations suite, a file beside the dataset.yaml."""
    quarantine_limit: Annotated[float, Field(ge=0, le=1)] = 0.25
    """Largest share of a run's rows in quarantine at which its days are still published."""
    sample: EntryPoint | None = None
    """Generator of the embedded sample, for `millrace sample`."""


class FieldSpec(_Spec):
    """One field to extract; the kind decides how its values are found, parsed and written."""

    kind: FieldKind
    description: str = ""
    required: bool = True


class SplitSpec(_Spec):
    """How rows are kept apart for training and for the tests.

    Two disjoint test parts: whole groups that training never sees, and single rows of
    groups it does see. Shares are of groups and of the remaining rows. Without `time` the same
    row falls on the same side in every training. With it the tested rows are those of the last
    days; only the rows of the unseen groups are on the same side for ever.
    """

    group_by: Name
    """Field (or column) whose normalised value names the group, e.g. the merchant."""
    unseen_group_share: Annotated[float, Field(ge=0, lt=1)] = 0.1
    seen_group_share: Annotated[float, Field(ge=0, lt=1)] = 0.1
    """Not used where rows are kept apart by time."""
    time: Name | None = None
    """Column of the time by which rows are kept apart; None keeps them apart by content."""
    test_days: Annotated[int, Field(ge=1)] = 30
    """With `time`: the last days of the data, which are tested."""
    gap_days: Annotated[int, Field(ge=0)] = 0
    """With `time`: days before the tested ones that are not trained on either, because their
    labels are not known yet when a model is trained on the day before the test."""

    def for_regime(self, days: int) -> "SplitSpec | None":
        """The split of a training that answers an incident, of which `days` days have labels.

        With `time` at most half of what the gap leaves of them is tested, the newer half, so that
        the other is learnt from. None where that is less than a week (than `test_days`, where
        these are fewer): of less neither a model nor a test knows every weekday. Without `time`
        rows of every day are in every part.
        """
        if self.time is None:
            return self
        half = (days - self.gap_days) // 2
        if half < min(_WEEK, self.test_days):
            return None
        return self.model_copy(update={"test_days": min(self.test_days, half)})


class HistorySpec(_Spec):
    """Which other rows a row's features may look at: earlier ones of the same group.

    A function of a group gets whole groups and gives what it was given with more columns. It
    is the same on Spark, in a batch and for one row, so that the history of a row is part of
    the input wherever the row is predicted.
    """

    groups: Annotated[dict[Name, EntryPoint], Field(min_length=1)]
    """Column of the group to its function `(pyarrow.Table, ModelSpec) -> pyarrow.Table`."""
    time: Name
    """Column of the time by which a row is earlier than another."""
    days: Annotated[int, Field(ge=1)]
    """Older rows than this are not looked at."""


class SliceSpec(_Spec):
    """Rows that are scored on their own as well: a range of one published column."""

    column: Name
    at_least: float | None = None
    below: float | None = None


class GatePolicy(_Spec):
    """What a candidate must show before it may be promoted. Scores are shares of 0 to 1.

    Every default blocks where in doubt. A margin is the largest loss that is still taken for
    no loss; it must be ruled out, not merely unseen.
    """

    min_gain: Annotated[float, Field(ge=0, lt=1)] = 0.005
    """Smallest gain of the overall score that is worth a change of champion."""
    margin: Annotated[float, Field(gt=0, lt=1)] = 0.01
    """Largest loss of the overall score, on the golden and on the recent set."""
    field_margin: Annotated[float, Field(gt=0, lt=1)] = 0.03
    """Largest loss of one field's score."""
    field_margins: dict[Name, Annotated[float, Field(gt=0, lt=1)]] = {}
    """The same for single fields, in place of `field_margin`."""
    slice_margin: Annotated[float, Field(gt=0, lt=1)] = 0.05
    """Largest loss of the overall score on one slice."""
    level: Annotated[float, Field(gt=0, le=0.2)] = 0.05
    """Chance of taking a loss beyond its margin for none (one-sided), and of a false reject."""
    gain_level: Annotated[float, Field(gt=0, le=0.2)] = 0.002
    """Chance of taking a candidate without any gain for a better one (one-sided). Stricter than
    `level`, because candidates come again and again; on 400 documents it costs hardly any power."""
    floor: Annotated[float, Field(ge=0, le=1)] = 0.8
    """Overall score that a first model reaches with its interval's lower end."""
    field_floor: Annotated[float, Field(ge=0, le=1)] = 0.5
    """The same for every field."""
    field_floors: dict[Name, Annotated[float, Field(ge=0, le=1)]] = {}
    """The same for single fields, in place of `field_floor`."""
    min_rows: Annotated[int, Field(ge=10)] = 30
    """Fewer independent rows (documents, customers) than this in a set decide nothing."""
    lasting_gain: Annotated[float, Field(ge=0, le=1)] = 0.5
    """Share of the gain seen on the golden set that the recent set must not contradict, both
    taken as shares of the champion's errors. Surely less (at `level`) is a leak that has ended,
    or drift; 0 asks only that something is left."""
    min_slice_rows: Annotated[int, Field(ge=5)] = 20
    """Fewer rows on which the score of a slice or field rests cannot show that nothing was lost
    (of true and false rows those of the rarer kind count). A slice that model.yaml names is then
    undecided, another one only where it was seen to lose more than its margin."""
    golden_rows: Annotated[int, Field(ge=10)] = 1_000
    """Rows of the golden set. It fills up with test rows as they come; a row that is in it never
    changes and never leaves. Raise the number to let more in."""
    recent_days: Annotated[int, Field(ge=1)] = 30
    """Newest days whose test rows are the recent set; more where they hold less than
    `min_rows`."""
    latency_ratio: Annotated[float, Field(gt=0)] = 1.5
    """Largest CPU time a row, against the champion's in the same run."""
    latency_ms: Annotated[float, Field(gt=0)] = 1_000
    """Largest CPU time a row in milliseconds."""
    size_mb: Annotated[float, Field(gt=0)] = 200
    """Largest model on disk, in millions of bytes."""
    calibration_error: Annotated[float, Field(gt=0, le=1)] = 0.1
    """Largest expected calibration error on the golden set."""
    near_duplicate: Annotated[float, Field(gt=0.5, le=1)] = 0.8
    """Jaccard similarity of word pairs from which two rows are near-duplicates."""
    near_duplicate_share: Annotated[float, Field(ge=0, lt=1)] = 0.1
    """Largest share of golden rows with a near-duplicate in the training data. These rows are not
    scored, so they flatter nobody; more of them say that the split keeps nothing apart. (Of real
    receipts 3 % have one.) A golden row itself in the training data always blocks."""


class ModelSpec(_Spec):
    """A model: its data set, what it predicts, and the engine that learns it."""

    name: Name
    description: str
    owner: str
    dataset: Name
    task: Name
    """Kind of evaluation: a name registered in pipelines.evaluation, e.g. `extraction`."""
    estimator: Name
    """A name registered in pipelines.estimators, e.g. `extraction`."""
    features: EntryPoint
    """Function `(pyarrow.Table, ModelSpec) -> pyarrow.Table`, one output row an input row."""
    history: HistorySpec | None = None
    """Earlier rows that features look at; without it a row's features are of the row alone."""
    features_schema: EntryPoint
    """Function `(ModelSpec) -> pyarrow.Schema` of what `features` returns."""
    fields: dict[Name, FieldSpec] = {}
    """What the task `extraction` looks for."""
    target: Name | None = None
    """Column of the label, true or false, for the task `classification`."""
    review_per_day: Annotated[int, Field(ge=1)] = 100
    """Groups (cards) that people can look at in a day, for the task `classification`."""
    slices: dict[Name, SliceSpec] = {}
    """Slices beside those of the split, for the task `classification`."""
    split: SplitSpec
    gate: GatePolicy = GatePolicy()
    """What a candidate must show before it may be promoted."""
    review: ReviewPolicy = ReviewPolicy()
    """What people are asked to look at."""
    corrections: CorrectionPolicy = CorrectionPolicy()
    """When what they corrected starts a training."""
    monitoring: MonitorPolicy = MonitorPolicy()
    """What raises an alarm once it is live."""
    approvers: list[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.-]{0,62}$")]] = []
    """Named users who may decide; the author of a version never does. Empty: the admins of the
    settings alone."""
    parameters: dict[str, float | int | str | bool] = {}
    """Hyper-parameters of the estimator; what is left out takes the estimator's default."""
    seed: int = 7
    schedule: str | None = "0 3 * * 1"
    """Cron time of the regular training, UTC; null trains only when asked or on new data."""

    @property
    def is_reviewed(self) -> bool:
        """Whether people review its predictions, which they do field by field."""
        return bool(self.fields)
