"""Every name and value of the first two documents is where the inventory says."""

from dataclasses import replace

import pytest
from deploy.inventory.places import complaint
from deploy.inventory.table import Row, read_changes, read_rows

ROWS = read_rows()


@pytest.mark.parametrize("row", ROWS, ids=[f"{n}: {row.name}" for n, row in enumerate(ROWS)])
def test_a_name_is_where_the_inventory_says(row: Row) -> None:
    assert complaint(row) == ""


def test_the_table_is_whole() -> None:
    assert len(ROWS) > 400
    assert {row.document for row in ROWS} == {"checkpoint", "strategy"}


def test_every_change_is_one_that_has_a_reason_and_every_reason_has_a_row() -> None:
    assert {row.changed for row in ROWS if row.changed} == set(read_changes())
    assert all(change["says"] and change["why"] for change in read_changes().values())


def a_row(at: str, key: str, value: object) -> Row:
    steps = tuple(key.split(" > "))
    return Row(document="strategy", part="planted", says="x", at=at, key=steps, value=value)


SECONDS = a_row("backend/coditect_license/settings.py", "SECURE_HSTS_SECONDS", 31536000)
ALERT = a_row(
    "kubernetes/monitoring/prometheus-rule.yaml", "PrometheusRule license-api-alerts", None
)
PAGE = a_row("docs/token-format.md", "1.3 Keys and algorithms", None)


def test_what_is_there_is_no_complaint() -> None:
    assert [complaint(row) for row in (SECONDS, ALERT, PAGE)] == ["", "", ""]


def test_another_value_is_noticed() -> None:
    assert "31536000" in complaint(replace(SECONDS, value=31536001))


def test_a_truth_is_not_taken_for_a_one() -> None:
    assert complaint(replace(SECONDS, key=("SECURE_SSL_REDIRECT",), value=1)) != ""


@pytest.mark.parametrize("row", [SECONDS, ALERT, PAGE], ids=lambda row: str(row.at))
def test_a_place_that_is_not_there_is_noticed(row: Row) -> None:
    assert "has no nowhere" in complaint(replace(row, key=("nowhere",), value=None))


def test_a_file_that_is_not_there_is_noticed() -> None:
    assert complaint(replace(SECONDS, at="backend/gone.py")) == "no such file: backend/gone.py"


def test_words_that_are_not_on_the_page_are_noticed() -> None:
    assert "not '4097 bits'" in complaint(replace(PAGE, has="4097 bits"))


def test_what_must_be_nowhere_is_noticed() -> None:
    row = replace(PAGE, never="RSASSA-PKCS1-v1_5")

    assert complaint(row) == "docs/token-format.md says 'RSASSA-PKCS1-v1_5'"


def test_what_must_be_gone_is_noticed() -> None:
    assert complaint(replace(SECONDS, gone=True, value=None)) != ""
    assert complaint(replace(SECONDS, key=("SECURE_BROWSER_XSS_FILTER",), gone=True)) == ""
