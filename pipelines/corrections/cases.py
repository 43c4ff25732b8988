"""The regression set: every settled error of a model, each with the answer that stands."""

from collections.abc import Container

from pipelines.contracts.correction import StoredCorrection
from pipelines.contracts.learning import Case
from pipelines.contracts.spec import ModelSpec
from pipelines.corrections import state
from pipelines.corrections.settle import Item, Same, same_value
from pipelines.opsdb.database import Session


def cases(
    session: Session, spec: ModelSpec, *, golden: Container[str], until: int | None = None
) -> list[Case]:
    """Errors that reviewers settled, in order of document and field, up to a correction.

    Left out are spellings of the same value, fields the model does not declare any more, and
    golden documents, whose corrections are proposals until a person accepts them.
    """
    found, same = state.read(session, spec, until=until), same_value(spec)
    return [
        _case(item, item.answer)
        for item in found.items.values()
        if item.document_id not in golden
        and item.field in spec.fields
        and item.answer is not None
        and _errs(item.answer, same)
    ]


def _errs(said: StoredCorrection, same: Same) -> bool:
    if said.after is None or said.before is None:
        return said.changes
    return same(said.field, said.after) != same(said.field, said.before)


def _case(item: Item, said: StoredCorrection) -> Case:
    hashes = [one.content_hash for one in item.opinions if one.content_hash]
    return Case(
        document_id=item.document_id,
        content_hash=hashes[0] if hashes else None,
        field=item.field,
        before=said.before,
        wanted=said.after,
        model_version=said.model_version,
        correction_id=said.correction_id,
        adjudicated=item.adjudicated,
    )
