"""Merchants: who they are, how they print and how their values look on paper."""

from dataclasses import dataclass
from datetime import date
from random import Random

from pipelines.samples.receipts.words import Region, world


@dataclass(frozen=True)
class Money:
    """How a merchant prints amounts, given in cents."""

    prefix: str
    suffix: str
    decimal_comma: bool
    thousands: bool

    def bare(self, cents: int) -> str:
        """The amount without its currency."""
        whole, part = divmod(abs(cents), 100)
        digits = f"{whole:,}" if self.thousands else str(whole)
        text = f"{digits}.{part:02d}"
        if self.decimal_comma:
            text = text.translate(str.maketrans(".,", ",."))
        return f"-{text}" if cents < 0 else text

    def full(self, cents: int) -> str:
        """The amount with its currency, where the merchant prints one."""
        return f"{self.prefix}{self.bare(cents)}{self.suffix}"


@dataclass(frozen=True)
class Style:
    """Choices of layout that a merchant's till makes once and for all."""

    columns: int
    """Width of the paper in characters."""
    size: int
    """Height of a character in pixels."""
    font: str
    upper: bool
    centred: bool
    header: tuple[str, ...]
    """Order of the blocks below the name."""
    brand_first: bool
    meta: str
    items: str
    totals: str
    total_word: str
    total_scale: float
    label_tail: str
    separate_values: bool
    """Whether a label and its amount are read as two lines."""
    date_label: str
    time_format: str
    tax_summary: bool
    rule: str


@dataclass(frozen=True)
class Merchant:
    """A company with one address, one till and one way to write things."""

    name: str
    brand: str
    region: Region
    trade: str
    registration: str
    tax_number: str
    phone: str
    address: tuple[str, ...]
    """Lines as printed, with the punctuation at their ends."""
    date_format: str
    money: Money
    style: Style

    def day(self, value: date) -> str:
        """A date as this merchant prints it."""
        text = value.strftime(self.date_format)
        return text.upper() if self.style.upper else text


def make(seed: int, number: int) -> Merchant:
    """Merchant `number` of a seed, always the same."""
    rng = Random(f"{seed}/merchant/{number}")  # noqa: S311
    regions = world().regions
    key = rng.choices(list(regions), [region.share for region in regions.values()])[0]
    region = regions[key]
    trade = rng.choice(sorted(world().trades))
    style = _style(rng, upper=key in ("my", "sg", "us") or rng.random() < 0.4)
    name, brand = _names(rng, region, trade)
    address = _address(rng, region)
    if style.upper:
        name, brand = name.upper(), brand.upper()
        address = tuple(line.upper() for line in address)
    return Merchant(
        name=name,
        brand=brand,
        region=region,
        trade=trade,
        registration=_fill(rng, rng.choice(region.registration)),
        tax_number=_fill(rng, rng.choice(region.tax_number)),
        phone=_fill(rng, rng.choice(region.phone)),
        address=address,
        date_format=rng.choice(region.dates),
        money=_money(rng, region),
        style=style,
    )


def _names(rng: Random, region: Region, trade: str) -> tuple[str, str]:
    """The company's registered name and the name over the door."""
    kind = rng.choice(world().trades[trade].names).title()
    first, second = rng.sample(world().surnames, 2)
    adjective = rng.choice(world().adjectives)
    core = rng.choice((
        f"{first} {kind}",
        f"{adjective} {kind}",
        f"{first} & {second}",
        f"{adjective} {rng.choice(world().streets)} {kind}",
        f"{first} {second} {kind}",
        f"{first} Brothers {kind}",
    ))
    brand = rng.choice((
        f"{adjective} {kind}",
        f"{first}'s",
        f"{kind} @ {rng.choice(world().streets)}",
    ))
    return f"{core} {rng.choice(region.legal_forms)}", brand


def _address(rng: Random, region: Region) -> tuple[str, ...]:
    def filled(pattern: str) -> str:
        while "{m}" in pattern:
            pattern = pattern.replace("{m}", str(rng.randint(1, 9)), 1)
        while "{n}" in pattern:
            pattern = pattern.replace("{n}", str(rng.randint(1, 199)), 1)
        return pattern.replace("{s}", rng.choice(world().streets))

    prefix, town, state = rng.choice(region.towns)
    code = _post_code(rng, region, prefix)
    last = rng.choice(region.town_line).format(code=code, town=town, state=state)
    lines = [filled(rng.choice(region.street))]
    if rng.random() < 0.62:
        lines.append(filled(rng.choice(region.district)))
    if rng.random() < 0.12:
        lines.insert(0, filled(rng.choice(("LEVEL {m}", "UNIT {n}", "SHOP {m}{m}"))))
    comma = "," if rng.random() < 0.75 else ""
    if rng.random() < 0.18 and len(lines) > 1:
        lines = [f"{lines[0]}, {lines[1]}", *lines[2:]]
    stop = "." if rng.random() < 0.2 and not last.endswith(".") else ""
    return (*(line + comma for line in lines), last + stop)


def _post_code(rng: Random, region: Region, prefix: str) -> str:
    if prefix.isalpha():  # British: a district and an inward part
        inward = f"{rng.randint(1, 9)}{rng.choice('ABDEF')}{rng.choice('HJLNP')}"
        return f"{prefix}{rng.randint(1, 20)} {inward}"
    return _fill(rng, prefix + "#" * (region.code_length - len(prefix)))


def _fill(rng: Random, pattern: str) -> str:
    digits = {"#": "0123456789", "?": "ABCDEHKMPTVWX"}
    return "".join(rng.choice(digits[c]) if c in digits else c for c in pattern)


def _money(rng: Random, region: Region) -> Money:
    prefix = rng.choice(("", "", region.currency, region.currency, f"{region.currency} "))
    suffix = ""
    if region.decimal_comma:
        prefix, suffix = "", rng.choice(("", " €", " EUR"))
    return Money(prefix, suffix, region.decimal_comma, thousands=rng.random() < 0.7)


def _style(rng: Random, *, upper: bool) -> Style:
    header = ["registration", "address", "phone", "tax"]
    if rng.random() < 0.35:
        header = ["address", "phone", "registration", "tax"]
    if rng.random() < 0.2:
        header.remove("registration")
    if rng.random() < 0.35:
        header.remove("tax")
    return Style(
        columns=rng.choice((34, 38, 40, 42, 46)),
        size=rng.choice((15, 17, 19, 22, 26)),
        font=rng.choice(("mono", "mono", "type", "sans")),
        upper=upper,
        centred=rng.random() < 0.8,
        header=tuple(header),
        brand_first=rng.random() < 0.2,
        meta=rng.choice(("inline", "labelled", "paired", "foot")),
        items=rng.choice(("one", "coded", "priced", "bare")),
        totals=rng.choice(("plain", "full", "inclusive", "rounded")),
        total_word=rng.choice((
            "TOTAL",
            "TOTAL",
            "GRAND TOTAL",
            "TOTAL DUE",
            "NET TOTAL",
            "AMOUNT DUE",
            "BALANCE DUE",
            "TOTAL AMOUNT",
            "TOTAL PAYABLE",
        )),
        total_scale=rng.choice((1.0, 1.0, 1.3, 1.6)),
        label_tail=rng.choice(("", "", ":", " :")),
        separate_values=rng.random() < 0.72,
        date_label=rng.choice(("DATE", "DATE:", "DATE :", "Date", "DT:", "PRINTED")),
        time_format=rng.choice(("%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M:%S %p")),
        tax_summary=rng.random() < 0.4,
        rule=rng.choice(("", "-", "=", ".", "*")),
    )
