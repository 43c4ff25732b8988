"""Label Studio's JSON export as rows of corrections.

A task is one document: `data.document_id` names it (`data.content_hash` its content). Each
annotation is one reviewer's: `completed_by` becomes `labelstudio-NUMBER`, or what stands before the
@ of an e-mail address. Cancelled annotations say nothing. Its results are read by their kind:

- `rectanglelabels`: the label is the field, the box (percent of `original_width` and
  `original_height`) where it stands; `item_index` is the page.
- `textarea`: the value. It belongs to the rectangle with the same id, else its `from_name` is the
  field. Several rectangles of one field are lines of one value, in their order.
- `choices`: `from_name` is the field, or the field and `_verdict`. `right`, `absent` and
  `unreadable` are verdicts, any other choice is the value.

Reference: https://labelstud.io/guide/task_format
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipelines.corrections.importing import content_key

_VERDICTS = {"right", "absent", "unreadable"}
_SUFFIX = "_verdict"


@dataclass
class _Said:
    """What an annotation says of one field."""

    texts: list[str] = field(default_factory=list)
    boxes: list[dict[str, Any]] = field(default_factory=list)
    verdict: str | None = None


def rows(export: Sequence[Any]) -> Iterator[dict[str, Any] | str]:
    """A row a field of each annotation, or in its place why there is none, in order."""
    for number, task in enumerate(export, start=1):
        try:
            yield from _task(task)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            yield f"task {number} is not as Label Studio exports it: {error!r}"


def _task(task: Mapping[str, Any]) -> Iterator[dict[str, Any] | str]:
    document = task["data"].get("document_id")
    if not isinstance(document, str):
        yield f"task {task.get('id')} has no text `document_id` in its `data`"
        return
    for annotation in task.get("annotations") or []:
        if annotation.get("was_cancelled"):
            continue
        for name, said in sorted(_by_field(annotation["result"]).items()):
            row: dict[str, Any] = {
                "document_id": document,
                "field": name,
                "verdict": said.verdict,
                "value": " ".join(said.texts) or None,
                "boxes": said.boxes,
                "reviewer": _reviewer(annotation.get("completed_by")),
            }
            if task["data"].get("content_hash") is not None:
                row["content_hash"] = task["data"]["content_hash"]
            # An annotation that was changed since is another word of the same reviewer.
            key = content_key(f"ls-{annotation['id']}", row)
            at = annotation.get("updated_at") or annotation.get("created_at")
            yield row | {"key": key, "at": at}


def _by_field(results: Sequence[Mapping[str, Any]]) -> dict[str, _Said]:
    labels = {
        one["id"]: one["value"]["rectanglelabels"][0]
        for one in results
        if one["type"] == "rectanglelabels"
    }
    found: dict[str, _Said] = {}
    for one in results:
        name = labels.get(one.get("id"), one["from_name"])
        value = one["value"]
        match one["type"]:
            case "rectanglelabels":
                found.setdefault(name, _Said()).boxes.append(_place(one))
            case "textarea":
                found.setdefault(name, _Said()).texts += [text.strip() for text in value["text"]]
            case "choices":
                said = found.setdefault(one["from_name"].removesuffix(_SUFFIX), _Said())
                choice = value["choices"][0]
                if choice.lower() in _VERDICTS:
                    said.verdict = choice.lower()
                else:
                    said.texts.append(choice)
    return found


def _place(result: Mapping[str, Any]) -> dict[str, Any]:
    value = result["value"]
    wide, high = result["original_width"] / 100, result["original_height"] / 100
    left, top = value["x"] * wide, value["y"] * high
    box = [left, top, left + value["width"] * wide, top + value["height"] * high]
    return {"page": result.get("item_index", 0), "box": box}


def _reviewer(who: Any) -> str | None:
    if isinstance(who, Mapping):
        who = who.get("email") or who.get("id")
    if who is None:
        return None
    if isinstance(who, int):
        return f"labelstudio-{who}"
    name = re.sub(r"[^a-z0-9_.-]", "-", who.split("@")[0].lower())
    return name if name[:1].isalpha() else f"labelstudio-{name}"
