"""A home with judged windows, incidents, a breaker that was turned, and quality by day."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
from factories.operations import change

from pipelines.contracts.monitoring import (
    Binning,
    Calibration,
    DriftVerdict,
    MonitorPolicy,
    Signal,
    WindowRecord,
)
from pipelines.contracts.quality import Figure
from pipelines.governance import promotion
from pipelines.lake import quality
from pipelines.lake.lake import Lake
from pipelines.opsdb import breaker, corrections, incidents, ledger, monitoring
from pipelines.opsdb.database import OpsDb
from pipelines.settings import Settings

FIRST = date(2018, 4, 1)
COUNT = 70
DRIFT = 62
"""Window in which it begins."""
FEATURES = (
    "input/amount", "input/customer_mean_30d", "input/terminal_fraud_rate_7d", "input/night",
    "input/weekend", "input/customer_count_1d", "input/customer_count_7d",
    "input/terminal_count_1d", "input/terminal_count_7d", "input/amount_to_customer_mean",
    "input/amount_to_terminal_mean",
    "input/terminal_fraud_rate_30d", "input/customer_sum_7d", "output/probability",
    "output/reviewed",
)  # fmt: skip
MODEL = "card_fraud"


def day_of(number: int) -> str:
    return (FIRST + timedelta(days=number)).isoformat()


def judged_at(number: int) -> datetime:
    return datetime.combine(FIRST + timedelta(days=number + 1), datetime.min.time(), UTC)


def signals(number: int, draw: np.random.Generator, hostile: str = "") -> list[Signal]:
    """What was seen of a window; from DRIFT on amounts are in another unit."""
    found = []
    for at, name in enumerate(FEATURES):
        ratio = float(draw.gamma(2.0, 0.14))
        moved = number >= DRIFT and name in {"input/amount", "output/probability"}
        ratio = ratio + 2.6 if moved else ratio
        found.append(
            Signal(
                name=name, topic="input" if name.startswith("input") else "output", value=ratio,
                limit=1.0, p=1e-7 if moved else 0.4, exceeded=ratio > 1, importance=0.3 / (at + 1),
                alarm=moved and number > DRIFT,
                sentence=f"{name.partition('/')[2]}{hostile}: the mean is 108.2, usual is 53.6."
                if moved
                else f"{name.partition('/')[2]}: as usual.",
            )
        )  # fmt: skip
    refused = 0.02 if number < DRIFT else 0.2
    found.append(
        Signal(name="volume/rows", topic="volume", value=float(draw.random() / 2), limit=1.0,
               sentence="9,480 rows, as usual for a weekday.")
    )  # fmt: skip
    found.append(
        Signal(name="volume/quarantined", topic="volume", value=10 * refused, limit=1.0,
               exceeded=refused > 0.1, sentence="Refused rows.", details={"value": refused})
    )  # fmt: skip
    found.append(
        Signal(name="system/score", topic="system", value=0.3, limit=1.0, sentence="31 s.")
    )  # fmt: skip
    return found


def window(number: int, draw: np.random.Generator, hostile: str = "") -> WindowRecord:
    drifted = number > DRIFT
    seen = signals(number, draw, hostile)
    verdict = DriftVerdict(
        decision="retrain" if drifted else "quiet",
        severity="high" if drifted else None,
        reasons=[one.sentence for one in seen if one.alarm] or ["15 things are within limits."],
        moved=[one.name for one in seen if one.alarm],
    )  # fmt: skip
    return WindowRecord(
        model=MODEL, window=day_of(number), days=1, version=3 if number < 40 else 4,
        reference="ab12cd34", rows=int(9_000 + 900 * np.sin(number) + draw.integers(500)),
        verdict=verdict, signals=seen, judged_at=judged_at(number),
        report=f"runs/monitor/{MODEL}/{day_of(number)}/index.html",
    )  # fmt: skip


def figures(draw: np.random.Generator) -> list[Figure]:
    """Labels a week late; the estimate sees nothing of the fall."""
    found = []
    usual = {
        "average_precision": (0.55, 60.0),
        "auroc": (0.93, 60.0),
        "precision_at_100": (0.31, 100.0),
    }
    for number in range(COUNT):
        for metric, (value, weight) in usual.items():
            half = 1.96 * (value * (1 - value) / weight) ** 0.5
            base = {
                "metric": metric, "day": day_of(number), "version": 3, "rows": 9_480,
                "weight": weight,
            }  # fmt: skip
            guess = value + 0.02 + draw.normal(0, 0.01)
            found.append(
                Figure(**base, source="estimate", value=guess, low=guess - half, high=guess + half,
                       labelled=9_480, made_of="e")
            )  # fmt: skip
            if number < COUNT - 7:
                seen = value + draw.normal(0, half / 2) - (0.12 if number >= DRIFT else 0)
                found.append(
                    Figure(**base, source="labels", value=seen, low=max(0, seen - half),
                           high=min(1, seen + half), labelled=9_480, days_late=7.0, made_of="l")
                )  # fmt: skip
    return found


def watched(home: Settings, hostile: str = "") -> OpsDb:
    """Ten weeks of card_fraud: two champions, a short volume alert, then a drift that goes on."""
    draw = np.random.default_rng(5)
    db = OpsDb.open(home)
    drifted = f"card_fraud: amount{hostile} moved by 1.9 standard deviations"
    with db.write() as session:
        corrections.lock(session, MODEL)
        ledger.lock(session)
        for version, number in ((3, -20), (4, 40)):
            promotion.append(
                session,
                change(version, model=MODEL, at=judged_at(number),
                       from_version=None if version == 3 else 3, why=f"better on frauds{hostile}"),
                expected=None if version == 3 else 3,
            )  # fmt: skip
        monitoring.keep_calibration(
            session,
            Calibration(
                model=MODEL, reference="ab12cd34", binning=Binning(model=MODEL, columns=()),
                days=tuple(day_of(number) for number in range(56)), policy=MonitorPolicy(),
                limits=(),
                level=0.01, false_alarms_per_month=0.42, made_at=judged_at(56),
            ),
        )  # fmt: skip
        for number in range(COUNT):
            monitoring.keep_window(session, window(number, draw, hostile))
        early = incidents.begin(
            session, MODEL, "volume", severity="low", since=day_of(20), window=day_of(21),
            headline="card_fraud: 40 % of the usual rows", causes=["Two files came late."],
            moved=["volume/rows"], now=judged_at(21),
        )  # fmt: skip
        incidents.close(session, early.incident_id, day_of(22), judged_at(22))
        late = incidents.begin(
            session, MODEL, "drift", severity="high", since=day_of(DRIFT), window=day_of(DRIFT + 1),
            headline=drifted,
            causes=[
                f"amount{hostile}: every value is about twice the usual, as in another unit.",
                "output/probability follows: amount carries 30 % of the model's decisions.",
            ],
            moved=["input/amount", "output/probability"], now=judged_at(DRIFT + 1),
        )  # fmt: skip
        incidents.see(
            session, late.incident_id, severity="high", window=day_of(COUNT - 1), headline=drifted,
            causes=late.causes, moved=late.moved, now=judged_at(COUNT - 1),
        )  # fmt: skip
        incidents.follow(
            session, late.incident_id, "A training was not asked for yet: labels of the new regime "
            "are missing.", labels_missing=140,
        )  # fmt: skip
        breaker.turn(session, MODEL, paused=True, person="millrace", now=judged_at(30),
                     reason=f"60 % of the rows were refused{hostile}")  # fmt: skip
        breaker.turn(session, MODEL, paused=False, person="ada", now=judged_at(31), reason="mended")
    quality.write(Lake.open(home), home, MODEL, figures(draw))
    return db
