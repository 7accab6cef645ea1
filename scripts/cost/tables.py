"""The tables of docs/cost.md, between the marks that say so."""

import tomllib
from typing import Final

from scripts.cost.bill import HSM, SOFTWARE, Bill
from scripts.cost.price_list import ENVIRONMENTS, HERE, PriceList, Quantity

PAGE: Final = HERE.parents[1] / "docs/cost.md"
BEGIN: Final = "<!-- python -m scripts.cost: from here -->"
END: Final = "<!-- python -m scripts.cost: to here -->"

Rows = list[tuple[str, ...]]


def tables(prices: PriceList, quantities: dict[str, Quantity]) -> str:
    """Return all tables, each under its heading."""
    parts = [
        ("A month", _months(prices, quantities)),
        ("Software key or HSM", _protections(prices, quantities)),
        ("The first figures", _first_figures()),
        ("Quantities", _quantities(quantities)),
        ("Prices", _prices(prices)),
    ]
    return "\n".join(f"## {title}\n\n{text}" for title, text in parts)


def written(page: str, text: str) -> str:
    """Return the page with the text between the marks."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n\n{text}\n{END}{rest.partition(END)[2]}"


def _months(prices: PriceList, quantities: dict[str, Quantity]) -> str:
    bills = [Bill(environment, prices, quantities) for environment in ENVIRONMENTS]
    both = list(zip(*(bill.lines() for bill in bills), strict=True))
    rows: Rows = [
        (one.service, _usd(one.usd), one.reckoning, _usd(other.usd), other.reckoning)
        for one, other in both
    ]
    rows.append(("**All**", _usd(bills[0].total()), "", _usd(bills[1].total()), ""))
    return _table(("service", "development", "of", "production", "of"), rows)


def _protections(prices: PriceList, quantities: dict[str, Quantity]) -> str:
    rows: Rows = []
    for protection in (SOFTWARE, HSM):
        kms = [
            next(
                line
                for line in Bill(environment, prices, quantities, protection).lines()
                if line.service == "Cloud KMS"
            )
            for environment in ENVIRONMENTS
        ]
        version = f"${prices[f'kms_{protection}_version_month']:.2f}"
        calls = f"${prices[f'kms_{protection}_ten_thousand']:.2f}"
        rows.append((protection, version, calls, *(f"${line.usd:.2f}" for line in kms)))
    head = ("signing key", "a version and month", "10,000 signatures", *ENVIRONMENTS)
    return _table(head, rows)


def _first_figures() -> str:
    file = tomllib.loads((HERE / "first-figures.toml").read_text())
    return "\n".join(
        f"{one['title']}:\n\n{_table(one['head'], [tuple(row) for row in one['rows']])}"
        for one in file["table"]
    )


def _quantities(quantities: dict[str, Quantity]) -> str:
    rows: Rows = [
        (one.name, f"{one.development:g}", f"{one.production:g}", one.why)
        for one in quantities.values()
    ]
    return _table(("quantity of a month", *ENVIRONMENTS, "why"), rows)


def _prices(prices: PriceList) -> str:
    rows: Rows = [
        (f"${one.usd:g}", one.unit, one.region, one.how, one.read.isoformat(), one.source)
        for one in prices.prices.values()
    ]
    return _table(("price", "for a", "region", "how", "read on", "source"), rows)


def _table(head: tuple[str, ...] | list[str], rows: Rows) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _usd(amount: float) -> str:
    return f"${amount:,.0f}" if amount >= 10 else f"${amount:.2f}"
