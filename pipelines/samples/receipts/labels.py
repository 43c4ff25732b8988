"""Key fields as people type them from the paper: right, and each in a way of their own."""

from dataclasses import dataclass
from random import Random

from pipelines.samples.receipts.invoice import Order
from pipelines.samples.receipts.merchants import Merchant
from pipelines.samples.receipts.receipt import Purchase

_TYPISTS = 4
_SLIP = 0.08
"""How often a person does not do what that person usually does."""


@dataclass(frozen=True)
class _Habits:
    """How one person types, of all documents alike."""

    drops_points: bool
    joins_with_comma: bool
    drops_last_stop: bool
    keeps_currency: bool


def of_receipt(rng: Random, purchase: Purchase, seed: int) -> dict[str, str | None]:
    """The four fields of a receipt."""
    merchant = purchase.merchant
    typist = _typist(rng, merchant, seed)
    return {
        "company": _company(merchant, typist),
        "date": merchant.day(purchase.when.date()),
        "address": _address(merchant, typist),
        "total": _amount(merchant, purchase.total, typist),
    }


def of_invoice_as_receipt(rng: Random, order: Order, seed: int) -> dict[str, str | None]:
    """The same four fields, of an invoice among receipts."""
    merchant = order.merchant
    typist = _typist(rng, merchant, seed)
    return {
        "company": _company(merchant, typist),
        "date": merchant.day(order.day),
        "address": _address(merchant, typist),
        "total": _amount(merchant, order.due, typist),
    }


def of_invoice(rng: Random, order: Order, seed: int) -> dict[str, str | None]:
    """The fields of an invoice as a document type of its own."""
    merchant = order.merchant
    typist = _typist(rng, merchant, seed)
    return {
        "supplier": _company(merchant, typist),
        "invoice_number": order.number,
        "invoice_date": merchant.day(order.day),
        "amount_due": _amount(merchant, order.due, typist),
    }


def _typist(rng: Random, merchant: Merchant, seed: int) -> _Habits:
    """One of a few people; the documents of a merchant mostly come to the same one."""
    number = len(merchant.registration + merchant.name) % _TYPISTS
    if rng.random() < 0.1:
        number = rng.randrange(_TYPISTS)
    person = Random(f"{seed}/typist/{number}")  # noqa: S311
    usual = [person.random() for _ in range(4)]
    slips = [rng.random() < _SLIP for _ in range(4)]
    shares = (0.1, 0.7, 0.2, 0.4)
    habits = [(at < share) != slip for at, share, slip in zip(usual, shares, slips, strict=True)]
    return _Habits(*habits)


def _company(merchant: Merchant, typist: _Habits) -> str:
    return merchant.name.replace(".", "") if typist.drops_points else merchant.name


def _address(merchant: Merchant, typist: _Habits) -> str:
    lines = [line.rstrip(",") for line in merchant.address]
    printed_commas = all(line.endswith(",") for line in merchant.address[:-1])
    join = ", " if printed_commas or typist.joins_with_comma else " "
    text = join.join(lines)
    return text.removesuffix(".") if typist.drops_last_stop else text


def _amount(merchant: Merchant, cents: int, typist: _Habits) -> str:
    money = merchant.money
    return money.full(cents).replace(" ", "") if typist.keeps_currency else money.bare(cents)
