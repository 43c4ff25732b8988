"""The gate on a real registry and lake: versions trained here, checks made on their files."""

import hashlib
import json
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from factories.home import publish

from pipelines import evaluation, registry, specs, training
from pipelines.contracts import names
from pipelines.contracts.learning import Case, Labels
from pipelines.contracts.result import XCOM_LIMIT_BYTES, FeaturesResult, GateResult
from pipelines.contracts.spec import GatePolicy, ModelSpec
from pipelines.errors import NotFoundError, RefusedError
from pipelines.evaluation import EvaluationSpec
from pipelines.gate import step
from pipelines.gate.retrain import sample
from pipelines.gate.step import GateSpec
from pipelines.lake import labels
from pipelines.lake.golden import golden_keys, golden_table
from pipelines.lake.lake import Lake
from pipelines.registry import RegistrationSpec, Registry
from pipelines.settings import Settings
from pipelines.training import TrainSpec

pytestmark = pytest.mark.slow

SMALL = {
    "folds": 2, "word_models": 1, "word_trees": 15, "rank_trees": 15, "value_trees": 20,
    "render_trees": 15,
}  # fmt: skip
POLICY = GatePolicy(floor=0.3, field_floor=0.1, latency_ratio=20, calibration_error=0.5)


@dataclass
class Home:
    """Version 1, the champion, is meant; version 2 has shuffled labels; 3 is 1 registered anew."""

    settings: Settings
    lake: Lake
    registry: Registry
    model: ModelSpec
    features: FeaturesResult
    first: GateResult | None = None

    def add(self, plant=None, labels=None, **changes):
        model = self.model.model_copy(update=changes)
        deps = {"lake": self.lake, "settings": self.settings}
        given = TrainSpec(model=model, features=self.features, plant=plant, labels=labels)
        fitted = training.run(given, **deps)
        scored = evaluation.run(EvaluationSpec(model=model, training=fitted), **deps)
        made = RegistrationSpec(model=model, training=fitted, evaluation=scored)
        return registry.run(made, **deps).version

    def judge(self, version, cases=(), **policy):
        model = self.model.model_copy(update={"gate": POLICY.model_copy(update=policy)})
        return step.run(
            GateSpec(model=model, version=version),
            registry=self.registry,
            lake=self.lake,
            settings=self.settings,
            cases=cases,
        )

    def evidence(self, result, name):
        return (self.settings.root / result.evidence_dir / name).read_bytes()


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    settings = Settings(home=tmp_path_factory.mktemp("gate"))
    found = Registry.open(settings)
    found.prepare()
    model = specs.model("receipts").model_copy(update={"parameters": SMALL})
    features = publish(settings, model, sample(model, 220, 5))
    home = Home(settings, Lake.open(settings), found, model, features)
    assert home.add() == 1
    home.first = home.judge(1)
    found.point("receipts", "champion", 1)
    assert home.add(plant="shuffled_labels") == 2
    assert home.add(plant="tenth_of_data") == 3
    return home


def test_gate_promotes_a_first_model_when_it_clears_the_floors(home):
    assert home.first.verdict.decision == "promote", home.first.verdict.reasons
    assert home.first.champion is None
    assert home.first.golden_rows > 30
    assert len(json.dumps(home.first.to_xcom())) < XCOM_LIMIT_BYTES


def test_gate_rejects_with_scores_in_sentences_when_labels_were_shuffled(home):
    result = home.judge(2)
    assert result.verdict.decision == "reject"
    assert result.champion == 1
    assert "The overall score on" in result.verdict.reasons[0]
    assert home.registry.resolve("receipts", 2).tags["plant"] == "shuffled_labels"
    assert len(json.dumps(result.to_xcom())) < XCOM_LIMIT_BYTES


def test_evidence_holds_everything_when_two_models_were_compared(home):
    result = home.judge(2)
    whole = home.evidence(result, "evidence.json")
    assert hashlib.sha256(whole).hexdigest() == result.evidence_hash
    facts = json.loads(whole)
    assert facts["policy"]["margin"] == 0.01 and facts["verdict"]["decision"] == "reject"
    differing = json.loads(home.evidence(result, "differences.json"))
    assert len({one["row"] for one in differing}) == 10
    assert {"champion", "candidate", "truth", "better"} <= differing[0].keys()
    assert b"| golden | all | overall |" in home.evidence(result, "table.md")
    for picture in ("scores.png", "differences.png"):
        assert home.evidence(result, picture).startswith(b"\x89PNG")


def test_gate_gives_the_same_evidence_when_it_is_run_again(home):
    assert home.judge(2) == home.judge(2)


def test_gate_decides_anew_when_the_policy_changes(home):
    one, other = home.judge(3), home.judge(3, min_rows=10_000)
    assert one.evidence_dir != other.evidence_dir
    assert not any("at least 10000 decide" in reason for reason in one.verdict.reasons)


def test_golden_rows_are_test_rows_and_none_is_trained_on(home):
    split = pq.read_table(home.registry.split_file(home.registry.resolve("receipts", 1)))
    trained = split.filter(pc.equal(split[names.PART], names.TRAIN))["document_id"].to_pylist()
    golden = golden_keys(home.lake, "receipts", "document_id")
    assert len(golden) == home.first.golden_rows
    assert not golden & set(trained)


def test_golden_rows_stay_as_they_were_when_the_gate_is_run_again(home):
    before = home.lake.current_snapshot(golden_table("receipts"))
    home.judge(3, margin=0.011)
    assert home.lake.current_snapshot(golden_table("receipts")) == before


def test_gate_rejects_when_golden_rows_were_trained_on(home):
    version = home.registry.resolve("receipts", 3)
    path = home.registry.split_file(version)
    kept = path.read_bytes()
    split = pq.read_table(path).to_pydict()
    golden = sorted(golden_keys(home.lake, "receipts", "document_id"))[0]
    at = split["document_id"].index(golden)
    split["part"][at] = names.TRAIN
    pq.write_table(pa.table(split), path)
    try:
        verdict = home.judge(3).verdict
    finally:
        path.write_bytes(kept)
    assert verdict.decision == "reject"
    assert "1 are in the training data" in verdict.reasons[0]


def test_gate_rejects_without_a_score_when_the_artefact_was_swapped(home):
    mine, other = (home.registry.folder(home.registry.resolve("receipts", n)) for n in (3, 1))
    name = "spec.json"
    kept = (mine / name).read_bytes()
    (mine / name).write_bytes((other / name).read_bytes() + b" ")
    try:
        result = home.judge(3)
    finally:
        (mine / name).write_bytes(kept)
    assert result.verdict.decision == "reject"
    assert any("changed after the training" in reason for reason in result.verdict.reasons)
    assert result.table == []


def test_gate_rejects_when_model_yaml_asks_for_other_fields(home):
    fields = {name: one for name, one in home.model.fields.items() if name != "total"}
    model = home.model.model_copy(update={"gate": POLICY, "fields": fields})
    spec = GateSpec(model=model, version=3)
    deps = {"registry": home.registry, "lake": home.lake, "settings": home.settings}
    verdict = step.run(spec, **deps).verdict
    assert verdict.decision == "reject"
    assert "model.yaml asks for company (name), date (date), address" in verdict.reasons[0]


def test_gate_rejects_when_the_run_did_not_come_to_its_end(home):
    run, client = home.registry.resolve("receipts", 3).run_id, home.registry.client()
    client.update_run(run, status="FAILED")
    try:
        verdict = home.judge(3).verdict
    finally:
        client.update_run(run, status="FINISHED")
    assert verdict.decision == "reject"
    assert "did not come to its end" in verdict.reasons[0]


def test_gate_rejects_when_the_lock_or_snapshot_is_not_recorded(home):
    home.registry.tag(home.registry.resolve("receipts", 3), "lock_hash", "unlocked")
    assert "it must name a snapshot of the lake and a lock" in home.judge(3).verdict.reasons[0]


def test_gate_refuses_when_version_is_the_champion_or_is_not_there(home):
    with pytest.raises(RefusedError, match="is the champion"):
        home.judge(1)
    with pytest.raises(NotFoundError, match="no version"):
        home.judge(77)


def test_gate_scores_recent_rows_by_what_reviewers_said_and_golden_ones_as_they_were(home):
    rows = home.lake.read(names.published_table("receipts"))
    said = pa.Table.from_pylist(
        [
            {
                names.DOCUMENT_ID: key,
                names.CONTENT_HASH: None,
                names.FIELDS: [("date", "31.12.1999")],
            }
            for key in rows[names.DOCUMENT_ID].to_pylist()
        ],
        schema=labels.schema(names.DOCUMENT_ID),
    )
    given = labels.publish(home.lake, home.settings, "receipts", said, until=1, batches=[1])
    version = home.add(labels=given, seed=11)
    tags = home.registry.resolve("receipts", version).tags
    assert Labels.model_validate_json(tags["labels"]) == given
    assert (tags["batches"], tags["labels_snapshot_id"]) == ("1", str(given.snapshot_id))
    case = {"before": "1.00", "wanted": None, "model_version": 1, "correction_id": 1}
    case |= {"content_hash": None, "adjudicated": False}
    past = [
        Case(document_id=key, field=field, **case)
        for key in rows[names.DOCUMENT_ID].to_pylist()[:20]
        for field in ("date", "total")
    ]
    result = home.judge(version, cases=past)
    scores = {(one.rows, one.field): one for one in result.table if one.slice == "all"}
    assert scores["golden", "date"].champion > 0.5
    assert ("recent", "date") not in scores or not scores["recent", "date"].champion
    told = json.loads(home.evidence(result, "regression.json"))
    assert told["overall"]["cases"] == 40 and told["fields"]["total"]["candidate"] == 0
    assert told["fields"]["date"]["candidate"] >= told["fields"]["date"]["champion"]
    assert 0 < told["untrained"]["cases"] < 40
    assert home.judge(version, cases=past) == result
    assert home.judge(version).evidence_dir != result.evidence_dir
