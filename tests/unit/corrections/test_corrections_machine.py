"""Whatever happens in whatever order: nothing lost, nothing claimed twice, one open request."""

import itertools
from datetime import timedelta

import pytest
from factories.corrections import FIELDS, correction, judgements, put, review_task
from factories.operations import NOW
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from pipelines.contracts.correction import RetrainReason
from pipelines.contracts.policy import CorrectionPolicy, ReviewPolicy
from pipelines.corrections import claim, hold, labels, record, training
from pipelines.corrections.verify import faults
from pipelines.errors import RefusedError
from pipelines.opsdb import corrections, requests, reviewing

pytestmark = pytest.mark.slow

_names = itertools.count()
_people = st.sampled_from(["ann", "bob", "cat", "dan"])
_documents = st.sampled_from(["d1", "d2", "d3", "d4", "d5"])
_values = st.sampled_from(["8.00", "7.00", "9.00", None])


def machine(opsdb, base):
    """A model of its own in the database at hand."""

    class Corrections(RuleBasedStateMachine):
        def __init__(self):
            super().__init__()
            self.spec = base.model_copy(
                update={
                    "name": f"model_{next(_names)}",
                    "review": ReviewPolicy(double_share=0.5, hold_items=5),
                    "corrections": CorrectionPolicy(threshold=2, cooldown_hours=1, weekly_cost=50),
                }
            )
            self.now = NOW
            self.golden = set()
            self.taken = {}
            self.claims = {}
            self.versions = itertools.count(1)
            put(opsdb, *(review_task(f"d{n}", model=self.spec.name) for n in range(1, 6)))

        @rule(reviewer=_people, document=_documents, field=st.sampled_from(FIELDS), after=_values)
        def say(self, reviewer, document, field, after):
            said = correction(
                document, field, after, model=self.spec.name, reviewer=reviewer, at=self.now
            )
            with opsdb.write() as session:
                corrections.lock(session, self.spec.name)
                stored = corrections.write(session, said)
            with opsdb.write() as session:  # delivered twice
                assert corrections.write(session, said) == stored

        @rule(reviewer=_people, total=_values, date=_values, drop=st.booleans())
        def review(self, reviewer, total, date, drop):
            with opsdb.write() as session:
                found = reviewing.claim(
                    session, self.spec.name, reviewer, self.now, 15, adjudicator=True
                )
                if found is None or drop:
                    return
                words = [
                    one for one in judgements(total=total, date=date)
                    if one.field in found[0].fields
                ]  # fmt: skip
                record.submit(session, self.spec, found[0].task_id, reviewer, words, self.now)

        @rule(reviewer=_people, pick=st.integers(0, 50))
        def undo(self, reviewer, pick):
            with opsdb.write() as session:
                rows = [
                    one for one in corrections.page(session, self.spec.name, reviewer)
                    if one.undoes is None
                ]  # fmt: skip
                if not rows:
                    return
                one = rows[pick % len(rows)]
                try:
                    record.undo(
                        session, one.correction_id, reviewer, f"undo-{one.correction_id}", self.now
                    )
                except RefusedError:
                    raise AssertionError("an undo told twice is the same") from None

        @rule(reviewer=_people, held=st.booleans())
        def supervise(self, reviewer, held):
            decide = hold.hold if held else hold.let_count
            with opsdb.write() as session:
                decide(session, self.spec.name, reviewer, "because", "sue", self.now)

        @rule(document=_documents)
        def freeze(self, document):
            self.golden.add(document)

        @rule(key=st.integers(0, 8))
        def sense(self, key):
            with opsdb.write() as session:
                found = claim.claim(session, self.spec, f"run-{key}", self.golden, self.now)
            if key in self.claims:
                assert found.batch == self.claims[key]
            elif found.batch is not None:
                self.claims[key] = found.batch
                assert found.batch.counted > 0

        @rule(key=st.integers(0, 5), kind=st.sampled_from(["hand", "drift", "schedule"]))
        def wish(self, key, kind):
            reason = RetrainReason(
                key=f"{kind}-{key}", kind=kind, detail="because", person="ben", at=self.now
            )
            with opsdb.write() as session:
                training.ask(session, self.spec.name, reason)

        @rule(run=st.integers(0, 6))
        def train(self, run):
            try:
                with opsdb.write() as session:
                    found = training.start(session, self.spec, f"run-{run}", self.golden, self.now)
                    seen = labels.build(
                        session, self.spec, golden=(), until=found.labels_until,
                        standings_until=found.standings_until,
                    )  # fmt: skip
            except RefusedError:
                return
            # Whatever was said since, a training tried again learns from the same labels.
            assert self.taken.setdefault(found.request_id, seen) == seen

        @precondition(lambda self: self.taken)
        @rule(run=st.integers(0, 6), fails=st.booleans())
        def end(self, run, fails):
            with opsdb.write() as session:
                if fails:
                    training.give_up(session, self.spec.name, f"run-{run}", "lost", self.now)
                else:
                    version = next(self.versions)
                    training.finish(session, self.spec.name, f"run-{run}", version, 1.0, self.now)

        @rule(minutes=st.integers(-90, 600))
        def clock_jumps(self, minutes):
            self.now += timedelta(minutes=minutes)

        @invariant()
        def nothing_is_broken(self):
            with opsdb.read() as session:
                assert faults(session, self.spec, self.golden) == []

        def teardown(self):
            """In the end every request is trained once, and nothing is left to wait."""
            with opsdb.write() as session:
                running = requests.running(session, self.spec.name)
                if running:
                    training.release(session, self.spec.name, running.request_id, "end", self.now)
                if requests.waiting(session, self.spec.name):
                    training.start(session, self.spec, "last", self.golden, self.now)
                    training.finish(session, self.spec.name, "last", 1, 1.0, self.now)
                assert faults(session, self.spec, self.golden, ended=True) == []

    return Corrections


def test_no_correction_is_lost_or_claimed_twice_whatever_happens(opsdb, spec):
    run_state_machine_as_test(
        machine(opsdb, spec),
        settings=settings(max_examples=5, stateful_step_count=20, deadline=None),
    )
