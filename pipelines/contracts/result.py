"""What a step gives back: names, counts and identifiers, never data.

A result travels through XCom, so it is small (`XCOM_LIMIT_BYTES`, held by a test) and
made of JSON types alone.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict

from pipelines.contracts.learning import Labels, Regime
from pipelines.contracts.scoring import Role
from pipelines.contracts.verdict import Verdict

XCOM_LIMIT_BYTES = 16_384


class StepResult(BaseModel):
    """Base of every result."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def to_xcom(self) -> dict[str, Any]:
        """The result as JSON types."""
        return self.model_dump(mode="json")


class LandResult(StepResult):
    """Files that were read into the landing zone."""

    dataset: str
    days: list[str]
    files: int
    rows: int
    unreadable: int
    deferred: list[str] = []
    """The first files that were left for the next time, each with its reason."""


class IngestResult(StepResult):
    """One publication of one or more days; rows_in = rows_published + rows_quarantined."""

    dataset: str
    days: list[str]
    table: str
    snapshot_id: int | None
    changed: bool
    """False when the days already hold exactly these files."""
    rows_in: int
    rows_published: int
    rows_quarantined: int
    quarantine_reasons: dict[str, int]
    warnings: dict[str, int]
    data_docs: str | None
    """Page of the validation, relative to MILLRACE_HOME."""


class FeaturesResult(StepResult):
    """Features of one input snapshot."""

    model: str
    table: str
    snapshot_id: int
    input_snapshot_id: int
    feature_key: str
    rows: int
    reused: bool


class TakenRequest(StepResult):
    """Why a training runs, and which labels of reviewers it learns from."""

    model: str
    request_id: int | None
    """Retrain request that it answers; None for a trial, which answers none."""
    reasons: list[str]
    """In words."""
    batches: list[int]
    """Batches of corrections that were claimed for it."""
    labels: Labels | None
    """None where reviewers have said nothing yet."""
    regime: Regime | None = None
    """Where an incident is among the reasons."""


class TrainResult(StepResult):
    """A fitted model on disk, not yet registered. Paths are relative to MILLRACE_HOME."""

    model: str
    run_dir: str
    model_dir: str
    predictions: str
    train_key: str
    """Hash of all that the model's files depend on; the same key is trained and registered once."""
    feature_key: str
    input_snapshot_id: int
    features_snapshot_id: int
    rows_train: int
    rows_test: int
    seed: int
    seconds: float
    artefact_hash: str
    plant: str | None = None
    """How the training was spoiled on purpose; None for one that is meant."""
    labels: Labels | None = None
    """What reviewers said, beside the labels that documents came with; None for none of it."""
    regime: Regime | None = None
    """What the training answers, where that is an incident."""


class EvaluationResult(StepResult):
    """Scores of one model on its test rows; all of them are in the report's metrics.json."""

    model: str
    report_dir: str
    rows: int
    metrics: dict[str, float]
    """The figures that decide: overall and per field, flat, ready for a tracking server."""
    headline: dict[str, list[float]]
    """Score per field (and `overall`) with its interval: [value, low, high]."""


class RegistrationResult(StepResult):
    """A registered version."""

    model: str
    version: int
    run_id: str
    alias: str
    model_uri: str
    reused: bool


class Comparison(BaseModel):
    """One line of the gate's table: candidate against champion on the same rows."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rows: str
    """`golden` or `recent`."""
    slice: str
    """Part of the rows, `all` for the whole set."""
    field: str
    """Field or metric, `overall` for the pooled score."""
    n: int
    """Independent rows (documents, customers) that count."""
    champion: float | None
    candidate: float | None
    difference: float | None
    low: float | None
    high: float | None
    """Interval of the difference, or of the candidate's score where there is no champion."""


class GateResult(StepResult):
    """The gate's word on one version; everything it saw is in the evidence folder."""

    model: str
    version: int
    champion: int | None
    """Version it was compared with; None for a first model."""
    verdict: Verdict
    table: list[Comparison]
    """Overall and per field on both sets, then the slices, as far as XCom holds them; the
    evidence has all."""
    evidence_dir: str
    """Relative to MILLRACE_HOME: evidence.json, table.md, differences.json, pictures."""
    evidence_hash: str
    """SHA-256 of evidence.json."""
    golden_rows: int
    """Independent rows (documents, customers) of the golden set that were scored, and below of
    the recent one."""
    recent_rows: int
    golden_snapshot_id: int | None
    """None where a check failed before any row was scored."""


class ScoredVersion(BaseModel):
    """What one version answered on the days of a run; rows_in = rows_scored + rows_refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int
    role: Role
    days: int
    rows_in: int
    rows_scored: int
    """All predictions that these days have now."""
    rows_refused: int
    rows_added: int
    """Those of them that this run made."""
    rows_removed: int
    """Predictions of rows that are gone or have another content."""


class ScoreResult(StepResult):
    """Predictions of published rows by the champion, and by a shadow beside it."""

    model: str
    table: str
    snapshot_id: int | None
    input_snapshot_id: int
    changed: bool
    """False when every row had its prediction already."""
    versions: list[ScoredVersion]
    refused: dict[str, int]
    """Rows that this run refused, by rule; they are in the table of refused rows."""


class ReviewTasksResult(StepResult):
    """Documents of one scoring run that were put to review."""

    model: str
    version: int
    input_snapshot_id: int
    pool: int
    """Distinct contents that could be asked about."""
    audit_pool: int
    """Those of them that nobody had scored before: what the audit sample was drawn from."""
    asked: dict[str, int]
    """Tasks written now, by reason."""
    left: int
    """Tasks that the day's budget still has room for."""
