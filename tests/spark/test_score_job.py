"""The scoring job on a real Spark: each row once a version, and the champion alone is shown."""

import pyarrow as pa
import pytest
from factories import scoring as factory
from factories.landed import page, row

from pipelines import specs
from pipelines.contracts import names
from pipelines.errors import BadDataError, NotFoundError
from pipelines.ingestion.documents import landed_schema
from pipelines.lake import predictions
from pipelines.lake.lake import Lake
from pipelines.scoring import predict
from spark_jobs import score
from spark_jobs.tables import ENVELOPE

pytestmark = pytest.mark.spark
MONDAY, TUESDAY, WEDNESDAY = "2026-01-05", "2026-01-06", "2026-01-07"
_SCHEMA = pa.schema([field for field in landed_schema() if field.name not in ENVELOPE])


def documents(*numbers: int, **changes: object) -> pa.Table:
    found = [row(number, **changes) for number in numbers]
    return pa.Table.from_pylist(
        [one | {names.FIELDS: list(one[names.FIELDS].items())} for one in found], schema=_SCHEMA
    )


def poisoned(*numbers: int) -> pa.Table:
    bad = page()
    bad["lines"][0]["text"] = factory.POISON
    return documents(*numbers, **{names.PAGES: [bad]})


class Home:
    """One model with its data set in the tests' home."""

    def __init__(self, settings, spec, folder):
        self.settings, self.spec, self.folder = settings, spec, folder
        self.lake = Lake.open(settings)
        self.artefacts = {seed: factory.fit(spec, seed) for seed in (1, 2)}
        self.pins = {n: factory.pin(one, folder, n) for n, one in self.artefacts.items()}
        self.runs = 0

    def publish(self, **days):
        return factory.publish(self.settings, self.spec.dataset, days)

    def pin(self, version, **changes):
        return self.pins[version].model_copy(update=changes)

    def score(self, *pins, days=(), snapshot=None, away=False):
        """`away`: there is no Spark to reach."""
        self.runs += 1
        changes = {"spark_remote": "sc://127.0.0.1:1"} if away else {}
        settings = self.settings.model_copy(update=changes)
        token = f"{self.spec.name}-{self.runs}"
        return score.run(self.spec.name, pins, snapshot, days, token, settings)

    def shown(self):
        found = predictions.read(self.lake, self.spec.name).to_pylist()
        return {one[names.DOCUMENT_ID]: one for one in found}

    def expected(self, version):
        """What `millrace predict` answers for what is published, by id."""
        rows = self.lake.read(names.published_table(self.spec.dataset))
        found = predict(self.artefacts[version], rows).to_pylist()
        return {one[names.DOCUMENT_ID]: one[names.PROBABILITY] for one in found}

    def answers(self):
        return {key: one[names.PROBABILITY] for key, one in self.shown().items()}

    def table(self, **where):
        return self.lake.read(names.predictions_table(self.spec.name), where=where)


@pytest.fixture
def home(spark_settings, dataset, monkeypatch, tmp_path):
    def make(name):
        spec = factory.spec(name, dataset(name))
        monkeypatch.setattr(specs, "model", lambda asked: {name: spec}[asked])
        return Home(spark_settings, spec, tmp_path)

    return make


def test_rows_are_scored_once_and_anew_when_they_change(home):
    one = home("scored")
    first = one.publish(**{MONDAY: documents(*range(1, 31)), TUESDAY: documents(31, 32)})

    result = one.score(one.pin(1))

    assert one.answers() == one.expected(1) and len(one.answers()) == 32
    (version,) = result.versions
    assert (version.version, version.role, version.days) == (1, "champion", 2)
    assert (version.rows_in, version.rows_scored, version.rows_refused) == (32, 32, 0)
    assert (version.rows_added, version.rows_removed, result.changed) == (32, 0, True)
    # Again: nothing is made and nothing is started.
    again = one.score(one.pin(1), away=True)
    assert (again.changed, again.snapshot_id) == (False, result.snapshot_id)
    assert again.versions == [version.model_copy(update={"rows_added": 0})]

    # A new day; and of Monday a document is gone, one has another content, one is new.
    monday = pa.concat_tables([
        documents(*range(3, 31)),
        documents(2, **{names.CONTENT_HASH: "other"}),
        documents(40),
    ])
    second = one.publish(**{MONDAY: monday, WEDNESDAY: documents(50)})
    (version,) = one.score(one.pin(1)).versions

    assert one.answers() == one.expected(1)
    assert (version.rows_in, version.rows_scored) == (33, 33)
    assert (version.rows_added, version.rows_removed) == (3, 2)
    shown = one.shown()
    assert {shown[f"doc-{number:04d}"][names.INPUT_SNAPSHOT_ID] for number in (3, 31)} == {first}
    newest = predictions.newest(one.lake, one.spec.name)
    assert set(newest[names.INPUT_SNAPSHOT_ID].to_pylist()) == {second}
    assert sorted(newest[names.DOCUMENT_ID].to_pylist()) == ["doc-0002", "doc-0040", "doc-0050"]
    day = predictions.read(one.lake, one.spec.name, days=[WEDNESDAY], columns=[names.DOCUMENT_ID])
    assert day.to_pydict() == {names.DOCUMENT_ID: ["doc-0050"]}


def test_no_partition_mixes_versions_when_the_champion_changes(home):
    one = home("changed")
    one.publish(**{MONDAY: documents(1, 2, 3), TUESDAY: documents(4)})
    one.score(one.pin(1))

    one.score(one.pin(2), days=[MONDAY])  # the others are still those of the first version
    assert {row[names.DAY]: row[names.MODEL_VERSION] for row in one.shown().values()} == {
        MONDAY: 2,
        TUESDAY: 1,
    }
    one.score(one.pin(2))

    assert one.answers() == one.expected(2) != one.expected(1)
    assert {row[names.MODEL_VERSION] for row in one.shown().values()} == {2}
    assert one.table().num_rows == 8
    files = one.lake._catalog.load_table(names.predictions_table("changed")).inspect.files()
    parts = [tuple(part.values()) for part in files["partition"].to_pylist()]
    assert sorted(parts) == [(MONDAY, 1), (MONDAY, 2), (TUESDAY, 1), (TUESDAY, 2)]
    # A late try of the first version's run takes nothing back; a rollback does, without Spark.
    one.score(one.pin(1), away=True)
    assert one.answers() == one.expected(2)
    back = one.score(one.pin(1, since=3), away=True)
    assert back.changed and one.answers() == one.expected(1)
    assert not one.score(one.pin(1, since=3), away=True).changed


def test_shadow_is_scored_beside_and_shown_when_it_becomes_champion(home):
    one = home("shadowed")
    one.publish(**{MONDAY: documents(1, 2, 3)})

    result = one.score(one.pin(1), one.pin(2, role="shadow"))

    assert [(found.version, found.role, found.rows_added) for found in result.versions] == [
        (1, "champion", 3),
        (2, "shadow", 3),
    ]
    assert len(one.lake.history(result.table)) == 1
    assert one.answers() == one.expected(1)
    shadows = one.table(role="shadow").to_pylist()
    assert {row[names.DOCUMENT_ID]: row[names.PROBABILITY] for row in shadows} == one.expected(2)
    assert predictions.newest(one.lake, one.spec.name).num_rows == 3

    promoted = one.score(one.pin(2, role="champion", since=3))
    assert promoted.versions[0].rows_added == 0
    assert one.answers() == one.expected(2)
    assert set(one.table(model_version=2)[names.ROLE].to_pylist()) == {"champion"}


def test_row_that_cannot_be_scored_is_refused_with_its_reason(home):
    one = home("poisoned")
    one.publish(**{MONDAY: pa.concat_tables([documents(*range(1, 12)), poisoned(12)])})

    result = one.score(one.pin(1))

    (version,) = result.versions
    assert (version.rows_in, version.rows_scored, version.rows_refused) == (12, 11, 1)
    assert result.refused == {"not_computable": 1}
    rows = one.lake.read(names.published_table(one.spec.dataset))
    sound = rows.filter(pa.compute.not_equal(rows[names.DOCUMENT_ID], "doc-0012"))
    assert one.answers() == {
        row[names.DOCUMENT_ID]: row[names.PROBABILITY]
        for row in predict(one.artefacts[1], sound).to_pylist()
    }
    (refused,) = one.lake.read(names.refused_table(one.spec.name)).to_pylist()
    assert (refused[names.DOCUMENT_ID], refused[names.RULE]) == ("doc-0012", "not_computable")
    assert refused[names.REASON] == "ValueError: this document is poisoned"
    assert not one.score(one.pin(1), away=True).changed

    one.publish(**{TUESDAY: pa.concat_tables([documents(20), poisoned(21)])})
    with pytest.raises(BadDataError, match=r"1 of 2 rows .* over the quarantine limit of 25%"):
        one.score(one.pin(1))
    assert len(one.answers()) == 11
    assert one.lake.read(names.refused_table(one.spec.name)).num_rows == 2


def test_names_of_what_does_not_exist_are_told(home):
    one = home("missing")
    with pytest.raises(NotFoundError, match="ingest documents first"):
        one.score(one.pin(1), away=True)
    one.publish(**{MONDAY: documents(1)})

    with pytest.raises(NotFoundError, match=f"2026-02-01; published: {MONDAY} to {MONDAY}"):
        one.score(one.pin(1), days=["2026-02-01"], away=True)
    with pytest.raises(NotFoundError, match="no snapshot 7"):
        one.score(one.pin(1), snapshot=7, away=True)
    assert predictions.states(one.lake, one.spec.name) == {}

    # Rows that no publication accounts for would be passed over in silence.
    table = one.lake._catalog.load_table(names.published_table(one.spec.dataset))
    table.append(table.scan().to_arrow())
    with pytest.raises(BadDataError, match="holds 2 rows, and the notes of its commits tell of 1"):
        one.score(one.pin(1), away=True)
