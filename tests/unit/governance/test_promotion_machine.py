"""Promotion under any order of events, and under many writers at once, on both engines."""

import itertools
import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from factories.operations import NOW, answer, change, judged
from fakes.registry import FakeRegistry
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from pipelines import specs
from pipelines.errors import NotFoundError, RefusedError
from pipelines.governance import decide as deciding
from pipelines.governance import promotion, standing
from pipelines.governance.reconcile import reconcile
from pipelines.governance.rollback import Rollback, preflight, rollback
from pipelines.governance.verify import verify
from pipelines.opsdb import ledger
from pipelines.settings import Settings

pytestmark = pytest.mark.slow

_VERSIONS = range(1, 6)
_names = itertools.count()
# Few versions and mostly approvers, so that many attempts get through.
_version = st.sampled_from([1, 2, 3, 5])
_person = st.sampled_from(["ben", "dee", "ben", "dee", "cy", "eve"])


def machine(opsdb, base, patch):
    """A model of its own in the database at hand; versions 1 to 4 by cy, 5 by ben."""

    class Promotions(RuleBasedStateMachine):
        def __init__(self):
            super().__init__()
            self.spec = base.model_copy(update={"name": f"model_{next(_names)}"})
            patch.setattr(specs, "model", lambda _: self.spec)
            self.registry = FakeRegistry(self.spec, _VERSIONS)
            self.registry.held[self.spec.name][5].tags["author"] = "ben"
            self.desk = {
                "spec": self.spec,
                "db": opsdb,
                "registry": self.registry,
                "settings": Settings(),
            }
            self.now = NOW
            self.judged = set()
            self.been = []

        def teardown(self):
            shutil.rmtree(self.registry.files)

        def rows(self):
            with opsdb.read() as session:
                return ledger.rows(session, self.spec.name)

        def champion(self):
            return standing.champion(self.rows())

        @rule(
            version=_version,
            decision=st.sampled_from(["promote", "promote", "inconclusive", "reject"]),
        )
        def ask(self, version, decision):
            champion = self.champion()
            if version == champion:
                return
            result = judged(version, champion, decision).model_copy(
                update={"model": self.spec.name, "evidence_hash": f"{next(_names):064d}"}
            )
            deciding.ask(
                result, author="cy", db=opsdb, registry=self.registry, now=self.now, hours=24
            )
            self.judged.add((version, decision))

        @rule(
            version=_version,
            person=_person,
            choice=st.sampled_from(["promote", "promote", "shadow", "reject"]),
            override=st.booleans(),
            crash=st.booleans(),
        )
        def decide(self, version, person, choice, override, crash):
            before = self.champion()
            given = answer(version, choice, person=person, override=override, model=self.spec.name)
            follow = promotion.follow
            if crash:
                promotion.follow = lambda *_: []  # the process dies before the alias
            try:
                found = deciding.decide(given, **self.desk, now=self.now)
            except (NotFoundError, RefusedError):
                assert self.champion() == before
                return
            finally:
                promotion.follow = follow
            assert person in {"ben", "dee"}
            if choice != "reject":
                assert not (version == 5 and person == "ben")
                allowed = (
                    {"promote", "inconclusive"} if override or choice == "shadow" else {"promote"}
                )
                assert any((version, one) in self.judged for one in allowed)
            if choice != "promote":
                assert found.champion == before

        @rule(person=_person)
        def roll_back(self, person):
            rows = self.rows()
            word = Rollback(person=person, why="worse", via="cli")
            looked = {name: self.desk[name] for name in ("spec", "db", "registry")}
            try:
                prepared = preflight(self.spec.name, None, score=lambda _: "It answers.", **looked)
                found = rollback(word, prepared, **self.desk, now=self.now)
            except RefusedError:
                return
            assert found.champion in {row.to_version for row in rows if row.kind != "shadow"}

        @rule(hours=st.integers(1, 30))
        def time_passes(self, hours):
            self.now += timedelta(hours=hours)

        @precondition(lambda self: self.rows())
        @rule()
        def reconcile(self):
            reconcile(opsdb, self.registry, self.spec.name)
            wanted = {k: v for k, v in standing.aliases(self.rows()).items() if v is not None}
            assert self.registry.aliases[self.spec.name] == wanted

        @invariant()
        def ledger_is_sound(self):
            assert verify(opsdb, self.registry)[1] == []

    return Promotions


def test_champion_changes_only_by_the_rules_whatever_happens_in_whatever_order(
    opsdb, spec, monkeypatch
):
    run_state_machine_as_test(
        machine(opsdb, spec, monkeypatch),
        settings=settings(max_examples=8, stateful_step_count=20, deadline=None),
    )


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(plans=st.lists(st.lists(st.booleans(), min_size=1, max_size=4), min_size=2, max_size=4))
def test_each_change_follows_the_one_before_when_many_promote_at_once(opsdb, registry, plans):
    """Whoever wins in whatever order; a writer that lost looks again or tries what is stale."""
    model = f"model_{next(_names)}"
    won = []

    def champion():
        with opsdb.read() as session:
            return standing.champion(ledger.rows(session, model))

    def work(number):
        expected = None
        for step, looks in enumerate(plans[number]):
            version = 10 * number + step + 1
            one = change(version, from_version=expected, model=model)
            try:
                with opsdb.write() as session:
                    ledger.lock(session)
                    row = promotion.append(session, one, expected=expected)
                won.append((row.sequence, expected, version))
                expected = version
            except RefusedError:
                expected = champion() if looks else expected

    with ThreadPoolExecutor(len(plans)) as pool:
        list(pool.map(work, range(len(plans))))
    before = None
    for _, expected, version in sorted(won):
        assert expected == before
        before = version
    assert won and champion() == before
    assert verify(opsdb, registry)[1] == []
