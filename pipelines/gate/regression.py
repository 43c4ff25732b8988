"""Whether old mistakes come back: the settled errors of the past, answered again.

Reported beside the verdict and no part of it: most of the cases were trained on since, so a good
figure is expected, and a case that the champion reads and the candidate does not is what people
want to see.
"""

from collections.abc import Collection, Sequence

import pyarrow as pa

from pipelines import specs
from pipelines.contracts.learning import Case
from pipelines.contracts.names import FIELDS
from pipelines.contracts.regression import Answered, Regression, Tally
from pipelines.contracts.spec import ModelSpec
from pipelines.estimators.artefact import Artefact
from pipelines.extraction.normalise import by_value
from pipelines.lake.golden import contents
from pipelines.scoring.batch import predict

SHOWN = 50
"""Cases that are listed one by one."""


def regression(
    cases: Sequence[Case],
    models: Sequence[Artefact],
    published: pa.Table,
    trained: Collection[str],
    spec: ModelSpec,
) -> Regression:
    """Answers every case with the candidate and, where given, the champion behind it.

    `published` are the documents at the candidate's snapshot, `trained` the keys of those it
    was trained on.
    """
    key = specs.key(spec)
    found = dict(zip(published[key].to_pylist(), contents(published, key), strict=True))
    there = [
        case
        for case in cases
        if case.document_id in found and case.content_hash in {None, found[case.document_id]}
    ]
    wanted = {case.document_id for case in there}
    rows = published.filter(pa.array([row in wanted for row in found], pa.bool_()))
    answers = [_answers(model, rows, key) for model in models] if there else [{} for _ in models]
    said = [[one.get(case.document_id, {}).get(case.field) for one in answers] for case in there]
    right = [
        [_right(value, case, spec) for value in values]
        for case, values in zip(there, said, strict=True)
    ]
    every = range(len(there))
    return Regression(
        overall=_tally(right, every, len(models)),
        fields={
            name: _tally(right, chosen, len(models))
            for name in spec.fields
            if (chosen := [at for at in every if there[at].field == name])
        },
        untrained=_tally(
            right, [at for at in every if there[at].document_id not in trained], len(models)
        ),
        gone=len(cases) - len(there),
        came_back=[
            Answered(case=there[at], candidate=said[at][0], champion=said[at][1])
            for at in every
            if len(models) > 1 and right[at][1] and not right[at][0]
        ][:SHOWN],
    )


def _answers(model: Artefact, rows: pa.Table, key: str) -> dict[str, dict[str, str | None]]:
    answers = predict(model, rows)
    return {
        name: {field["name"]: field["value"] or None for field in fields}
        for name, fields in zip(answers[key].to_pylist(), answers[FIELDS].to_pylist(), strict=True)
    }


def _right(value: str | None, case: Case, spec: ModelSpec) -> bool:
    if value is None or case.wanted is None:
        return value is case.wanted
    kind = spec.fields[case.field].kind
    return by_value(value, kind) == by_value(case.wanted, kind)


def _tally(right: Sequence[Sequence[bool]], chosen: Sequence[int], models: int) -> Tally:
    counts = [sum(right[at][which] for at in chosen) for which in range(models)]
    return Tally(cases=len(chosen), candidate=counts[0], champion=counts[1] if models > 1 else None)
