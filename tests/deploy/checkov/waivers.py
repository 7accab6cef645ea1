"""Findings that are meant, and until when: read and judged."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from deploy.checkov.scanning import Finding

LONGEST = timedelta(days=366)
SHORTEST_REASON = 30
"""Characters: "not needed" is no reason."""


@dataclass(frozen=True)
class Waiver:
    """One check that may find something in one file, through its last day."""

    check: str
    file: str
    reason: str
    until: date

    def covers(self, finding: Finding) -> bool:
        return (self.check, self.file) == (finding.check, finding.file)


def read_waivers(file: Path) -> list[Waiver]:
    """Return a file's waivers. Raises TypeError for one that lacks a member or has another."""
    with file.open("rb") as opened:
        return [Waiver(**entry) for entry in tomllib.load(opened)["waiver"]]


def complaints(findings: Iterable[Finding], waivers: Iterable[Waiver], *, today: date) -> list[str]:
    """Return a sentence for each finding without a waiver and each waiver that does not hold."""
    found, given = sorted(findings), list(waivers)
    unwaived = [f"{one}: no waiver" for one in found if not any(w.covers(one) for w in given)]
    return unwaived + [
        f"waiver {waiver.check} of {waiver.file}: {fault}"
        for waiver in given
        for fault in _faults(waiver, found, today)
    ]


def _faults(waiver: Waiver, findings: list[Finding], today: date) -> Iterable[str]:
    if waiver.until < today:
        yield f"expired on {waiver.until}"
    if waiver.until > today + LONGEST:
        yield "holds for more than a year"
    if len(waiver.reason.strip()) < SHORTEST_REASON:
        yield "has no reason"
    if not any(waiver.covers(finding) for finding in findings):
        yield "is not needed any more"
