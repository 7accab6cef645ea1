"""The file of prices and the file of quantities, typed."""

import tomllib
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final, TypeVar

HERE: Final = Path(__file__).parent
ENVIRONMENTS: Final = ("development", "production")
KINDS: Final = ("vendor", "copied", "other-region")


class MalformedPrices(Exception):
    """A file of prices or quantities lacks something, or says it twice."""


@dataclass(frozen=True)
class Price:
    """One list price in USD for a ``unit``; ``how`` says how near to the vendor it was read."""

    name: str
    usd: float
    unit: str
    read: date
    how: str
    source: str
    region: str

    def age_days(self, today: date) -> int:
        """Return how long ago it was read."""
        return (today - self.read).days


@dataclass(frozen=True)
class Quantity:
    """How much of something a month of each environment uses, and why if no plan says so."""

    name: str
    development: float
    production: float
    why: str

    def of(self, environment: str) -> float:
        """Return the quantity of ``development`` or ``production``."""
        return self.production if environment == "production" else self.development


@dataclass(frozen=True)
class PriceList:
    """Prices by name, and what a month and an old price are."""

    prices: dict[str, Price]
    hours_of_month: int
    stale_after_days: int

    def __getitem__(self, name: str) -> float:
        return self.prices[name].usd

    def stale(self, today: date) -> list[Price]:
        """Return the prices that were read too long ago to be believed."""
        old = self.stale_after_days
        return [price for price in self.prices.values() if price.age_days(today) > old]


Named = TypeVar("Named", Price, Quantity)


def read_prices(path: Path = HERE / "prices.toml") -> PriceList:
    """Return the list. Raises MalformedPrices."""
    file = tomllib.loads(path.read_text())
    prices = [_price(row, file["region"]) for row in file["price"]]
    return PriceList(
        prices={price.name: price for price in _each_once(prices)},
        hours_of_month=file["hours_of_month"],
        stale_after_days=file["stale_after_days"],
    )


def read_quantities(path: Path = HERE / "quantities.toml") -> dict[str, Quantity]:
    """Return quantities by name. Raises MalformedPrices."""
    rows = tomllib.loads(path.read_text())["quantity"]
    quantities = [Quantity(**{"why": ""} | row) for row in rows]
    return {quantity.name: quantity for quantity in _each_once(quantities)}


def _price(row: dict[str, Any], region: str) -> Price:
    price = Price(**{"region": region} | row)
    if price.how not in KINDS or price.usd <= 0 or not price.source:
        raise MalformedPrices(f"{price.name}: no price, no source, or nobody knows how it was read")
    return price


def _each_once(things: list[Named]) -> list[Named]:
    names = [thing.name for thing in things]
    if len(names) != len(set(names)):
        raise MalformedPrices("a name is there twice")
    return things
