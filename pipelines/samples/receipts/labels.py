"""Key fields as people type them from the paper: right, and each in a way of their own."""

from random import Random

from pipelines.samples.receipts.invoice import Order
from pipelines.samples.receipts.merchants import Merchant
from pipelines.samples.receipts.receipt import Purchase

_TYPISTS = 4


def of_receipt(rng: Random, purchase: Purchase, seed: int) -> dict[str, str | None]:
    """The four fields of a receipt."""
    merchant = purchase.merchant
    typist = _typist(rng, seed)
    return {
        "company": _company(rng, merchant, typist),
        "date": merchant.day(purchase.when.date()),
        "address": _address(rng, merchant, typist),
        "total": _amount(rng, merchant, purchase.total, typist),
    }


def of_invoice_as_receipt(rng: Random, order: Order, seed: int) -> dict[str, str | None]:
    """The same four fields, of an invoice among receipts."""
    merchant = order.merchant
    typist = _typist(rng, seed)
    return {
        "company": _company(rng, merchant, typist),
        "date": merchant.day(order.day),
        "address": _address(rng, merchant, typist),
        "total": _amount(rng, merchant, order.due, typist),
    }


def of_invoice(rng: Random, order: Order, seed: int) -> dict[str, str | None]:
    """The fields of an invoice as a document type of its own."""
    merchant = order.merchant
    typist = _typist(rng, seed)
    return {
        "supplier": _company(rng, merchant, typist),
        "invoice_number": order.number,
        "invoice_date": merchant.day(order.day),
        "amount_due": _amount(rng, merchant, order.due, typist),
    }


def _typist(rng: Random, seed: int) -> Random:
    """One of a few people, each with habits that hold for all documents of a sample."""
    return Random(f"{seed}/typist/{rng.randrange(_TYPISTS)}")  # noqa: S311


def _usual(rng: Random, typist: Random, share: float) -> bool:
    """What this person usually does, against the habit now and then."""
    habit = typist.random() < share
    return habit if rng.random() < 0.93 else not habit


def _company(rng: Random, merchant: Merchant, typist: Random) -> str:
    name = merchant.name
    if "." in name and _usual(rng, typist, 0.1):
        name = name.replace(".", "")
    return name


def _address(rng: Random, merchant: Merchant, typist: Random) -> str:
    join = ", " if _usual(rng, typist, 0.7) else " "
    lines = [line.rstrip(",") for line in merchant.address]
    kept = all(line.endswith(",") for line in merchant.address[:-1])
    text = (", " if kept else join).join(lines)
    if text.endswith(".") and _usual(rng, typist, 0.2):
        text = text[:-1]
    return text


def _amount(rng: Random, merchant: Merchant, cents: int, typist: Random) -> str:
    money = merchant.money
    if _usual(rng, typist, 0.3):
        return money.full(cents).replace(" ", "")
    return money.bare(cents)
