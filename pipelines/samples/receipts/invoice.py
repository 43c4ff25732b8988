"""Sets one order as an invoice on a full page: a letterhead, a table and what is to be paid."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from pipelines.samples.receipts.merchants import Merchant
from pipelines.samples.receipts.receipt import Item
from pipelines.samples.receipts.sheet import Paper, Sheet
from pipelines.samples.receipts.words import world

_COLUMNS = 78
_HEIGHT = 1180


@dataclass(frozen=True)
class Order:
    """What is invoiced; amounts in cents."""

    merchant: Merchant
    customer: str
    day: date
    number: str
    items: tuple[Item, ...]
    tax: int
    deposit: int

    @property
    def subtotal(self) -> int:
        return sum(item.amount for item in self.items)

    @property
    def total(self) -> int:
        return self.subtotal + self.tax

    @property
    def due(self) -> int:
        return self.total - self.deposit


def order(rng: Random, merchant: Merchant, day: date) -> Order:
    """An order of services and goods."""
    items = tuple(
        Item(name, rng.choice((1, 1, 2, 3, 5)), rng.randint(low, high) // 50 * 50)
        for name, low, high in rng.sample(world().services, rng.randint(1, 6))
    )
    subtotal = sum(item.amount for item in items)
    tax = subtotal * merchant.region.tax_percent // 100
    deposit = (subtotal + tax) // 4 if rng.random() < 0.25 else 0
    return Order(merchant, _customer(rng), day, _number(rng, merchant, day), items, tax, deposit)


def _customer(rng: Random) -> str:
    return f"{rng.choice(world().adjectives)} {rng.choice(world().surnames)} Group"


def _number(rng: Random, merchant: Merchant, day: date) -> str:
    """Invoice numbers have a shape of their merchant's own."""
    serial = rng.randint(1, 99999)
    shapes = (
        f"INV-{serial:05d}",
        f"{day.year}/{serial:04d}",
        f"IN{day:%y%m}{serial:05d}",
        f"{merchant.name[0].upper()}{serial:06d}",
        f"{serial:06d}",
    )
    return shapes[len(merchant.name) % len(shapes)]


def lay_out(rng: Random, placed: Order) -> Paper:
    """The invoice as text on paper."""
    merchant = placed.merchant
    style = merchant.style
    sheet = Sheet(_COLUMNS, 15, "sans" if style.font == "sans" else "mono", margin=3.5)
    _letterhead(sheet, merchant)
    sheet.gap(1)
    sheet.left(rng.choice(("INVOICE", "TAX INVOICE", "Invoice")), scale=1.8, bold=True)
    _meta(sheet, placed)
    sheet.gap(1)
    _table(sheet, placed)
    _sums(sheet, placed)
    sheet.gap(2)
    sheet.left(f"Please pay within 30 days to account {rng.randint(10**8, 10**9 - 1)}.")
    sheet.left(f"{merchant.name} · {merchant.registration} · {merchant.tax_number}")
    return sheet.done(minimum=_HEIGHT)


def _letterhead(sheet: Sheet, merchant: Merchant) -> None:
    centred = merchant.style.centred
    sheet.head(merchant.name, centred=centred, scale=1.4, bold=True)
    for line in (*merchant.address, merchant.phone):
        sheet.head(line, centred=centred)


def _meta(sheet: Sheet, placed: Order) -> None:
    merchant = placed.merchant
    labels = (
        ("Invoice No.", "Invoice Date", "Due Date"),
        ("Invoice #:", "Date:", "Payment due:"),
        ("Our reference", "Date of issue", "Pay by"),
    )[len(merchant.name) % 3]
    values = (
        placed.number,
        merchant.day(placed.day),
        merchant.day(placed.day + timedelta(days=30)),
    )
    sheet.row(("Bill to:", 0))
    for label, value, left in zip(labels, values, (placed.customer, "Accounts", ""), strict=True):
        sheet.row((left, 0), (label, 44), (value, 62))


def _table(sheet: Sheet, placed: Order) -> None:
    money = placed.merchant.money
    sheet.row(("Description", 0), ("Qty", -48), ("Unit price", -63), ("Amount", -_COLUMNS))
    sheet.rule("-")
    for item in placed.items:
        sheet.row(
            (item.name.capitalize(), 0),
            (str(item.count), -48),
            (money.bare(item.price), -63),
            (money.bare(item.amount), -_COLUMNS),
        )
    sheet.rule("-")


def _sums(sheet: Sheet, placed: Order) -> None:
    merchant = placed.merchant
    money, region = merchant.money, merchant.region
    rows = [
        ("Subtotal", money.bare(placed.subtotal)),
        (f"{region.tax_name} {region.tax_percent}%", money.bare(placed.tax)),
        ("Total", money.full(placed.total)),
    ]
    if placed.deposit:
        rows.append(("Deposit paid", money.bare(-placed.deposit)))
    word = ("Amount due", "Balance due", "To pay")[len(merchant.name) % 3]
    rows.append((word, money.full(placed.due)))
    for label, value in rows:
        sheet.row((label, 44), (value, -_COLUMNS))
