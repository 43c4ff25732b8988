"""What stands of what reviewers said: one item is one field of one document. Pure.

Of each reviewer the newest word that was not undone counts. An adjudicator's word settles an
item. Else it is settled when all say the same and enough have spoken: two where the document has
a second review, one elsewhere. Whoever is held back has not spoken.
"""

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from pipelines.contracts.correction import StoredCorrection
from pipelines.contracts.spec import ModelSpec
from pipelines.extraction.normalise import by_value

Key = tuple[str, str]
"""Document and field."""
Same = Callable[[str, str], str]
"""`(field, value) -> canonical form`: equal forms are the same answer."""
Answer = tuple[str, str]
"""`value`, `absent` or `unreadable`, and the canonical value."""


@dataclass(frozen=True)
class Item:
    """Where the words on one field of one document stand."""

    document_id: str
    field: str
    state: Literal["settled", "pending", "disputed"]
    """`pending` waits for another reviewer, `disputed` for an adjudicator."""
    opinions: tuple[StoredCorrection, ...]
    """One a reviewer, in the order of writing."""
    answer: StoredCorrection | None
    """Whose value stands, in its spelling; None while it is not settled."""
    agreeing: tuple[int, ...]
    """Numbers of the opinions that say the same as the answer."""
    adjudicated: bool
    """An adjudicator's word, not mere agreement."""


def same_value(spec: ModelSpec) -> Same:
    """By the kind of the model's field: `RM 9.00` and `9.00` are one amount."""

    def canonical(field: str, value: str) -> str:
        declared = spec.fields.get(field)
        return by_value(value, declared.kind if declared else "text") or value

    return canonical


def answer(said: StoredCorrection, same: Same) -> Answer:
    """What a correction says, to be compared with what others say."""
    if said.verdict == "unreadable":
        return ("unreadable", "")
    if said.after is None:
        return ("absent", "")
    return ("value", same(said.field, said.after))


def opinions(rows: Iterable[StoredCorrection]) -> dict[Key, list[StoredCorrection]]:
    """The newest word of each reviewer on each item, undone ones left out."""
    said = list(rows)
    undone = {row.undoes for row in said}
    newest: dict[tuple[str, str, str], StoredCorrection] = {}
    for row in sorted(said, key=lambda one: one.correction_id):
        if row.undoes is None and row.correction_id not in undone:
            newest[row.document_id, row.field, row.reviewer] = row
    found: dict[Key, list[StoredCorrection]] = {}
    for row in sorted(newest.values(), key=lambda one: one.correction_id):
        found.setdefault((row.document_id, row.field), []).append(row)
    return found


def settle(
    rows: Iterable[StoredCorrection],
    *,
    seconded: Container[str],
    held: Container[str],
    same: Same,
) -> dict[Key, Item]:
    """The state of every item that anybody spoke on, in order of document and field.

    `rows` as the table has them, `seconded` the documents with a second review, `held` the
    reviewers who do not count.
    """
    return {
        key: _item(key, said, 2 if key[0] in seconded else 1, held, same)
        for key, said in sorted(opinions(rows).items())
    }


def _item(
    key: Key, said: list[StoredCorrection], needed: int, held: Container[str], same: Same
) -> Item:
    counting = [one for one in said if one.reviewer not in held]
    # Nobody is asked in place of a reviewer who was held back: the other's word is enough.
    needed = max(1, needed - (len(said) - len(counting)))
    judges = [one for one in counting if one.adjudicates]
    answers = {answer(one, same) for one in counting}
    if judges:
        stands: StoredCorrection | None = judges[-1]
    elif len(answers) == 1 and len(counting) >= needed:
        stands = counting[0]
    else:
        stands = None
    return Item(
        document_id=key[0],
        field=key[1],
        state="settled" if stands else "disputed" if len(answers) > 1 else "pending",
        opinions=tuple(counting),
        answer=stands,
        agreeing=tuple(
            one.correction_id
            for one in counting
            if stands and answer(one, same) == answer(stands, same)
        ),
        adjudicated=bool(judges),
    )


def new_to_training(
    items: Mapping[Key, Item],
    rows: Iterable[StoredCorrection],
    claimed: Container[int],
    same: Same,
) -> tuple[list[int], list[Item]]:
    """What no batch has yet: all rows to claim, and the items among them that count.

    An item counts where it teaches another answer than was predicted, and no batch had that same
    answer to it, by whomever and whether undone since or not.
    """
    before = {
        ((row.document_id, row.field), answer(row, same))
        for row in rows
        if row.correction_id in claimed
    }
    members: list[int] = []
    counted: list[Item] = []
    for key, item in items.items():
        fresh = [one for one in item.agreeing if one not in claimed]
        members += fresh
        if item.answer is None or not fresh:
            continue
        if item.answer.changes and (key, answer(item.answer, same)) not in before:
            counted.append(item)
    return sorted(members), counted
