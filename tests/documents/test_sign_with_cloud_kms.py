"""docs/how-to/sign-with-cloud-kms.md: its settings, defaults and messages are those of the code."""

import re
from pathlib import Path

import pytest

from coditect_license import kms_settings
from signing.grants import ROLE, missing_role
from signing.version_name import VersionName

REPOSITORY = Path(__file__).resolve().parents[2]
TEXT = (REPOSITORY / "docs/how-to/sign-with-cloud-kms.md").read_text()
ROW = re.compile(r"^\| `(?P<name>[A-Z_]+)` \| (?P<default>[^|]+) \|", re.MULTILINE)
CODE = "\n".join(path.read_text() for path in (REPOSITORY / "backend").glob("*/*.py"))


def test_every_setting_of_the_key_is_in_the_table_with_its_default() -> None:
    shown = {row["name"]: row["default"].strip("` ") for row in ROW.finditer(TEXT)}

    parts = kms_settings._PARTS
    assert {*parts.values(), kms_settings.WHOLE, kms_settings.ENDPOINT} <= set(shown)
    for part, variable in parts.items():
        assert shown[variable] == kms_settings._DEFAULTS.get(part, "none")


@pytest.mark.parametrize("name", [row["name"] for row in ROW.finditer(TEXT)])
def test_every_setting_in_the_table_is_read(name: str) -> None:
    assert f'"{name}"' in CODE


def test_the_command_that_grants_the_role_is_the_one_the_log_shows() -> None:
    version = VersionName(
        project="coditect-cloud-infra",
        location="us-central1",
        key_ring="coditect-license-keys",
        key="license-signing-key-v1",
        version="1",
    )
    account = "django-backend@coditect-citus-prod.iam.gserviceaccount.com"
    said = missing_role(version, permission="any", caller=account)

    shown = TEXT.replace("\\\n  ", "")
    assert said[said.index("gcloud") :] in shown
    assert ROLE in shown


@pytest.mark.parametrize(
    "message",
    [
        "signing under the stored public key",
        "as the database says, not the one of the settings",
        "the breaker opens",
    ],
)
def test_the_log_says_what_the_table_quotes(message: str) -> None:
    assert message in TEXT
    assert message in CODE
