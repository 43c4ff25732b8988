"""The words of the invented world, read from world.yaml beside this module."""

from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict

Goods = tuple[str, int, int]
"""Name on the till, lowest and highest price in cents."""


class _Words(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Region(_Words):
    """How addresses, companies, money and dates are written somewhere."""

    share: float
    currency: str
    tax_name: str
    tax_percent: int
    cent_rounding: int
    """Cash is rounded to this many cents."""
    decimal_comma: bool
    legal_forms: tuple[str, ...]
    registration: tuple[str, ...]
    tax_number: tuple[str, ...]
    phone: tuple[str, ...]
    street: tuple[str, ...]
    district: tuple[str, ...]
    towns: tuple[tuple[str, str, str], ...]
    """Beginning of the post code, town, state or nothing."""
    town_line: tuple[str, ...]
    dates: tuple[str, ...]
    code_length: int
    """Digits of a post code; British ones have their own shape."""


class Trade(_Words):
    """A kind of shop."""

    names: tuple[str, ...]
    goods: tuple[Goods, ...]


class World(_Words):
    """All of it."""

    surnames: tuple[str, ...]
    adjectives: tuple[str, ...]
    streets: tuple[str, ...]
    staff: tuple[str, ...]
    regions: dict[str, Region]
    trades: dict[str, Trade]
    services: tuple[Goods, ...]
    thanks: tuple[str, ...]
    terms: tuple[str, ...]


@cache
def world() -> World:
    """The words, checked once."""
    path = Path(__file__).with_name("world.yaml")
    return World.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
