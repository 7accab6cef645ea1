"""The documents of settings and threats name what there is: no more, no less."""

import re

import pytest
from support.server import REPOSITORY

HOW_TO = REPOSITORY / "docs/how-to"
PAGE = (HOW_TO / "deploy-settings.md").read_text()
THREATS = (REPOSITORY / "docs/threat-model.md").read_text()
SETTINGS = (REPOSITORY / "backend/coditect_license/settings.py").read_text()
_NAME = r"(?:LICENSE|DJANGO|CLOUD_KMS|GOOGLE)_[A-Z0-9_]+|PORT|WEB_CONCURRENCY"
NO_SETTINGS = {"DJANGO_SETTINGS_MODULE"}
BY_VERSION = {"LICENSE_KEY_PEPPER_1", "LICENSE_KEY_PEPPER_2"}
"""Put together from a version where they are read."""


def names_in_code() -> set[str]:
    """Return the names of the environment's variables that the server's code says."""
    files = (REPOSITORY / "backend").rglob("*.py")
    texts = [one.read_text() for one in files if "tests" not in one.parts]
    found = {name for text in texts for name in re.findall(rf'"({_NAME})"', text)}
    return (found | BY_VERSION) - NO_SETTINGS


def names_in(text: str) -> set[str]:
    return {name.removesuffix("_FILE") for name in re.findall(rf"`({_NAME})`", text)}


def test_every_setting_that_is_read_is_documented_in_a_how_to() -> None:
    documented = set().union(*(names_in(page.read_text()) for page in HOW_TO.glob("*.md")))

    assert len(names_in_code()) > 30
    assert {name.removesuffix("_FILE") for name in names_in_code()} - documented == set()


def test_every_setting_of_the_page_is_read() -> None:
    assert names_in(PAGE) - {name.removesuffix("_FILE") for name in names_in_code()} == set()


@pytest.mark.parametrize(
    "name",
    [
        "LICENSE_API_CALLS_PER_MINUTE",
        "LICENSE_API_TENANT_CALLS_PER_MINUTE",
        "LICENSE_CALLS_PER_MINUTE",
        "LICENSE_CALLS_PER_SEAT_PER_MINUTE",
        "LICENSE_SESSION_CALLS_PER_MINUTE",
        "LICENSE_TENANT_CALLS_PER_MINUTE",
        "LICENSE_FAILURES_PER_MINUTE",
        "LICENSE_SEATS_PER_PERSON",
        "LICENSE_FORWARDED_HOPS",
    ],
)
def test_the_page_has_the_default(name: str) -> None:
    default = re.search(rf'"{name}",\s*([\d_]+)', SETTINGS)

    assert default is not None
    assert f"| `{name}` | {default[1].replace('_', '')} |" in PAGE


def test_every_row_of_the_threat_model_names_a_proof_that_is_there() -> None:
    rows = [line for line in THREATS.splitlines() if line.startswith("| ")][2:]

    assert len(rows) > 15
    for row in rows:
        proofs = re.findall(r"`([^`]+)`", row.rpartition(" | ")[2])
        assert proofs, row
        for proof in proofs:
            assert proof.startswith("make ") or (REPOSITORY / proof).exists(), proof
