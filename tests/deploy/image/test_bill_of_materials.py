"""The bill of materials: what it says, what it is refused for, and that it is CycloneDX."""

import json
from collections.abc import Mapping
from email.message import Message
from importlib.metadata import Distribution
from typing import Any, Final, cast

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from deploy.image.dockerfile import REPOSITORY

from scripts.image.bill_of_materials import (
    DebianPackage,
    Installed,
    NotAsPinned,
    bill,
    debian_packages,
    fetched_hashes,
    installed_from,
    pinned_hashes,
)

GOOD, BAD = "a" * 64, "b" * 64
PINS: Final = f"""\
requests==2.34.2 ; python_version >= '3.11' \\
    --hash=sha256:{GOOD} \\
    --hash=sha256:{"c" * 64}
typing-extensions==4.16.0 --hash=sha256:{GOOD}
"""
STATUS: Final = """\
Package: libc6
Status: install ok installed
Architecture: amd64
Version: 2.41-12+deb13u1
Description: C library
 Status: not a field, but a sentence

Package: gone
Status: deinstall ok config-files
Architecture: all
Version: 1:1.0
"""


class Paper:
    """A distribution as importlib shows it, with no file behind it."""

    def __init__(self, name: str, version: str, license: str = "") -> None:
        self.version = version
        self.metadata = Message()
        self.metadata["Name"] = name
        self.metadata["License-Expression"] = license


def papers(**versions: str) -> list[Distribution]:
    return [cast("Distribution", Paper(name, version)) for name, version in versions.items()]


def pip_report(hashes: Mapping[str, str]) -> dict[str, Any]:
    return {
        "install": [
            {
                "metadata": {"name": name, "version": "1"},
                "download_info": {"url": "x", "archive_info": {"hashes": {"sha256": digest}}},
            }
            for name, digest in hashes.items()
        ]
    }


def test_what_is_pinned_and_installed_is_taken() -> None:
    fetched = fetched_hashes(pip_report({"Typing_Extensions": GOOD, "requests": GOOD}))

    known = installed_from(
        papers(Typing_Extensions="4.16.0", requests="2.34.2", coditect_license_token="0.1.0"),
        fetched,
        pinned_hashes(PINS),
    )

    assert [(one.name, one.sha256) for one in known] == [
        ("coditect-license-token", None),
        ("requests", GOOD),
        ("typing-extensions", GOOD),
    ]


@pytest.mark.parametrize(
    ("versions", "hashes", "said"),
    [
        ({"requests": "2.34.1"}, {"requests": GOOD}, "requests 2.34.1 is installed and not pinned"),
        ({"pip": "26.0"}, {}, "pip 26.0 is installed and not pinned"),
        (
            {"requests": "2.34.2"},
            {"requests": BAD},
            "requests 2.34.2 came from a file that is not pinned",
        ),
        (
            {"requests": "2.34.2"},
            {},
            "requests 2.34.2 came from a file that is not pinned",
        ),
        ({}, {"requests": GOOD}, "requests was installed and is not there"),
    ],
)
def test_what_is_not_as_pinned_is_refused(
    versions: dict[str, str], hashes: dict[str, str], said: str
) -> None:
    with pytest.raises(NotAsPinned) as refused:
        installed_from(papers(**versions), hashes, pinned_hashes(PINS))

    assert str(refused.value) == said


def test_debian_packages_are_those_that_are_installed() -> None:
    assert debian_packages(STATUS) == [DebianPackage("libc6", "2.41-12+deb13u1", "amd64")]


def test_every_pin_of_the_image_has_hashes() -> None:
    text = (REPOSITORY / "requirements/image.txt").read_text()
    pins = pinned_hashes(text)

    assert len(pins) == sum(line[:1].isalnum() for line in text.splitlines()) > 30
    assert not {name for name, _ in pins} & {"pip", "hatchling", "setuptools", "editables"}
    for needed in ("django", "psycopg-binary", "redis", "google-cloud-kms", "opentelemetry-sdk"):
        assert needed in {name for name, _ in pins}


def document() -> dict[str, Any]:
    known = [Installed("requests", "2.34.2", "Apache-2.0", GOOD)]
    packages = debian_packages(STATUS)
    return bill(known, packages, python="3.12.14", version="1.2.3")


def test_the_bill_is_cyclonedx() -> None:
    validator = JsonStrictValidator(SchemaVersion.V1_6)

    assert validator.validate_str(json.dumps(document())) is None
    wrong = document() | {"components": [{"name": "without a type"}]}
    assert validator.validate_str(json.dumps(wrong)) is not None


def test_the_bill_names_what_it_lists_by_package_urls() -> None:
    assert [one["purl"] for one in document()["components"]] == [
        "pkg:generic/cpython@3.12.14",
        "pkg:pypi/requests@2.34.2",
        "pkg:deb/debian/libc6@2.41-12%2Bdeb13u1?arch=amd64",
    ]
