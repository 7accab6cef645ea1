"""docs/signing-cost.md says what its commands print.

The times they compute with are compared in backend/tests/unit/test_signing_cost.py.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks.signing_cost import (
    Prices,
    delegated_operations,
    direct_operations,
    read_prices,
)

REPOSITORY = Path(__file__).resolve().parents[2]
DOCUMENT = (REPOSITORY / "docs" / "signing-cost.md").read_text(encoding="utf-8")
PRICES = REPOSITORY / "benchmarks" / "prices" / "cloud-kms-2026-11-22.json"


def printed(module: str, file: Path) -> str:
    return subprocess.run(
        [sys.executable, "-m", module, str(file)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout


@pytest.fixture(scope="module")
def prices() -> Prices:
    return read_prices(PRICES)


def test_the_tables_of_money_are_what_the_prices_come_to() -> None:
    tables = [table.strip() for table in printed("benchmarks.signing_cost", PRICES).split("\n\n")]

    assert len(tables) == 3
    for table in tables:
        assert table in DOCUMENT


def test_the_tables_of_times_are_the_kept_runs() -> None:
    found = re.search(r"\(\.\./(benchmarks/results/[^)]+\.json)\)", DOCUMENT)
    assert found is not None

    times, targets = printed("benchmarks.signing_times", REPOSITORY / found[1]).split("\n\n")

    assert times.count("\n") == 16
    assert targets.count("hanging: direct, at first") == 3
    assert times.strip() in DOCUMENT
    assert targets.strip() in DOCUMENT


def test_a_month_is_worked_out_by_hand_once(prices: Prices) -> None:
    software, hsm = prices.levels["SOFTWARE"], prices.levels["HSM"]
    operations = direct_operations(prices, 1_000)

    assert operations == 1_000 * 60 * 60 * 24 * 30
    assert software.money(operations) == pytest.approx(0.06 + 7_776)
    assert hsm.money(operations) == pytest.approx(2.50 + 38_880)
    assert software.share_of_quota(1_000) == pytest.approx(1)
    assert hsm.share_of_quota(3_000_000 / 14_000 / 60) == pytest.approx(1)
    assert prices.audit_log.gib(operations) * 2**30 == pytest.approx(5.184e12)
    assert prices.audit_log.money(1) == 0
    assert delegated_operations(prices, 1) == 95 + 60


def test_every_fact_of_the_price_file_has_its_source_and_date(prices: Prices) -> None:
    assert prices.read_on in PRICES.name
    assert all(prices.sources.values())
    assert {name.partition(",")[0] for name in prices.sources} == {"levels", "audit_log"}
