"""No member of the contract and no column takes account data of cards."""

import re
from collections.abc import Iterator
from typing import Any

import yaml
from support.server import REPOSITORY

CARDS = re.compile(r"(?:^|_)(?:pan|card|cardholder|cvv|cvc|iban|payment|credit_card|track)(?:_|$)")


def members(tree: Any) -> Iterator[str]:
    """Yield the name of every member that a schema of the contract has."""
    if isinstance(tree, dict):
        yield from tree.get("properties", {})
        for branch in tree.values():
            yield from members(branch)
    elif isinstance(tree, list):
        for branch in tree:
            yield from members(branch)


def columns() -> set[str]:
    """Return the name of every field of every model."""
    files = (REPOSITORY / "backend").glob("*/models.py")
    return {
        name
        for file in files
        for name in re.findall(r"^    (\w+)(?:: [^=]+)? = models\.", file.read_text(), re.MULTILINE)
    }


def test_no_member_of_the_contract_takes_account_data() -> None:
    text = (REPOSITORY / "docs/api/openapi.yaml").read_text()
    contract = yaml.load(text, Loader=yaml.CSafeLoader)
    names = set(members(contract))

    assert len(names) > 100
    assert {name for name in names if CARDS.search(name)} == set()


def test_no_column_takes_account_data() -> None:
    assert len(columns()) > 50
    assert {name for name in columns() if CARDS.search(name)} == set()


def test_a_planted_member_is_noticed() -> None:
    planted: Any = {"schemas": {"X": {"properties": {"card_number": {}, "discarded": {}}}}}

    assert [name for name in members(planted) if CARDS.search(name)] == ["card_number"]
