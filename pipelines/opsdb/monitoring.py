"""Calibrations and judged windows of the monitor, in the caller's transaction."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipelines.contracts.monitoring import Calibration, WindowRecord
from pipelines.opsdb.monitortables import CalibrationRow, WindowRow


def keep_calibration(session: Session, calibration: Calibration) -> bool:
    """Makes it the one that holds; False where it holds already. Under `corrections.lock`."""
    held = _newest(session, calibration.model)
    if held is not None and held.reference == calibration.reference:
        return False
    session.add(
        CalibrationRow(
            model=calibration.model,
            reference=calibration.reference,
            content=calibration.model_dump(mode="json"),
            made_at=calibration.made_at,
        )
    )
    session.flush()
    return True


def calibration(session: Session, model: str, reference: str | None = None) -> Calibration | None:
    """The calibration of that reference, else the one that holds; None before the first."""
    row = _newest(session, model, reference)
    return None if row is None else Calibration.model_validate(row.content)


def calibrations(session: Session, model: str) -> list[Calibration]:
    """Every calibration, oldest first."""
    query = select(CalibrationRow.content).where(CalibrationRow.model == model)
    found = session.scalars(query.order_by(CalibrationRow.calibration_id))
    return [Calibration.model_validate(content) for content in found]


def keep_window(session: Session, record: WindowRecord) -> bool:
    """Stores a judged window in place of what was judged of it before.

    False, and nothing is written, where it was judged the same before, whenever that was.
    """
    row = session.get(WindowRow, (record.model, record.window))
    if (
        row is not None
        and _window(row).model_copy(update={"judged_at": record.judged_at}) == record
    ):
        return False
    content = record.model_dump(mode="json") | {"judged_at": record.judged_at}
    session.merge(WindowRow(**content))
    session.flush()
    return True


def window(session: Session, model: str, day: str) -> WindowRecord | None:
    """What was judged of the window that ends with a day."""
    row = session.get(WindowRow, (model, day))
    return None if row is None else _window(row)


def windows(
    session: Session,
    model: str,
    *,
    after: str | None = None,
    until: str | None = None,
    limit: int | None = None,
) -> list[WindowRecord]:
    """Judged windows by their last day, newest first: later than `after`, up to `until`."""
    query = select(WindowRow).where(WindowRow.model == model).order_by(WindowRow.window.desc())
    if after is not None:
        query = query.where(WindowRow.window > after)
    if until is not None:
        query = query.where(WindowRow.window <= until)
    return [_window(row) for row in session.scalars(query.limit(limit))]


def judged(session: Session, model: str) -> dict[str, tuple[int | None, str, int]]:
    """Version, reference and rows of every judged window by its last day, without its signals:
    of years of windows these are megabytes."""
    query = select(WindowRow.window, WindowRow.version, WindowRow.reference, WindowRow.rows)
    found = session.execute(query.where(WindowRow.model == model))
    return {day: (version, reference, rows) for day, version, reference, rows in found}


def _newest(session: Session, model: str, reference: str | None = None) -> CalibrationRow | None:
    query = select(CalibrationRow).where(CalibrationRow.model == model)
    if reference is not None:
        query = query.where(CalibrationRow.reference == reference)
    # Not by time: a clock may jump.
    return session.scalars(query.order_by(CalibrationRow.calibration_id.desc()).limit(1)).first()


def _window(row: WindowRow) -> WindowRecord:
    return WindowRecord.model_validate({
        name: getattr(row, name) for name in WindowRecord.model_fields
    })
