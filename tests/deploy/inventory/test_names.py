"""No name of the first two documents was overlooked."""

from pathlib import Path

import pytest
import yaml
from deploy.inventory.names import (
    digest_of,
    kept_names,
    names_in,
    text_of,
    without_addresses,
)
from deploy.inventory.table import DOCUMENTS, HERE, MalformedTable, read_rows

NO_NAMES = yaml.safe_load((HERE / "no-names.yaml").read_text())
MOST_NAMES_OF_A_ROW = 12


def no_names(document: str) -> set[str]:
    return {word for part in NO_NAMES[document] for word in part["words"]}


def in_rows(document: str) -> set[str]:
    return {name for row in read_rows() if row.document == document for name in names_in(row.says)}


def overlooked(document: str, names: list[str]) -> list[str]:
    known = in_rows(document) | no_names(document)
    return [name for name in names if name not in known]


def the_text(document: str) -> str:
    text = text_of(document)
    if text is None:
        pytest.skip(f"THE {document.upper()} IS NOT ON THIS MACHINE: only its kept names are tried")
    return text


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_name_has_a_row_or_a_reason(document: str) -> None:
    _, names = kept_names(HERE, document)

    assert len(names) > 150
    assert overlooked(document, names) == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_no_word_is_excused_that_is_not_there(document: str) -> None:
    _, names = kept_names(HERE, document)

    assert no_names(document) - set(names) == set()
    assert all(part["why"] for part in NO_NAMES[document])


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_kept_names_are_those_of_the_document(document: str) -> None:
    text = the_text(document)

    assert kept_names(HERE, document) == (digest_of(text), names_in(text))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_document_says_what_the_rows_quote(document: str) -> None:
    text = " ".join(without_addresses(the_text(document)).split())
    quoted = [" ".join(row.says.split()) for row in read_rows() if row.document == document]

    assert [words for words in quoted if words not in text] == []


def test_no_row_is_a_blanket_for_many_names() -> None:
    for row in read_rows():
        assert len(names_in(row.says)) <= MOST_NAMES_OF_A_ROW, row.name


def test_an_unknown_name_is_noticed() -> None:
    names = names_in("one word, `rotationPeriod`, max_lease_seconds = 7 and api.example")

    assert names == ["rotationPeriod", "max_lease_seconds", "7", "api.example"]
    assert overlooked("strategy", names) == ["rotationPeriod", "max_lease_seconds", "api.example"]


def test_addresses_of_the_live_system_are_not_kept() -> None:
    assert names_in("at 8.8.4.4 and 10.67.0.3:5432") == ["public-address", "10.67.0.3:5432"]


@pytest.mark.parametrize(
    "part",
    [
        {"document": "gossip", "part": "x", "rows": []},
        {"document": "strategy", "part": "x", "rows": [{"says": "y"}]},
        {"document": "strategy", "part": "x", "at": "z", "rows": [{"says": "y", "was": 1}]},
        {"document": "strategy", "part": "x", "at": "z", "rows": [{"says": "y"}]},
        {
            "document": "strategy",
            "part": "x",
            "at": "z",
            "rows": [{"says": "y", "is": 1, "has": "1"}],
        },
    ],
)
def test_a_table_that_is_malformed_is_refused(part: object, tmp_path: Path) -> None:
    table = tmp_path / "table.yaml"
    table.write_text(yaml.safe_dump([part]))

    with pytest.raises(MalformedTable):
        read_rows(table)
