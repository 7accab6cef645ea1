"""Writes the bill of materials of the image: every distribution and Debian package in it.

CycloneDX 1.6 as JSON. It is written from what is installed, and refuses to be written where that is
not what was pinned: each distribution must have come from the files whose hashes ``requirements``
names (as pip's own report of the installation says), or be one of ours. The same contents give the
same bytes: no time, no random number is in it. Packages of Debian have no hash in it, because dpkg
keeps none. Whether anything in it has a known weakness is not checked here.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

OURS: Final = frozenset({"coditect-license-token"})
"""Distributions that are built here, and so come from no pin."""

_PIN: Final = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)")
_HASH: Final = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_RUN_OF_SEPARATORS: Final = re.compile(r"[-_.]+")


class NotAsPinned(Exception):
    """What is installed is not what the requirements name."""


@dataclass(frozen=True)
class Installed:
    """One installed distribution; ``sha256`` of the file it came from, None for one of ours."""

    name: str
    version: str
    license: str
    sha256: str | None


@dataclass(frozen=True)
class DebianPackage:
    """One package of the base, as dpkg knows it."""

    name: str
    version: str
    architecture: str


def normal_name(name: str) -> str:
    """Return a distribution's name as indexes compare it (PEP 503)."""
    return _RUN_OF_SEPARATORS.sub("-", name).lower()


def pinned_hashes(requirements: str) -> dict[tuple[str, str], set[str]]:
    """Return the SHA-256 that requirements name, by normal name and version."""
    hashes: dict[tuple[str, str], set[str]] = {}
    pin = ("", "")
    for line in requirements.splitlines():
        if begun := _PIN.match(line):
            pin = (normal_name(begun[1]), begun[2])
        for digest in _HASH.findall(line):
            hashes.setdefault(pin, set()).add(digest)
    return hashes


def fetched_hashes(report: Mapping[str, Any]) -> dict[str, str]:
    """Return the SHA-256 of each file that pip installed, by normal name, from its own report."""
    return {
        normal_name(item["metadata"]["name"]): item["download_info"]["archive_info"]["hashes"][
            "sha256"
        ]
        for item in report["install"]
    }


def installed_from(
    found: Iterable[Distribution],
    fetched: Mapping[str, str],
    pins: Mapping[tuple[str, str], set[str]],
) -> list[Installed]:
    """Return the distributions by name. Raises NotAsPinned with a line for each that is wrong."""
    known = sorted((_installed(one, fetched) for one in found), key=lambda one: one.name)
    mistakes = [line for one in known if (line := _mistake(one, pins)) is not None]
    missing = set(fetched) - {one.name for one in known}
    mistakes += [f"{name} was installed and is not there" for name in sorted(missing)]
    if mistakes:
        raise NotAsPinned("\n".join(mistakes))
    return known


def debian_packages(status: str) -> list[DebianPackage]:
    """Return the packages that dpkg's status file says are installed, by name."""
    paragraphs = (_fields(paragraph) for paragraph in status.split("\n\n"))
    return sorted(
        (
            DebianPackage(fields["Package"], fields["Version"], fields["Architecture"])
            for fields in paragraphs
            if fields.get("Status") == "install ok installed"
        ),
        key=lambda package: (package.name, package.architecture),
    )


def bill(
    known: Iterable[Installed], packages: Iterable[DebianPackage], *, python: str, version: str
) -> dict[str, Any]:
    """Return the document; ``python`` is the interpreter's version, ``version`` the image's."""
    interpreter = _component("cpython", python, f"pkg:generic/cpython@{quote(python)}")
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {"type": "container", "name": "license-server", "version": version}
        },
        "components": [
            interpreter,
            *(_python_component(one) for one in known),
            *(_debian_component(package) for package in packages),
        ],
    }


def _installed(distribution: Distribution, fetched: Mapping[str, str]) -> Installed:
    name = normal_name(distribution.metadata["Name"])
    said = distribution.metadata
    told = next((said[key] for key in ("License-Expression", "License") if key in said), "")
    first = told.strip().partition("\n")[0]
    return Installed(name, distribution.version, first, fetched.get(name))


def _mistake(one: Installed, pins: Mapping[tuple[str, str], set[str]]) -> str | None:
    if one.name in OURS:
        return None
    allowed = pins.get((one.name, one.version))
    if allowed is None:
        return f"{one.name} {one.version} is installed and not pinned"
    if one.sha256 not in allowed:
        return f"{one.name} {one.version} came from a file that is not pinned"
    return None


def _fields(paragraph: str) -> dict[str, str]:
    lines = (line.partition(": ") for line in paragraph.splitlines() if not line.startswith(" "))
    return {name: value for name, _, value in lines}


def _component(name: str, version: str, purl: str, **more: Any) -> dict[str, Any]:
    return {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": version,
        "purl": purl,
        **more,
    }


def _python_component(one: Installed) -> dict[str, Any]:
    purl = f"pkg:pypi/{one.name}@{quote(one.version, safe='')}"
    return _component(one.name, one.version, purl, **dict(_python_details(one)))


def _python_details(one: Installed) -> Iterator[tuple[str, Any]]:
    if one.sha256 is not None:
        yield "hashes", [{"alg": "SHA-256", "content": one.sha256}]
    if one.license:
        yield "licenses", [{"license": {"name": one.license}}]


def _debian_component(package: DebianPackage) -> dict[str, Any]:
    version = quote(package.version, safe="")
    purl = f"pkg:deb/debian/{quote(package.name)}@{version}?arch={package.architecture}"
    return _component(package.name, package.version, purl)


def main() -> int:
    """Write the bill where ``--output`` says; end with 1 where something is not as pinned."""
    arguments = _arguments()
    try:
        known = installed_from(
            distributions(),
            fetched_hashes(json.loads(arguments.report.read_text())),
            pinned_hashes(arguments.pins.read_text()),
        )
    except NotAsPinned as mistake:
        sys.stderr.write(f"{mistake}\n")
        return 1
    packages = debian_packages(arguments.dpkg.read_text())
    python = sys.version.partition(" ")[0]
    document = bill(known, packages, python=python, version=arguments.image_version)
    arguments.output.write_text(json.dumps(document, indent=1) + "\n")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pins", type=Path, required=True, help="compiled requirements")
    parser.add_argument("--report", type=Path, required=True, help="pip's report (--report)")
    parser.add_argument("--dpkg", type=Path, default=Path("/var/lib/dpkg/status"))
    parser.add_argument("--image-version", required=True)
    parser.add_argument("--output", type=Path, required=True)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
