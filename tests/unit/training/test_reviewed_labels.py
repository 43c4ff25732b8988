"""What reviewers said joins the labels of a training, field by field, at one snapshot."""

import pyarrow as pa
import pytest
from factories.home import publish, simple_spec
from factories.receipts import receipts, row, table

from pipelines import evaluation, tasks
from pipelines.contracts import names
from pipelines.contracts.learning import Labels
from pipelines.errors import BadDataError, MisconfiguredError
from pipelines.evaluation import EvaluationSpec
from pipelines.lake import labels as labels_of
from pipelines.lake.golden import freeze, with_parts
from pipelines.lake.lake import Lake
from pipelines.settings import Settings
from pipelines.training import TrainSpec, run
from pipelines.training.step import labelled_rows

pytestmark = pytest.mark.slow

KEY = names.DOCUMENT_ID
TEXTS = ["NEW SHOP", "NO. 1", "DATE: 01/02/2018", "TOTAL RM", "7.00"]


@pytest.fixture
def spec(monkeypatch):
    return simple_spec(monkeypatch)


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path)


def documents(*more):
    rows = pa.concat_tables([receipts(60), table(list(more))])
    hashes = pa.array([f"content-{name}" for name in rows[KEY].to_pylist()])
    return rows.append_column(names.CONTENT_HASH, hashes)


def said(settings, labels, *, content="content-{}", until=9, batches=(4,)):
    rows = pa.Table.from_pylist(
        [
            {KEY: name, names.CONTENT_HASH: content.format(name), names.FIELDS: list(one.items())}
            for name, one in labels.items()
        ],
        schema=labels_of.schema(KEY),
    )
    lake = Lake.open(settings)
    return labels_of.publish(lake, settings, "receipts", rows, until=until, batches=batches)


def rows_of(settings, spec, features, labels):
    given = TrainSpec(model=spec, features=features, labels=labels)
    found = labelled_rows(given, Lake.open(settings)).to_pylist()
    return {one[KEY]: (dict(one[names.FIELDS]), one[names.PART]) for one in found}


def test_reviewed_labels_win_field_by_field_when_the_document_had_its_own(settings, spec):
    features = publish(settings, spec, documents())
    before = rows_of(settings, spec, features, None)
    name = next(one for one, (_, part) in before.items() if part == names.TRAIN)
    labels = said(settings, {name: {"total": "1.23", "address": None}})
    after = rows_of(settings, spec, features, labels)
    assert after[name][0] == before[name][0] | {"total": "1.23", "address": None}
    assert {one: found for one, found in after.items() if one != name} == {
        one: found for one, found in before.items() if one != name
    }


def test_a_field_nobody_looked_at_stays_unknown_when_the_document_had_no_labels(settings, spec):
    features = publish(settings, spec, documents(row("bare", TEXTS), row("other", TEXTS)))
    labels = said(settings, {"bare": {"total": "7.00", "date": None}})
    found = rows_of(settings, spec, features, labels)
    assert found["bare"][0] == {"total": "7.00", "date": None}
    assert "other" not in found


def test_labels_of_another_content_are_left_out_when_the_document_changed(settings, spec):
    features = publish(settings, spec, documents(row("bare", TEXTS)))
    labels = said(settings, {"bare": {"total": "7.00"}}, content="older-{}")
    assert "bare" not in rows_of(settings, spec, features, labels)


def test_a_merchant_that_is_kept_from_training_stays_so_when_nobody_named_him(settings, spec):
    features = publish(settings, spec, documents())
    before = rows_of(settings, spec, features, None)
    unseen = next(one for one, (_, part) in before.items() if part == names.UNSEEN_GROUP)
    company = before[unseen][0]["company"]
    fresh = [row(f"fresh-{n}", [company, f"NO. {n}", "TOTAL RM", f"{n}.00"]) for n in range(8)]
    features = publish(settings, spec, documents(*fresh))
    labels = said(settings, {f"fresh-{n}": {"total": f"{n}.00"} for n in range(8)})
    found = rows_of(settings, spec, features, labels)
    assert {found[f"fresh-{n}"][1] for n in range(8)} == {names.UNSEEN_GROUP}


def test_a_short_name_is_not_found_on_pages_of_others(spec):
    rows = table([
        row("a", ["BIG STORE", "KOPI"], {"company": "KOPI"}),
        row("b", ["BIG STORE", "KOPI 2.00"], {"total": "2.00"}),
        row("c", ["KEDAI AMAN", "2.00"], {"company": "Kedai Aman"}),
        row("d", ["KEDAI-AMAN", "3.00"], {"total": "3.00"}),
        row("e", ["KEDAI AMAN", "4.00"], {"company": None}),
    ])
    found = tasks.task("extraction").examples(rows, spec)
    assert list(found.groups) == ["KOPI", None, "Kedai Aman", "Kedai Aman", None]


def test_a_golden_document_is_never_trained_on_when_reviewers_label_it(settings, spec):
    features = publish(settings, spec, documents())
    lake = Lake.open(settings)
    before = rows_of(settings, spec, features, None)
    name = next(one for one, (_, part) in before.items() if part == names.TRAIN)
    published = lake.read(names.published_table("receipts"))
    frozen = with_parts(published, KEY, {name: names.SEEN_GROUP})
    freeze(lake, settings, "receipts", KEY, frozen, features.input_snapshot_id, 10)
    labels = said(settings, {name: {"total": "1.23"}})
    assert rows_of(settings, spec, features, labels)[name][1] == names.SET_ASIDE


def test_training_is_another_one_when_labels_differ_and_the_same_for_equal_labels(
    settings, spec, tmp_path
):
    features = publish(settings, spec, documents())

    def key(labels):
        return TrainSpec(model=spec, features=features, labels=labels).key()

    first = said(settings, {"doc-0001": {"total": "1.23"}})
    again = said(settings, {"doc-0001": {"total": "1.23"}})
    other = said(settings, {"doc-0001": {"total": "1.24"}})
    elsewhere = said(Settings(home=tmp_path / "b"), {"doc-0001": {"total": "1.23"}})
    assert again == first
    batch = said(settings, {"doc-0001": {"total": "1.23"}}, batches=(5, 3))
    assert (batch.batches, batch.snapshot_id) == ([3, 5], first.snapshot_id)
    assert key(elsewhere) == key(first)
    assert len({key(None), key(first), key(other)}) == 3


def test_model_file_is_the_same_when_reviewers_said_what_was_known(settings, spec):
    features = publish(settings, spec, documents())
    known = {one: fields for one, (fields, _) in rows_of(settings, spec, features, None).items()}
    lake = Lake.open(settings)
    plain = run(TrainSpec(model=spec, features=features), lake=lake, settings=settings)
    labels = said(settings, known)
    given = TrainSpec(model=spec, features=features, labels=labels)
    reviewed = run(given, lake=lake, settings=settings)
    assert reviewed.artefact_hash == plain.artefact_hash
    assert reviewed.labels == labels


def test_training_is_made_again_from_its_record_when_later_labels_came(settings, spec, tmp_path):
    features = publish(settings, spec, documents())
    lake = Lake.open(settings)
    before = rows_of(settings, spec, features, None)
    trained = [one for one, (_, part) in before.items() if part == names.TRAIN]
    labels = said(settings, {one: {"total": "9.99"} for one in trained[:10]})
    first = run(
        TrainSpec(model=spec, features=features, labels=labels), lake=lake, settings=settings
    )
    said(settings, {one: {"total": "8.88"} for one in trained}, until=20)
    record = Labels.model_validate_json(labels.model_dump_json())
    again = run(
        TrainSpec(model=spec, features=features, labels=record),
        lake=lake,
        settings=Settings(home=tmp_path / "scratch"),
    )
    plain = run(TrainSpec(model=spec, features=features), lake=lake, settings=settings)
    assert again.artefact_hash == first.artefact_hash != plain.artefact_hash


@pytest.mark.slow  # a whole report with its pictures
def test_evaluation_scores_against_what_reviewers_said(settings, spec):
    features = publish(settings, spec, documents())
    lake = Lake.open(settings)
    parts = rows_of(settings, spec, features, None)
    tested = [one for one, (_, part) in parts.items() if part in names.TEST_PARTS]
    labels = said(settings, {one: {"date": "01/01/1999"} for one in tested})
    given = TrainSpec(model=spec, features=features, labels=labels)
    training = run(given, lake=lake, settings=settings)
    found = evaluation.run(
        EvaluationSpec(model=spec, training=training), lake=lake, settings=settings
    )
    assert found.headline["company"][0] > 0.5
    assert found.headline["date"][0] == 0


def test_labels_are_refused_when_a_document_stands_there_twice_or_has_no_fields(settings):
    twice = pa.Table.from_pylist(
        [{KEY: "a", names.CONTENT_HASH: None, names.FIELDS: [("total", "1")]}] * 2,
        schema=labels_of.schema(KEY),
    )
    with pytest.raises(BadDataError, match="one row a document"):
        labels_of.publish(Lake.open(settings), settings, "receipts", twice, until=1)
    with pytest.raises(MisconfiguredError, match="no column 'fields'"):
        labels_of.join(pa.table({KEY: ["a"]}), twice.slice(0, 1), KEY)
