"""A model's corrections with all that is needed to judge them: what the DAGs call."""

from dataclasses import dataclass
from datetime import datetime

from pipelines import specs
from pipelines.contracts.correction import RetrainReason, RetrainRequest, ThresholdVerdict
from pipelines.contracts.learning import Labels, Regime
from pipelines.contracts.result import TakenRequest
from pipelines.contracts.spec import ModelSpec
from pipelines.corrections import claim, labels, training
from pipelines.corrections.claim import Claimed
from pipelines.lake import labels as labels_of
from pipelines.lake.golden import golden_keys
from pipelines.lake.lake import Lake
from pipelines.opsdb import corrections, incidents, requests
from pipelines.opsdb.database import OpsDb, Session
from pipelines.retraining.policy import in_force
from pipelines.settings import Settings

GONE = "its run ended without a version"


@dataclass(frozen=True)
class Desk:
    """One model's corrections, requests and labels in one home."""

    spec: ModelSpec
    settings: Settings
    db: OpsDb
    lake: Lake
    golden: frozenset[str]
    """Keys of the golden set, from which nothing is learnt."""

    @classmethod
    def open(cls, model: str, settings: Settings) -> "Desk":
        """Opens the stores; raises what they raise."""
        spec, lake = in_force(specs.model(model), settings), Lake.open(settings)
        golden = frozenset(golden_keys(lake, model, specs.key(spec)))
        return cls(spec, settings, OpsDb.open(settings), lake, golden)

    def look(self, now: datetime) -> ThresholdVerdict:
        """Whether the threshold is crossed; changes nothing."""
        with self.db.read() as session:
            return claim.look(session, self.spec, self.golden, now)

    def claim(self, key: str, now: datetime) -> Claimed:
        """Claims a batch in the name of `key` where the threshold is crossed."""
        with self.db.write() as session:
            return claim.claim(session, self.spec, key, self.golden, now)

    def take(
        self,
        run: str,
        reason: RetrainReason | None,
        now: datetime,
        *,
        asked_at: datetime | None = None,
    ) -> TakenRequest | None:
        """Gives the open request to the training `run`, with the labels as they are now.

        `reason` is its own, where it did not start because of a request. None where nothing is
        left to train for: no request is open and it has no reason, or another training has begun
        since `asked_at` and learns from all that it would. A request whose run is gone is taken
        over: trainings of a model run one after the other.
        """
        with self.db.write() as session:
            corrections.lock(session, self.spec.name)
            known = requests.find(session, self.spec.name, run)
            taken = known is not None and known.state in {"running", "done"}
            if not taken and self._nothing_left(session, reason, asked_at):
                return None
            before = requests.running(session, self.spec.name)
            if before is not None and before.run_id != run:
                training.give_up(session, self.spec.name, str(before.run_id), GONE, now)
            request = training.start(session, self.spec, run, self.golden, now, reason)
            regime = _regime(session, self.spec.name, request.request_id)
        return TakenRequest(
            model=self.spec.name,
            request_id=request.request_id,
            reasons=[one.detail for one in request.reasons],
            batches=request.batches,
            labels=self._labels(request),
            regime=regime,
        )

    def trial(self) -> TakenRequest:
        """For a training that is no answer to a request: the labels as they are, and no claim."""
        with self.db.read() as session:
            until = corrections.last(session, self.spec.name)
        return TakenRequest(
            model=self.spec.name,
            request_id=None,
            reasons=[],
            batches=[],
            labels=self._labels_until(until, None, []),
        )

    def finish(self, run: str, version: int, now: datetime) -> None:
        """The training has made a version, or found it there."""
        with self.db.write() as session:
            training.finish(session, self.spec.name, run, version, None, now)

    def _nothing_left(
        self, session: Session, reason: RetrainReason | None, asked_at: datetime | None
    ) -> bool:
        if reason is None:
            return requests.waiting(session, self.spec.name) is None
        newest = next(requests.started(session, self.spec.name), None)
        if asked_at is None or newest is None or newest.state == "failed":
            return False
        return newest.started_at is not None and newest.started_at >= asked_at

    def _labels(self, request: RetrainRequest) -> Labels | None:
        assert request.labels_until is not None  # noqa: S101 - a taken request has it
        return self._labels_until(request.labels_until, request.standings_until, request.batches)

    def _labels_until(
        self, until: int, standings_until: int | None, batches: list[int]
    ) -> Labels | None:
        """The state of the labels in the lake; None where nobody has said anything."""
        with self.db.read() as session:
            built = labels.build(
                session,
                self.spec,
                golden=self.golden,
                until=until,
                standings_until=standings_until,
            )
        rows = built.table(specs.key(self.spec))
        if not rows.num_rows:
            return None
        return labels_of.publish(
            self.lake, self.settings, self.spec.name, rows, until=until, batches=batches
        )


def _regime(session: Session, model: str, request_id: int) -> Regime | None:
    """The new regime that a training is to learn: that of the incidents that led to its request,
    and of those that led to an earlier one and are open still, since that did not end them."""
    found = {one.incident_id: one for one in incidents.behind(session, request_id)}
    for one in incidents.still_open(session, model):
        if one.request_id is not None:
            found[one.incident_id] = one
    if not found:
        return None
    return Regime(since=max(one.since for one in found.values()), incidents=sorted(found))


def newest(model: str, settings: Settings) -> int:
    """Number of the newest correction of a model, 0 before the first: cheap, to be asked often."""
    with OpsDb.open(settings).read() as session:
        return corrections.last(session, model)
