"""Settled errors become cases; candidate and champion answer them again, and it is reported."""

import pyarrow as pa
import pytest
from factories.corrections import correction, write
from factories.home import simple_spec
from factories.receipts import row, table

from pipelines.contracts import names
from pipelines.contracts.learning import Case
from pipelines.corrections.cases import cases
from pipelines.estimators.artefact import Artefact
from pipelines.extraction.schema import PREDICTIONS
from pipelines.gate.regression import regression
from pipelines.opsdb.database import OpsDb
from pipelines.settings import Settings

TEXTS = ["ACME TRADING", "NO. 1, JALAN", "DATE: 01/02/2018", "CASH", "100.00", "TOTAL", "9.00"]


@pytest.fixture
def spec(monkeypatch):
    return simple_spec(monkeypatch)


class Says:
    """A model that answers the same to every document."""

    def __init__(self, **answers):
        self.answers = answers

    def predict(self, features: pa.Table) -> pa.Table:
        fields = [
            {"name": name, "value": value, "confidence": 0.9, "boxes": []}
            for name, value in self.answers.items()
        ]
        rows = [
            {"document_id": name, "fields": fields} for name in features["document_id"].to_pylist()
        ]
        return pa.Table.from_pylist(rows, schema=PREDICTIONS)


def documents(*ids):
    rows = table([row(one, TEXTS) for one in ids])
    return rows.append_column(names.CONTENT_HASH, pa.array([f"c-{one}" for one in ids]))


def case(document="d1", field="total", wanted="9.00", **changes):
    content = {
        "document_id": document,
        "content_hash": f"c-{document}",
        "field": field,
        "before": "100.00",
        "wanted": wanted,
        "model_version": 1,
        "correction_id": 1,
        "adjudicated": False,
    }
    return Case.model_validate(content | changes)


def test_cases_are_the_settled_errors_that_change_a_value(tmp_path, spec):
    db = OpsDb.open(Settings(home=tmp_path))
    write(
        db,
        correction("d1", "total", "8.00", content_hash="c1"),
        correction("d1", "company", "ACME"),  # was right
        correction("d2", "total", "RM9.00"),  # the same amount in other letters
        correction("d3", "date", None),
        correction("d4", "total", None, verdict="unreadable"),
        correction("d5", "total", "7.00"),
        correction("d5", "total", "6.00", reviewer="bob"),  # they differ, nobody settled it
        correction("d6", "total", "7.00"),
        correction("d6", "total", "6.00", reviewer="eve", adjudicates=True),
        correction("golden", "total", "1.00"),
    )
    with db.read() as session:
        found = cases(session, spec, golden={"golden"})
        earlier = cases(session, spec, golden=set(), until=1)
    assert [(one.document_id, one.field, one.wanted, one.adjudicated) for one in found] == [
        ("d1", "total", "8.00", False),
        ("d3", "date", None, False),
        ("d6", "total", "6.00", True),
    ]
    assert found[0].content_hash == "c1" and found[0].before == "9.00"
    assert [one.document_id for one in earlier] == ["d1"]


def test_regression_tells_what_came_back_and_counts_by_value(spec):
    candidate = Artefact(spec, Says(total="100.00", date="01/02/2018", company=None))
    champion = Artefact(spec, Says(total="RM 9.00", date="02/02/2018", company="ACME"))
    given = [
        case("d1"),
        case("d2"),
        case("d1", "date", "1/2/2018"),
        case("d2", "company", None),
        case("d3", "date", "05/05/2018"),
        case("gone"),
        case("d2", "total", content_hash="another"),
    ]
    found = regression(given, [candidate, champion], documents("d1", "d2", "d3"), {"d1"}, spec)
    assert (found.overall.cases, found.overall.candidate, found.overall.champion) == (5, 2, 2)
    assert (found.fields["total"].candidate, found.fields["total"].champion) == (0, 2)
    assert found.fields.keys() == {"company", "date", "total"}
    assert (found.untrained.cases, found.untrained.candidate) == (3, 1)
    assert found.gone == 2
    assert [one.case.document_id for one in found.came_back] == ["d1", "d2"]
    assert (found.came_back[0].candidate, found.came_back[0].champion) == ("100.00", "RM 9.00")


def test_regression_of_a_first_model_or_without_cases_has_no_champion(spec):
    only = Artefact(spec, Says(total="9.00"))
    found = regression([case("d1")], [only], documents("d1"), set(), spec)
    assert (found.overall.candidate, found.overall.champion, found.came_back) == (1, None, [])
    nothing = regression([], [only], documents("d1"), set(), spec)
    assert nothing.overall.cases == 0 and nothing.fields == {}
