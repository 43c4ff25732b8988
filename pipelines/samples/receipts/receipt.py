"""Sets one purchase as a till receipt, in the way of its merchant."""

from dataclasses import dataclass
from datetime import datetime
from random import Random

from pipelines.samples.receipts.merchants import Merchant
from pipelines.samples.receipts.sheet import Paper, Sheet
from pipelines.samples.receipts.words import world


@dataclass(frozen=True)
class Item:
    """One line of a purchase, amounts in cents."""

    name: str
    count: int
    price: int

    @property
    def amount(self) -> int:
        return self.count * self.price


@dataclass(frozen=True)
class Purchase:
    """What was bought, when, and what it came to; amounts in cents."""

    merchant: Merchant
    when: datetime
    number: str
    items: tuple[Item, ...]
    discount: int
    tax: int
    rounding: int
    total: int
    paid: int
    by_card: bool

    @property
    def subtotal(self) -> int:
        return sum(item.amount for item in self.items)


def buy(rng: Random, merchant: Merchant, when: datetime) -> Purchase:
    """A purchase at a merchant; prices include the tax where the till says so."""
    goods = world().trades[merchant.trade].goods
    count = min(len(goods), 1 + int(rng.expovariate(0.38)))
    items = tuple(
        Item(name, rng.choice((1, 1, 1, 1, 2, 3)), _price(rng, low, high))
        for name, low, high in rng.sample(goods, count)
    )
    subtotal = sum(item.amount for item in items)
    discount = rng.choice((5, 10)) * subtotal // 100 if rng.random() < 0.12 else 0
    percent = merchant.region.tax_percent
    inclusive = merchant.style.totals in ("inclusive", "plain")
    tax = 0 if inclusive else (subtotal - discount) * percent // 100
    exact = subtotal - discount + tax
    step = merchant.region.cent_rounding
    by_card = rng.random() < 0.45
    total = exact if by_card else (exact + step // 2) // step * step
    note = rng.choice((100, 500, 1000, 2000, 5000))
    paid = total if by_card or rng.random() < 0.2 else -(-total // note) * note
    number = "".join(rng.choice("0123456789") for _ in range(rng.choice((5, 6, 8, 10))))
    return Purchase(
        merchant, when, number, items, discount, tax, total - exact, total, paid, by_card
    )


def _price(rng: Random, low: int, high: int) -> int:
    cents = rng.randint(low, high)
    return cents // 10 * 10 + rng.choice((0, 0, 5, 9))


def lay_out(rng: Random, purchase: Purchase) -> Paper:
    """The receipt as text on paper."""
    merchant = purchase.merchant
    style = merchant.style
    sheet = Sheet(style.columns, style.size, style.font)
    _head(sheet, merchant)
    sheet.gap(0.4)
    if style.meta != "foot":
        _meta(rng, sheet, purchase)
    sheet.rule(style.rule)
    _items(rng, sheet, purchase)
    sheet.rule(style.rule)
    _totals(sheet, purchase)
    if style.tax_summary:
        _tax_summary(sheet, purchase)
    sheet.gap(0.6)
    if style.meta == "foot":
        _meta(rng, sheet, purchase)
    for text in rng.sample(world().terms, rng.choice((0, 1, 2))):
        sheet.centre(_case(merchant, text))
    sheet.centre(_case(merchant, rng.choice(world().thanks)))
    return sheet.done()


def _case(merchant: Merchant, text: str) -> str:
    return text.upper() if merchant.style.upper else text.capitalize()


def _head(sheet: Sheet, merchant: Merchant) -> None:
    style = merchant.style
    if style.brand_first:
        sheet.head(merchant.brand, centred=style.centred, scale=1.4, bold=True)
        sheet.head(merchant.name, centred=style.centred)
    else:
        sheet.head(merchant.name, centred=style.centred, scale=1.15, bold=True)
    blocks = {
        "registration": (merchant.registration,),
        "address": merchant.address,
        "phone": (merchant.phone,),
        "tax": (merchant.tax_number,),
    }
    for block in style.header:
        for line in blocks[block]:
            sheet.head(line, centred=style.centred)


def _meta(rng: Random, sheet: Sheet, purchase: Purchase) -> None:
    merchant = purchase.merchant
    style = merchant.style
    day = merchant.day(purchase.when.date())
    time = purchase.when.strftime(style.time_format)
    number = f"{rng.choice(('R', 'CS', 'INV', ''))}{purchase.number}"
    cashier = rng.choice(world().staff)
    if rng.random() < 0.5:
        sheet.centre(_case(merchant, rng.choice(("TAX INVOICE", "RECEIPT", "CASH BILL"))))
    if style.meta == "inline":
        sheet.left(f"{day} {time}  #{number}")
        sheet.left(_case(merchant, f"CASHIER: {cashier}"))
    elif style.meta == "labelled":
        sheet.left(f"{_case(merchant, 'RECEIPT NO')}: {number}")
        sheet.left(f"{style.date_label} {day}")
        sheet.left(f"{_case(merchant, 'TIME')}: {time}")
    elif style.meta == "paired":
        sheet.row((style.date_label, 0), (f"{day} {time}", 9))
        sheet.row((_case(merchant, "BILL NO"), 0), (number, 9))
        sheet.row((_case(merchant, "STAFF"), 0), (cashier, 9))
    else:
        sheet.pair(f"{day} {time}", f"T{rng.randint(1, 9)} {number}")


def _items(rng: Random, sheet: Sheet, purchase: Purchase) -> None:
    merchant = purchase.merchant
    style, money = merchant.style, merchant.money
    right = -style.columns
    if style.items != "bare":
        sheet.row(
            (_case(merchant, "QTY"), 0),
            (_case(merchant, "ITEM"), 5),
            (_case(merchant, "AMOUNT"), right),
        )
    for item in purchase.items:
        name = _case(merchant, item.name)
        amount = money.bare(item.amount)
        if style.items == "one":
            sheet.row((str(item.count), 0), (name[: style.columns - 14], 4), (amount, right))
        elif style.items == "coded":
            sheet.left(f"{rng.randint(10**7, 10**8 - 1)} {name}"[: style.columns])
            sheet.row((f"{item.count} x {money.bare(item.price)}", 4), (amount, right))
        elif style.items == "priced":
            sheet.row((name[: style.columns - 18], 0))
            sheet.row((str(item.count), 2), (money.bare(item.price), -20), (amount, right))
        else:
            sheet.row((name[: style.columns - 10], 0), (money.full(item.amount), right))


def _totals(sheet: Sheet, purchase: Purchase) -> None:
    merchant = purchase.merchant
    style, money, region = merchant.style, merchant.money, merchant.region

    def amount(label: str, cents: int, *, full: bool = False, scale: float = 1.0) -> None:
        text = money.full(cents) if full else money.bare(cents)
        label = _case(merchant, label) + style.label_tail
        sheet.pair(label, text, scale=scale, bold=scale > 1, joined=not style.separate_values)

    if style.totals in ("full", "rounded"):
        amount("SUBTOTAL", purchase.subtotal)
    if purchase.discount:
        amount("DISCOUNT", -purchase.discount)
    if purchase.tax:
        amount(f"{region.tax_name} {region.tax_percent}%", purchase.tax)
    if style.totals == "rounded" or (purchase.rounding and style.totals != "plain"):
        amount("TOTAL BEFORE ROUNDING", purchase.total - purchase.rounding)
        amount("ROUNDING ADJ", purchase.rounding)
    amount(style.total_word, purchase.total, full=True, scale=style.total_scale)
    if style.totals == "inclusive":
        net = purchase.total * 100 // (100 + region.tax_percent)
        amount(f"INCL. {region.tax_name}", purchase.total - net)
    if purchase.by_card:
        amount("CARD VISA ****" + purchase.number[:4], purchase.total)
    else:
        amount("CASH", purchase.paid, full=True)
        amount("CHANGE", purchase.paid - purchase.total, full=True)
    if style.totals == "full":
        sheet.left(_case(merchant, f"ITEMS SOLD: {sum(item.count for item in purchase.items)}"))


def _tax_summary(sheet: Sheet, purchase: Purchase) -> None:
    merchant = purchase.merchant
    region, money, right = merchant.region, merchant.money, -merchant.style.columns
    tax = purchase.tax or purchase.total - purchase.total * 100 // (100 + region.tax_percent)
    sheet.gap(0.3)
    sheet.row(
        (_case(merchant, f"{region.tax_name} SUMMARY"), 0),
        (_case(merchant, "AMOUNT"), right + 9),
        (_case(merchant, "TAX"), right),
    )
    net = money.bare(purchase.total - tax)
    sheet.row((f"S @ {region.tax_percent}%", 0), (net, right + 9), (money.bare(tax), right))
