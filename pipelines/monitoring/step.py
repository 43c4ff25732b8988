"""Judges windows of a live model: signals, verdict, incidents, breaker and retrain request.

A window with its incidents and the breaker is one transaction; what the incidents that are open
after all windows ask for is another. The same windows again change nothing.
"""

from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict

from pipelines.contracts.monitor_result import JudgedWindow, MonitorPlan, MonitorResult
from pipelines.contracts.monitoring import Calibration, Day, WindowRecord
from pipelines.contracts.spec import ModelSpec
from pipelines.lake import windows
from pipelines.lake.published import published_days
from pipelines.monitoring import subject
from pipelines.monitoring.days import span
from pipelines.monitoring.drift.calibrate import calibrate
from pipelines.monitoring.look import Deps, Look, seen
from pipelines.monitoring.response import ask, breaker, incidents, labels
from pipelines.monitoring.verdict import Kind, evaluate
from pipelines.opsdb import breaker as switch
from pipelines.opsdb import corrections, monitoring
from pipelines.opsdb import incidents as kept
from pipelines.retraining.policy import in_force

SHOWN = 10
"""Windows that the result names."""
_LETTERS = 150
"""Of a reason in the result: it may hold values of the data, however long."""


class JudgeSpec(BaseModel):
    """What is to be judged; `binning` names the sketches, None where they could not be made."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: ModelSpec
    plan: MonitorPlan
    binning: str | None


def run(spec: JudgeSpec, deps: Deps) -> MonitorResult:
    """Judges every window of the plan in order, after it has calibrated where that is asked."""
    model = in_force(spec.model, deps.settings)
    if spec.binning is None:
        judged = _unread(spec, model, deps)
        _ask(model, deps)
        return _result(model, spec.plan.reference or "", False, judged, deps)
    champion = subject.read(
        model, lake=deps.lake, db=deps.db, registry=deps.registry, settings=deps.settings
    )
    days = seen(model, spec.plan, spec.binning, champion, deps.lake)
    reference = [days[day] for day in spec.plan.reference_days if day in days]
    calibration, made = _calibration(spec, model, reference, deps)
    look = Look(model, calibration, days, champion, spec.plan, deps)
    judged = []
    for window in spec.plan.windows:
        record, why = look.judge(window)
        learnt = champion.regime.incidents if champion.regime else ()
        judged.append(_store(model, record, why, learnt, deps))
    _ask(model, deps)
    _draw(look, judged[-1:], deps)
    return _result(model, calibration.reference, made, judged, deps)


def _calibration(
    spec: JudgeSpec, model: ModelSpec, reference: Sequence[Day], deps: Deps
) -> tuple[Calibration, bool]:
    """The stored one that the plan names, else a new one of the reference days."""
    with deps.db.read() as session:
        found = monitoring.calibration(session, model.name, spec.plan.reference)
    if spec.plan.reference is not None and found is not None:
        return found, False
    assert spec.binning is not None  # noqa: S101 - looked at by `run`
    bins = windows.binning(deps.lake, model.name, spec.binning)
    made = calibrate(reference, bins, model.monitoring, model=model.name, now=deps.now)
    with deps.db.write() as session:
        corrections.lock(session, model.name)
        monitoring.keep_calibration(session, made)
        kept_one = monitoring.calibration(session, model.name, made.reference)
    return kept_one or made, True


def _store(
    model: ModelSpec,
    record: WindowRecord,
    why: Mapping[Kind, Sequence[str]],
    learnt: Sequence[int],
    deps: Deps,
) -> JudgedWindow:
    """The window with its incidents and the breaker, in one transaction."""
    name = model.name
    with deps.db.write() as session:
        corrections.lock(session, name)
        before = monitoring.window(session, name, record.window)
        changed = not _same(before, record)
        if changed:
            monitoring.keep_window(session, record)
            newest = not monitoring.windows(session, name, after=record.window, limit=1)
            incidents.update(session, record, model.monitoring, deps.now, causes=why, learnt=learnt)
            if newest:
                breaker.trip(session, name, record.window, record.verdict, deps.now)
    return JudgedWindow(
        window=record.window,
        decision=record.verdict.decision,
        reason=record.verdict.reasons[0][:_LETTERS],
        changed=changed,
    )


def _ask(model: ModelSpec, deps: Deps) -> None:
    """Once for all windows: an incident that has ended by the last of them asks for nothing."""
    labelled = labels.count(model, lake=deps.lake, db=deps.db)
    with deps.db.write() as session:
        corrections.lock(session, model.name)
        ask.ask(session, model, labelled, deps.now)


def _unread(spec: JudgeSpec, model: ModelSpec, deps: Deps) -> list[JudgedWindow]:
    """The newest window where its rows could not be sketched: an alert, and judged again later.

    What was judged of it before is still known.
    """
    judged = []
    for window in spec.plan.windows[-1:]:
        with deps.db.read() as session:
            before = monitoring.window(session, model.name, window)
        if before is not None and before.reference:
            continue
        published = published_days(deps.lake, model.dataset)
        days = span(window, model.monitoring.window_days)
        record = WindowRecord(
            model=model.name,
            window=window,
            days=model.monitoring.window_days,
            version=None,
            reference="",
            rows=sum(published[day].rows_published for day in days if day in published),
            verdict=evaluate(None, model.monitoring, rows=0, quarantined=0),
            signals=[],
            judged_at=deps.now,
        )
        judged.append(_store(model, record, {}, (), deps))
    return judged


def _draw(look: Look, newest: Sequence[JudgedWindow], deps: Deps) -> None:
    """The page of the newest window, after its verdict is stored: a picture holds nothing up."""
    for one in newest:
        with deps.db.read() as session:
            record = monitoring.window(session, look.model.name, one.window)
        if record is None or (record.report and not one.changed):
            continue
        path = look.draw(one.window, record.signals)
        if path is not None and path != record.report:
            with deps.db.write() as session:
                corrections.lock(session, look.model.name)
                monitoring.keep_window(session, record.model_copy(update={"report": path}))


def _same(before: WindowRecord | None, record: WindowRecord) -> bool:
    """Whether a window was judged so before. How long the steps took is another figure in every
    run, and no news by itself; the page is drawn afterwards."""

    def content(one: WindowRecord) -> WindowRecord:
        return one.model_copy(
            update={
                "judged_at": record.judged_at,
                "report": None,
                "verdict": (one.verdict.decision, one.verdict.moved),
                "signals": [signal for signal in one.signals if signal.topic != "system"],
            }
        )

    return before is not None and content(before) == content(record)


def _result(
    model: ModelSpec,
    reference: str,
    made: bool,
    judged: Sequence[JudgedWindow],
    deps: Deps,
) -> MonitorResult:
    with deps.db.read() as session:
        still = kept.still_open(session, model.name)
        newest = monitoring.window(session, model.name, judged[-1].window) if judged else None
        return MonitorResult(
            model=model.name,
            reference=reference,
            calibrated=made,
            windows=list(judged[-SHOWN:]),
            judged=len(judged),
            incidents=[one.incident_id for one in still],
            paused=switch.is_paused(session, model.name) is not None,
            request_id=ask.waiting(session, model.name),
            labels_wanted=kept.wanting_labels(session, model.name) is not None,
            report=None if newest is None else newest.report,
        )
