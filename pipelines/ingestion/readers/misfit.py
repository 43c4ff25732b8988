"""Turns what pydantic found into one plain sentence and the short id of a rule."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

_RULES = {
    "extra_forbidden": "unknown_field",
    "missing": "missing_field",
    "finite_number": "not_finite",
    "too_short": "wrong_length",
    "too_long": "wrong_length",
    "string_too_short": "wrong_length",
    "string_too_long": "wrong_length",
}
_EXPECTED = {
    "string_type": "text",
    "float_type": "a number",
    "int_type": "a whole number",
    "list_type": "a list",
    "dict_type": "an object",
    "model_type": "an object",
    "datetime_type": "ISO 8601 text such as 2026-03-31T09:00:00Z",
}
_GIVEN = {str: "text", bool: "true or false", list: "a list", dict: "an object", int: "a number"}
_SHOWN = 80


def explain(error: ValidationError, model: type[BaseModel]) -> tuple[str, str]:
    """The rule and the reason of a document that does not fit `model`.

    The sentence names the place and the types, never the value: it goes into reports.
    """
    found = error.errors(include_url=False)
    first = found[0]
    rule = _RULES.get(first["type"], "wrong_type")
    place = _place(first["loc"])
    more = f" ({len(found) - 1} more of the kind)" if len(found) > 1 else ""
    return rule, _sentence(rule, place, first, model) + more


def _sentence(rule: str, place: str, error: Mapping[str, Any], model: type[BaseModel]) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if rule == "unknown_field":
        known = ", ".join(model.model_fields) if len(error["loc"]) == 1 else "see the JSON Schema"
        return f"unknown field {place}; expected only {known}. Remove it or mend its name"
    if rule == "missing_field":
        return f"{place} is missing. Add it"
    if rule == "not_finite":
        return f"{place} is not a finite number. Give a number or leave the line out"
    if rule == "wrong_length":
        least, most = context.get("min_length"), context.get("max_length")
        expected = f"at least {least}" if kind.endswith("too_short") else f"at most {most}"
        unit = "characters" if kind.startswith("string") else "values"
        return f"{place} has the wrong length; expected {expected} {unit}. Mend it"
    expected = _EXPECTED.get(kind) or str(context.get("error") or error["msg"])
    return f"{place} is {_kind(error['input'])}, expected {expected}. Write it as that type"


def _kind(value: Any) -> str:
    return "null" if value is None else _GIVEN.get(type(value), "a number")


def _place(location: tuple[int | str, ...]) -> str:
    """`pages[0].lines[3].box[2]`, cut where somebody's key is very long."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in location]
    text = "".join(parts).removeprefix(".") or "the line"
    return ascii(text)[1:-1][:_SHOWN]
