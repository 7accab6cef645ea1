"""The pack for penetration testers: whole, and its commands are this product's."""

import re
import shlex
from pathlib import Path

from monitoring.pages import REPOSITORY, blocks
from monitoring.test_runbooks import refused

from scripts.compliance.endpoints import PAGE, operations, pack_page

TEXT = PAGE.read_text()


def test_every_address_of_the_contract_is_in_the_pack() -> None:
    assert pack_page() == TEXT
    assert len(operations()) > 50
    assert TEXT.count("| open |") == len([one for one in operations() if one[2] == "open"])


def test_open_addresses_are_those_that_answer_without_a_credential() -> None:
    opened = {path for _, path, asks, _ in operations() if asks == "open"}

    assert opened == {
        "/.well-known/jwks.json",
        "/api/docs/",
        "/api/redoc/",
        "/api/schema/",
        "/api/v1/licenses/keys/",
        "/health/",
        "/health/live",
        "/health/ready",
    }


def test_every_command_is_one_of_this_product(tmp_path: Path) -> None:
    lines = [shlex.split(line) for line in blocks(TEXT, "sh")]
    ours = [["license-admin", *words[1:]] for words in lines if words[0] == "scripts/license-admin"]
    tasks = [words[1] for words in lines if words[0] == "make"]
    makefile = (REPOSITORY / "Makefile").read_text()

    assert len(ours) == 7
    assert refused(ours, tmp_path) == []
    assert len(ours) + len(tasks) == len(lines)
    for task in tasks:
        assert re.search(rf"^{task}:.*## ", makefile, re.MULTILINE), task


def test_every_link_and_every_named_test_is_there() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)", TEXT)
    named = re.findall(r"`((?:tests|backend)/[^`]+)`", TEXT)

    assert len(links) > 8
    assert len(named) > 6
    assert [link for link in links if not (PAGE.parent / link).exists()] == []
    assert [path for path in named if not (REPOSITORY / path).exists()] == []


def test_nothing_says_that_a_test_has_been_done() -> None:
    assert "There has been none." in TEXT
