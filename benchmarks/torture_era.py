"""One model's life under torture: what is called, and what must hold after each kill."""

import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.torture_actors import WHERE, Killed
from pipelines import specs
from pipelines.contracts.correction import Correction, Judgement, RetrainReason
from pipelines.contracts.policy import CorrectionPolicy, ReviewPolicy
from pipelines.contracts.review import ReviewTask
from pipelines.corrections import claim, record, training
from pipelines.corrections.verify import faults
from pipelines.opsdb import batches, corrections, requests, reviewing
from pipelines.opsdb.database import OpsDb

START = datetime(2026, 11, 21, tzinfo=UTC)
DOCUMENTS = 24
GOLDEN = frozenset({"d0", "d1"})
PEOPLE = ("ann", "bob", "cat", "dan")
VALUES = ("8.00", "7.00", "6.00")
PREDICTED = "9.00"
_POLICIES = {
    "review": ReviewPolicy(double_share=0.5, lease_minutes=5),
    "corrections": CorrectionPolicy(threshold=3, cooldown_hours=1, weekly_cost=1_000),
}


class Era:
    """The calls of one model's reviewers, sensors and trainings, and the memory of their words."""

    def __init__(self, uri: str, model: str, seed: int) -> None:
        self.uri = uri
        self.spec = specs.model("receipts").model_copy(update={"name": model, **_POLICIES})
        self.chance = random.Random(seed)
        self.kills = 0
        self._told: dict[tuple[str, str], dict[str, Any]] = {}

    def begin(self) -> None:
        """Puts the documents to review."""
        tasks = [self._task(number) for number in range(DOCUMENTS)]
        with self._db() as db, db.write() as session:
            reviewing.add(session, tasks)

    def calls(self) -> list[Callable[[OpsDb, random.Random], dict[str, Any]]]:
        """What a process may call; each gives what it was told, to be remembered."""
        return [
            self._say,
            self._say,
            self._review,
            self._undo,
            self._sense,
            self._wish,
            self._train,
        ]

    def faults(self, killed: list[Killed]) -> list[str]:
        """What is wrong after a kill, by the database and by what the dead had been told."""
        found = [f"a process died {one.where}" for one in killed if one.where not in WHERE]
        with self._db() as db, db.read() as session:
            found += faults(session, self.spec, GOLDEN)
            for one in (told for dead in killed for told in dead.told):
                if one["kind"] == "error":
                    found.append(one["name"])
                name = (one["kind"], one["name"])
                before = self._told.setdefault(name, one)
                if before != one:
                    found.append(f"{name} was told {before} and then {one}")
            for one in self._told.values():
                found += self._missing(session, one)
        return found

    def end(self) -> list[str]:
        """Brings all to an end as the survivors would, and wants nothing left."""
        later = START + timedelta(days=400)
        with self._db() as db, db.write() as session:
            claim.claim(session, self.spec, "last look", GOLDEN, later)
            running = requests.running(session, self.spec.name)
            if running is not None:
                training.finish(session, self.spec.name, str(running.run_id), 1, 1.0, later)
            if requests.waiting(session, self.spec.name) is not None:
                training.start(session, self.spec, "last run", GOLDEN, later)
                training.finish(session, self.spec.name, "last run", 1, 1.0, later)
            return faults(session, self.spec, GOLDEN, ended=True)

    def counts(self) -> Counter[str]:
        """What came of it all."""
        with self._db() as db, db.read() as session:
            known = requests.latest(session, self.spec.name, limit=1_000_000)
            return Counter({
                "corrections": len(corrections.rows(session, self.spec.name)),
                "batches": len(batches.all_of(session, self.spec.name)),
                "requests": len(known),
                "trainings ended": sum(one.state == "done" for one in known),
                "trainings failed and taken up again": sum(one.state == "failed" for one in known),
            })

    def _db(self) -> "_Closing":
        return _Closing(self.uri)

    def _now(self, chance: random.Random) -> datetime:
        """Time goes on with the kills, and a clock in ten is a day off."""
        jump = chance.choice((-1, 1)) if chance.random() < 0.1 else 0
        return START + timedelta(hours=6 * self.kills, days=jump, minutes=chance.randint(0, 300))

    def _say(self, db: OpsDb, chance: random.Random) -> dict[str, Any]:
        after, field = chance.choice(VALUES), chance.choice(list(self.spec.fields))
        said = Correction(
            key=f"said-{chance.getrandbits(48)}",
            model=self.spec.name,
            document_id=f"d{chance.randrange(DOCUMENTS)}",
            field=field,
            before=PREDICTED,
            after=after,
            verdict="wrong",
            reviewer=chance.choice(PEOPLE),
            at=self._now(chance),
        )
        with db.write() as session:
            corrections.lock(session, self.spec.name)
            stored = corrections.write(session, said)
        return {"kind": "correction", "name": said.key, "number": stored.correction_id}

    def _review(self, db: OpsDb, chance: random.Random) -> dict[str, Any]:
        reviewer, now = chance.choice(PEOPLE), self._now(chance)
        with db.write() as session:
            found = reviewing.claim(
                session, self.spec.name, reviewer, now, 5, adjudicator=chance.random() < 0.5
            )
        if found is None:
            return {"kind": "nothing", "name": "to review"}
        task = found[0]
        words = [
            Judgement(field=name, verdict="right", key=f"task-{task.task_id}-{reviewer}-{name}")
            if chance.random() < 0.5
            else Judgement(
                field=name, verdict="wrong", value=chance.choice(VALUES),
                key=f"task-{task.task_id}-{reviewer}-{name}",
            )
            for name in task.fields
        ]  # fmt: skip
        with db.write() as session:
            stored = record.submit(session, self.spec, task.task_id, reviewer, words, now)
        return {"kind": "correction", "name": words[0].key, "number": stored[0].correction_id}

    def _undo(self, db: OpsDb, chance: random.Random) -> dict[str, Any]:
        reviewer = chance.choice(PEOPLE)
        with db.write() as session:
            rows = [
                one
                for one in corrections.page(session, self.spec.name, reviewer, limit=1_000)
                if one.undoes is None
            ]
            if not rows:
                return {"kind": "nothing", "name": "to undo"}
            number = chance.choice(rows).correction_id
            key = f"undo-{number}"
            stored = record.undo(session, number, reviewer, key, self._now(chance))
        return {"kind": "correction", "name": key, "number": stored.correction_id}

    def _sense(self, db: OpsDb, chance: random.Random) -> dict[str, Any]:
        key = f"sensor-{self.kills // 4 + chance.randrange(3)}"
        with db.write() as session:
            found = claim.claim(session, self.spec, key, GOLDEN, self._now(chance))
        if found.batch is None:
            return {"kind": "nothing", "name": "to claim"}
        return {"kind": "batch", "name": key, "number": found.batch.batch_id}

    def _wish(self, db: OpsDb, chance: random.Random) -> dict[str, Any]:
        kind = chance.choice(("drift", "schedule", "hand"))
        key = f"{kind}-{self.kills // 10 + chance.randrange(2)}"
        reason = RetrainReason(
            key=key, kind=kind, detail="because", person="ben", at=self._now(chance)
        )
        with db.write() as session:
            training.ask(session, self.spec.name, reason)
        return {"kind": "wish", "name": key}

    def _train(self, db: OpsDb, chance: random.Random) -> dict[str, Any]:
        """A run that is tried again where one died, else a new one; one in five fails for good."""
        now = self._now(chance)
        with db.read() as session:
            running = requests.running(session, self.spec.name)
        run = running.run_id if running is not None else f"run-{chance.getrandbits(32)}"
        with db.write() as session:
            found = training.start(session, self.spec, str(run), GOLDEN, now)
        with db.write() as session:
            if chance.random() < 0.2:
                training.give_up(session, self.spec.name, str(run), "lost", now)
                return {"kind": "nothing", "name": "came of it"}
            training.finish(session, self.spec.name, str(run), 1, 1.0, now)
        return {"kind": "nothing", "name": f"more to train of {found.request_id}"}

    def _missing(self, session: Any, told: dict[str, Any]) -> list[str]:
        name = told["name"]
        match told["kind"]:
            case "correction":
                stored = corrections.find(session, self.spec.name, name)
                number = stored.correction_id if stored else None
            case "batch":
                batch = batches.find(session, self.spec.name, name)
                number = batch.batch_id if batch else None
            case "wish":
                reasons = {
                    reason.key
                    for one in requests.latest(session, self.spec.name, limit=1_000_000)
                    for reason in one.reasons
                }
                return [] if name in reasons else [f"wish {name} was told and is gone"]
            case _:
                return []
        if number == told["number"]:
            return []
        return [f"{told['kind']} {name} was told as {told['number']} and is {number}"]

    def _task(self, number: int) -> ReviewTask:
        line = {"text": f"TOTAL {PREDICTED}", "box": [1.0, 1.0, 90.0, 9.0]}
        return ReviewTask.model_validate({
            "model": self.spec.name,
            "model_version": 1,
            "content_hash": f"content-{number}",
            "document": {
                "document_id": f"d{number}",
                "pages": [{"width": 100.0, "height": 100.0, "lines": [line]}],
            },
            "predictions": {
                name: {"value": PREDICTED, "confidence": 0.5} for name in self.spec.fields
            },
            "fields": list(self.spec.fields),
            "reason": "uncertain",
            "priority": float(number),
            "created_at": START,
        })


class _Closing:
    """A database whose connections are closed again: a fork must inherit none."""

    def __init__(self, uri: str) -> None:
        self._db = OpsDb.at(uri)

    def __enter__(self) -> OpsDb:
        return self._db

    def __exit__(self, *_: object) -> None:
        self._db.engine.dispose()
