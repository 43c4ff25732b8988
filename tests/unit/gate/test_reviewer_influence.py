"""A reviewer from whom the model learns what is wrong is found by training without him."""

import pyarrow as pa
import pytest
from factories.corrections import correction, write
from factories.operations import NOW
from factories.receipts import row, table
from typer.testing import CliRunner

from pipelines import features, specs
from pipelines.cli.main import app
from pipelines.contracts import names
from pipelines.contracts.policy import ReviewPolicy
from pipelines.contracts.spec import ModelSpec
from pipelines.errors import NotFoundError
from pipelines.estimators import table as estimators
from pipelines.gate import influence
from pipelines.lake.features import feature_key, note
from pipelines.lake.golden import freeze, with_parts
from pipelines.lake.lake import Lake
from pipelines.opsdb import standings
from pipelines.opsdb.database import OpsDb
from pipelines.settings import Settings

KEY = names.DOCUMENT_ID
TEXTS = ["SHOP", "TOTAL RM", "7.00"]
TRUTH = {"total": "7.00"}


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Receipts of 7.00: 40 golden ones, 15 to train on, and 60 that nobody has typed."""
    monkeypatch.setitem(estimators._ESTIMATORS, "majority", ("fakes.majority", "Majority"))
    base = specs.model("receipts")
    spec = ModelSpec.model_validate(
        base.model_dump()
        | {
            "estimator": "majority",
            "fields": {"total": {"kind": "money"}},
            "split": {"group_by": "company", "unseen_group_share": 0, "seen_group_share": 0.1},
            "review": ReviewPolicy(hold_items=10).model_dump(),
        }
    )
    settings = Settings(home=tmp_path)
    lake = Lake.open(settings)
    golden = [row(f"gold-{number}", [*TEXTS, str(number)], TRUTH) for number in range(40)]
    typed = [row(f"typed-{number}", [*TEXTS, f"t {number}"], TRUTH) for number in range(15)]
    rows = table([
        *golden,
        *typed,
        *(row(f"d{number}", [*TEXTS, f"n {number}"]) for number in range(60)),
    ])
    hashes = pa.array([f"content-{one}" for one in rows[KEY].to_pylist()])
    rows = rows.append_column(names.CONTENT_HASH, hashes)
    lake.create(names.published_table(spec.dataset), rows.schema, [])
    snapshot = lake.append(names.published_table(spec.dataset), rows, {})
    key = feature_key(spec, snapshot)
    computed = features.compute(rows, spec)
    computed = computed.append_column(names.FEATURE_KEY, pa.array([key] * len(computed)))
    lake.create(names.features_table(spec.name), computed.schema, [])
    lake.append(names.features_table(spec.name), computed, note(key, snapshot, len(computed)))
    tested = with_parts(rows, KEY, {one[KEY]: names.SEEN_GROUP for one in golden})
    freeze(lake, settings, spec.name, KEY, tested, snapshot, 40)
    return {"spec": spec, "lake": lake, "db": OpsDb.open(settings), "home": tmp_path}


def measure(home):
    return influence.measure(home["spec"], lake=home["lake"], db=home["db"])


def say(home, reviewer, documents, value):
    write(
        home["db"],
        *(correction(f"d{one}", after=value, reviewer=reviewer) for one in documents),
    )


def hold_back(home, found):
    return influence.hold_back(found, home["spec"], db=home["db"], now=NOW)


def test_reviewer_who_lowers_the_score_is_held_back_once_and_the_good_one_is_not(home):
    say(home, "ann", range(20), "7.00")
    say(home, "gus", range(20, 60), "1.00")
    found = measure(home)
    assert [(one.reviewer, one.harmful) for one in found] == [("gus", True), ("ann", False)]
    assert found[0].gain > 0.9 and found[0].fields == 40
    [told] = hold_back(home, found)
    assert (told.reviewer, told.held, told.by) == ("gus", True, "millrace")
    assert "better without" in told.why and "for 40 labels" in told.why
    assert hold_back(home, found) == []
    with home["db"].read() as session:
        assert standings.held(session, "receipts") == {"gus"}
    assert [one.reviewer for one in measure(home)] == ["ann"]


def test_nobody_is_held_back_for_a_few_mistakes_that_the_model_does_not_learn(home):
    say(home, "ann", range(30), "7.00")
    say(home, "bob", range(30, 45), "1.00")
    found = measure(home)
    assert {one.reviewer: one.harmful for one in found} == {"ann": False, "bob": False}
    assert hold_back(home, found) == []


def test_command_shows_the_influence_and_holds_back_on_demand(home, monkeypatch):
    monkeypatch.setenv("MILLRACE_HOME", str(home["home"]))
    monkeypatch.setattr(specs, "model", lambda _: home["spec"])
    say(home, "ann", range(20), "7.00")
    say(home, "gus", range(20, 60), "1.00")
    done = CliRunner().invoke(app, ["corrections", "influence", "receipts"])
    assert done.exit_code == 0, (done.output, done.exception)
    told = [line.split("\t")[::4] for line in done.output.splitlines() if "\t" in line]
    assert told[-2:] == [["gus", "yes"], ["ann", "no"]], done.output
    said = CliRunner().invoke(app, ["corrections", "influence", "receipts", "--hold"]).output
    assert "gus is held back: the model is better without" in said
    with home["db"].read() as session:
        assert standings.held(session, "receipts") == {"gus"}


def test_reviewer_without_whom_nothing_can_be_trained_is_not_measured(home, monkeypatch):
    say(home, "ann", range(30), "7.00")
    say(home, "bob", range(30, 45), "7.00")
    whole = len(measure(home))
    monkeypatch.setattr("pipelines.training.step.MIN_TRAIN_ROWS", 35)
    assert (whole, [one.reviewer for one in measure(home)]) == (2, ["bob"])


def test_influence_is_not_told_when_nobody_has_said_enough(home):
    say(home, "ann", range(9), "7.00")
    with pytest.raises(NotFoundError, match="0 reviewers of whom 10 labels are learnt"):
        measure(home)


def test_influence_asks_for_features_when_there_are_none(home):
    spec = home["spec"].model_copy(update={"name": "invoices"})
    with pytest.raises(NotFoundError, match="millrace run train invoices"):
        measure(home | {"spec": spec})
