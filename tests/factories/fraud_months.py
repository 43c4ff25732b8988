"""Real card purchases of some months, delivered day by day to a home as they would come.

Reading, training, gate, decision and monitor are the platform's own steps. What its Spark jobs do
(publish, features, predictions, sketches) is done here by the same functions in this process,
which tests/spark holds equal to the jobs: a scenario of months takes a minute and not ten.
"""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from factories.published import published_day
from factories.sketch_days import sketch
from pyiceberg.expressions import In

from pipelines import evaluation, features, registry, scoring, specs, training
from pipelines.contracts import names
from pipelines.contracts.correction import RetrainReason
from pipelines.contracts.decision import Answer, DecisionResult
from pipelines.contracts.monitor_result import MonitorResult
from pipelines.contracts.result import FeaturesResult, GateResult, TakenRequest
from pipelines.corrections.desk import Desk
from pipelines.evaluation import EvaluationSpec
from pipelines.gate import step as gate
from pipelines.gate.step import GateSpec
from pipelines.governance.decide import ask, decide
from pipelines.ingestion.record import Block, Limits
from pipelines.lake import predictions
from pipelines.lake.lake import Lake
from pipelines.lake.predictions import Made
from pipelines.lake.published import notes, publications
from pipelines.monitoring import known
from pipelines.monitoring.look import Deps
from pipelines.monitoring.plan import plan
from pipelines.monitoring.step import JudgeSpec
from pipelines.monitoring.step import run as judge
from pipelines.opsdb import ledger
from pipelines.opsdb.database import OpsDb
from pipelines.registry import RegistrationSpec, Registry
from pipelines.scoring.choose import choose
from pipelines.settings import Settings
from pipelines.training import TrainSpec

MODEL, DATASET = "card_fraud", "card_transactions"
KEY = "transaction_id"
LABEL_DAYS = 7
"""Days after which it is known whether a purchase was a fraud."""
_COLUMNS = ["TRANSACTION_ID", "TX_DATETIME", "CUSTOMER_ID", "TERMINAL_ID", "TX_AMOUNT", "TX_FRAUD"]
_LIMITS = Limits(max_line_bytes=10**6, max_file_bytes=10**9, max_image_pixels=10**6)


def purchases(
    source: Path, folder: Path, cards: int, change: pl.Expr | None = None
) -> dict[str, pa.Table]:
    """Purchases by day of every `cards`-th card, read as ingestion reads them.

    `change` is what the column TX_AMOUNT becomes on its way.
    """
    found = pl.concat(
        pl.read_csv(path, columns=_COLUMNS) for path in sorted(source.glob("transactions_*.csv.gz"))
    ).filter(pl.col("CUSTOMER_ID") % cards == 0)
    if change is not None:
        found = found.with_columns(change.round(2).alias("TX_AMOUNT"))
    path = folder / "purchases.csv"
    found.write_csv(path)
    dataset = specs.dataset(DATASET)
    read = specs.resolve(dataset.formats[dataset.default_format])
    blocks = [one for one in read(path, _LIMITS) if isinstance(one, Block)]
    rows = pa.concat_tables([one.rows for one in blocks]).combine_chunks()
    days = pc.strftime(rows["at"], format="%Y-%m-%d")
    rows = rows.append_column(names.DAY, days).sort_by([
        (names.DAY, "ascending"),
        (KEY, "ascending"),
    ])
    return {
        day: rows.filter(pc.equal(rows[names.DAY], day))
        for day in sorted(pc.unique(rows[names.DAY]).to_pylist())
    }


class Months:
    """A home to which the purchases come, and who works in it."""

    def __init__(self, settings: Settings, days: dict[str, pa.Table]) -> None:
        self.settings, self.days = settings, days
        self.lake, self.db = Lake.open(settings), OpsDb.open(settings)
        self.registry = Registry.open(settings)
        self.registry.prepare()
        self.spec = specs.model(MODEL)
        self.stores: dict[str, Any] = {
            "lake": self.lake, "db": self.db, "registry": self.registry,
        }  # fmt: skip
        self._labelled: dict[str, bool] = {}

    def come(self, until: str, today: str) -> None:
        """What was bought until a day is published, with the labels that are known today."""
        known_until = _back(today, LABEL_DAYS + 1)
        new = [
            day
            for day in self.days
            if day <= until and self._labelled.get(day) != (day <= known_until)
        ]
        self._labelled |= {day: day <= known_until for day in new}
        parts = [
            self.days[day] if self._labelled[day] else _unlabelled(self.days[day]) for day in new
        ]
        table, rows = names.published_table(DATASET), pa.concat_tables(parts)
        self.lake.create(table, rows.schema, [names.DAY])
        states = {
            day: published_day(f"{day} of {today}", len(part))
            for day, part in zip(new, parts, strict=True)
        }
        found = self.lake._catalog.load_table(table)
        found.overwrite(rows, In(names.DAY, new), snapshot_properties=notes(states))

    def train(self, today: str, run: str) -> tuple[TakenRequest, GateResult]:
        """One training to its verdict, as `train__card_fraud` makes it."""
        now = _at(today)
        why = RetrainReason(key=run, kind="schedule", detail="weekly", person="millrace", at=now)
        desk = Desk.open(MODEL, self.settings)
        taken = desk.take(run, why, now)
        assert taken is not None
        deps = {"lake": self.lake, "settings": self.settings}
        spec = TrainSpec(
            model=self.spec, features=self._features(run), labels=taken.labels, regime=taken.regime
        )
        fitted = training.run(spec, **deps)
        scored = evaluation.run(EvaluationSpec(model=self.spec, training=fitted), **deps)
        made = RegistrationSpec(model=self.spec, training=fitted, evaluation=scored)
        version = registry.run(made, **deps).version
        desk.finish(run, version, now)
        judged = GateSpec(model=self.spec, version=version)
        word = gate.run(judged, registry=self.registry, **deps)
        people = {"db": self.db, "registry": self.registry, "now": now}
        ask(word, author="millrace", hours=72, **people)
        return taken, word

    def approve(self, word: GateResult, today: str, why: str) -> DecisionResult:
        """An approver's word on what the gate did not reject; on an open question it says so."""
        answer = Answer(
            model=MODEL, version=word.version, choice="promote", person="ben", why=why, via="cli",
            override=word.verdict.decision == "inconclusive",
        )  # fmt: skip
        people = {"db": self.db, "registry": self.registry, "now": _at(today)}
        return decide(answer, spec=self.spec, settings=self.settings, **people)

    def score(self) -> None:
        """The champion answers every published row that it has not."""
        with self.db.read() as session:
            (pin,) = choose(MODEL, None, ledger.rows(session, MODEL), self.registry)
        table = names.predictions_table(MODEL)
        snapshot, rows = self._published()
        published = publications(self.lake, DATASET, snapshot)
        due = predictions.due(
            pin,
            {day: one.snapshot_id for day, one in published.items()},
            predictions.states(self.lake, MODEL),
        )
        answered = set(
            self.lake.read(table, where={names.MODEL_VERSION: pin.version}, columns=[KEY])[
                KEY
            ].to_pylist()
            if self.lake.exists(table)
            else ()
        )
        artefact = self.registry.load(self.registry.resolve(MODEL, pin.version))
        found = scoring.predict(artefact, rows)
        extra = {
            names.DAY: rows[names.DAY],
            names.CONTENT_HASH: rows[names.CONTENT_HASH],
            names.MODEL_VERSION: pa.array([pin.version] * len(rows), pa.int32()),
            names.ROLE: pa.array([pin.role] * len(rows), pa.string()),
            names.INPUT_SNAPSHOT_ID: pa.array([snapshot] * len(rows), pa.int64()),
        }
        for name, column in extra.items():
            found = found.append_column(name, column)
        # What was answered stays: a label that came late is no reason to answer again.
        known_rows = pa.array([key in answered for key in found[KEY].to_pylist()], pa.bool_())
        found = found.filter(pc.invert(known_rows))
        self.lake.create(table, found.schema, [names.DAY, names.MODEL_VERSION])
        states = {
            (pin.version, day): one.model_copy(update={"rows_in": published[day].rows})
            for day, one in (due.score | due.note).items()
        }
        made = Made(
            token=f"{pin.version} {snapshot}", input_snapshot_id=snapshot,
            added={pin.version: len(found)}, removed={}, refused={},
        )  # fmt: skip
        self.lake.append(table, found, predictions.notes(states, made))

    def watch(self, today: str) -> MonitorResult:
        """Every complete day that was not judged yet, as `monitor__card_fraud` judges it."""
        now = _at(today)
        found = known.read(self.spec, settings=self.settings, now=now, **self.stores)
        planned = plan(self.spec, found, window=None, calibrate=False)
        deps = Deps(settings=self.settings, now=now, **self.stores)
        snapshot, rows = self._published()
        binning = sketch(planned, self.lake, self.spec, snapshot, rows)
        spec = JudgeSpec(model=self.spec, plan=planned, binning=binning)
        return judge(spec, deps)

    def precision(self, days: list[str]) -> float:
        """Average precision of what was answered on these days, by labels that came later."""
        shown = predictions.read(self.lake, MODEL, days=days).sort_by(KEY)
        truth = pa.concat_tables([self.days[day] for day in days]).sort_by(KEY)
        assert shown[KEY].to_pylist() == truth[KEY].to_pylist()
        from sklearn.metrics import average_precision_score

        found = average_precision_score(
            truth["fraud"].to_numpy(zero_copy_only=False), shown[names.PROBABILITY].to_numpy()
        )
        return float(found)

    def _published(self) -> tuple[int, pa.Table]:
        table = names.published_table(DATASET)
        snapshot = self.lake.current_snapshot(table)
        assert snapshot is not None
        return snapshot, self.lake.read(table, snapshot_id=snapshot).sort_by(KEY)

    def _features(self, run: str) -> FeaturesResult:
        snapshot, rows = self._published()
        made = features.compute(rows, self.spec)
        schema = specs.resolve(self.spec.features_schema)(self.spec)
        made = made.select(schema.names).cast(schema)
        key = f"features of {snapshot}"
        made = made.append_column(names.FEATURE_KEY, pa.array([key] * len(made)))
        table = names.features_table(MODEL)
        self.lake.create(table, made.schema, [])
        return FeaturesResult(
            model=MODEL, table=table, snapshot_id=self.lake.append(table, made, {}),
            input_snapshot_id=snapshot, feature_key=key, rows=len(made), reused=False,
        )  # fmt: skip


def _unlabelled(rows: pa.Table) -> pa.Table:
    place = rows.schema.get_field_index("fraud")
    return rows.set_column(place, rows.schema.field(place), pa.nulls(len(rows), pa.bool_()))


def _at(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T06:00:00").replace(tzinfo=UTC)


def _back(day: str, days: int) -> str:
    return (date.fromisoformat(day) - timedelta(days=days)).isoformat()
