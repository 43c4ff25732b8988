"""A home of scored days with labels that come when the test says, without Spark."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pyarrow as pa
from factories.scoring import publish

from pipelines import specs
from pipelines.contracts import names
from pipelines.contracts.scoring import CHAMPION
from pipelines.contracts.spec import ModelSpec
from pipelines.lake import predictions
from pipelines.lake.lake import Lake
from pipelines.lake.predictions import DayState, Made
from pipelines.opsdb.database import OpsDb
from pipelines.settings import Settings

FIRST = date(2026, 1, 5)
CARD = "card_fraud"


def day_of(number: int) -> str:
    return (FIRST + timedelta(days=number)).isoformat()


class Watched:
    """Days of purchases, of which each is fraud with the probability that was predicted."""

    def __init__(self, folder, **policy):
        self.settings = Settings(home=folder)
        self.lake, self.db = Lake.open(self.settings), OpsDb.open(self.settings)
        found = specs.model(CARD)
        monitoring = found.monitoring.model_copy(update=policy)
        self.spec: ModelSpec = found.model_copy(update={"monitoring": monitoring})
        self.states: dict = {}

    def day(self, number, *, rows=200, labelled=True, wrong=0.0, version=3):
        """Publishes and scores a day; of the share `wrong` label and probability are unrelated."""
        draw = np.random.default_rng(number)
        chance = draw.beta(0.25, 2.0, rows)
        fraud = draw.random(rows) < np.where(draw.random(rows) < wrong, chance.mean(), chance)
        at = datetime.combine(FIRST, datetime.min.time(), UTC) + timedelta(days=number, hours=9)
        keys = [f"t{number:03d}-{row:04d}" for row in range(rows)]
        table = pa.table({
            "transaction_id": keys,
            "at": pa.array([at + timedelta(seconds=row) for row in range(rows)]),
            "customer_id": [f"c{draw.integers(rows // 2)}" for _ in range(rows)],
            "terminal_id": [f"s{draw.integers(40)}" for _ in range(rows)],
            "amount": draw.gamma(2, 30, rows),
            "fraud": pa.array(fraud, pa.bool_(), mask=np.full(rows, not labelled)),
        })  # fmt: skip
        day = day_of(number)
        published = publish(self.settings, self.spec.dataset, {day: table})
        answers = pa.table({
            "transaction_id": keys,
            names.PROBABILITY: chance,
            names.DAY: [day] * rows,
            names.MODEL_VERSION: pa.array([version] * rows, pa.int64()),
        })
        self.score(day, answers, published, rows, version)

    def score(self, day, answers, published, rows, version):
        """What the score job leaves: once a day and version, whatever is published again."""
        name = names.predictions_table(self.spec.name)
        if (version, day) in self.states:
            return
        state = DayState(published=published, role=CHAMPION, since=version, rows_in=rows, refused=0)
        self.states[version, day] = state
        self.lake.create(name, answers.schema, [names.DAY])
        made = Made(
            token="t", input_snapshot_id=published, added={version: rows}, removed={}, refused={}
        )
        self.lake.append(name, answers, predictions.notes({(version, day): state}, made))
