"""docs/cost.md says what its command computes, from prices that have a source and a day."""

import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scripts.cost.bill import HSM, SOFTWARE, Bill
from scripts.cost.price_list import (
    ENVIRONMENTS,
    HERE,
    MalformedPrices,
    PriceList,
    Quantity,
    read_prices,
    read_quantities,
)
from scripts.cost.tables import PAGE, tables

REPOSITORY = HERE.parents[1]


@pytest.fixture(scope="module")
def prices() -> PriceList:
    return read_prices()


@pytest.fixture(scope="module")
def quantities() -> dict[str, Quantity]:
    return read_quantities()


def cost(*words: str | Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "scripts.cost", *map(str, words)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_page_is_what_the_command_computes(
    prices: PriceList, quantities: dict[str, Quantity]
) -> None:
    assert tables(prices, quantities) in PAGE.read_text()
    assert cost("--check").returncode == 0


def test_a_page_of_yesterday_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "cost.md"
    page.write_text(PAGE.read_text().replace("| GKE cluster | $73 |", "| GKE cluster | $74 |"))

    assert cost("--check", "--page", page).stdout == "not in step: cost.md\n"
    assert cost("--page", page).returncode == 0
    assert page.read_text() == PAGE.read_text()


def test_an_old_price_is_a_warning_and_no_failure(tmp_path: Path) -> None:
    old = tmp_path / "prices.toml"
    old.write_text(
        (HERE / "prices.toml").read_text().replace("read = 2026-11-2", "read = 2019-11-2", 1)
    )
    page = tmp_path / "cost.md"
    page.write_text(PAGE.read_text())

    ended = cost("--prices", old, "--page", page)

    assert ended.returncode == 0
    assert "warning: gke_cluster_hour was read on 2019-11-2" in ended.stderr


def test_a_price_is_stale_the_day_after_its_time(prices: PriceList) -> None:
    newest = max(price.read for price in prices.prices.values())
    day = timedelta(days=1)

    assert prices.stale(newest) == []
    assert prices.stale(newest + (prices.stale_after_days + 1) * day) == [*prices.prices.values()]


def test_every_price_says_where_and_when_it_was_read(prices: PriceList) -> None:
    for price in prices.prices.values():
        assert re.match(r"cloud\.google\.com/[\w/-]+", price.source), price.name
        assert price.read <= datetime.now(UTC).date()
        assert price.unit
        assert price.how == "other-region" or price.region == "us-central1"


def test_every_price_is_used(quantities: dict[str, Quantity]) -> None:
    asked: set[str] = set()

    class Watched(PriceList):
        def __getitem__(self, name: str) -> float:
            asked.add(name)
            return super().__getitem__(name)

    prices = read_prices()
    watched = Watched(prices.prices, prices.hours_of_month, prices.stale_after_days)
    for environment in ENVIRONMENTS:
        for protection in (SOFTWARE, HSM):
            Bill(environment, watched, quantities, protection).total()

    assert set(prices.prices) - asked == {"armor_enterprise_month"}


def test_a_month_is_worked_out_by_hand_once(
    prices: PriceList, quantities: dict[str, Quantity]
) -> None:
    lines = {line.service: line.usd for line in Bill("production", prices, quantities).lines()}

    assert lines["GKE cluster"] == pytest.approx(730 * 0.10)
    database = 2 * (730 * (2 * 0.0413 + 7.5 * 0.0070) + 50 * 0.17) + 150 * 0.08
    assert lines["Cloud SQL"] == pytest.approx(database)
    assert lines["Cloud Armor"] == pytest.approx(5 + 18 * 1 + 52.8 * 0.75)
    assert lines["Cloud KMS"] == pytest.approx(2 * 2.50 + 24 * 0.06 + 30 * 0.15)


def test_a_root_in_an_hsm_costs_what_its_price_says(
    prices: PriceList, quantities: dict[str, Quantity]
) -> None:
    assert prices["kms_software_version_month"] == 0.06
    assert prices["kms_hsm_version_month"] == 2.50
    more = Bill("production", prices, quantities, HSM).total()
    less = Bill("production", prices, quantities, SOFTWARE).total()
    assert more - less == pytest.approx(2 * (2.50 - 0.06) + 30 * (0.15 - 0.03))


@pytest.mark.parametrize("spoiled", ['how = "guessed"', "usd = 0.0"])
def test_a_price_that_is_none_is_refused(spoiled: str, tmp_path: Path) -> None:
    file = tmp_path / "prices.toml"
    text = (HERE / "prices.toml").read_text()
    name = spoiled.partition(" ")[0]
    file.write_text(re.sub(rf"^{name} = .*$", spoiled, text, count=1, flags=re.MULTILINE))

    with pytest.raises(MalformedPrices):
        read_prices(file)
