"""checkov over what is deployed, in one run: it takes longer to start than to look."""

import json
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml
from deploy.kubernetes.rendering import OVERLAYS, render

REPOSITORY: Final = Path(__file__).resolve().parents[3]
CHECKOV: Final = REPOSITORY / ".venv-checkov/bin/checkov"
KNOWN: Final = Path(__file__).parent / "known"
FRAMEWORKS: Final = ("terraform", "kubernetes", "dockerfile")


@dataclass(frozen=True, order=True)
class Finding:
    """One check that one resource failed; the file is below the scanned tree."""

    file: str
    check: str
    resource: str
    title: str

    def __str__(self) -> str:
        return f"{self.check} {self.file} {self.resource}: {self.title}"


@dataclass(frozen=True)
class Report:
    """What a run looked at and found."""

    findings: tuple[Finding, ...]
    resources: dict[str, int]
    """How many were looked at, by framework."""
    unread: tuple[str, ...]
    """Files that checkov could not read: it goes on without them."""

    def below(self, folder: str) -> list[Finding]:
        """Return the findings of a folder of the tree."""
        return [one for one in self.findings if one.file.startswith(f"{folder}/")]

    def outside(self, folder: str) -> list[Finding]:
        """Return all the others."""
        return [one for one in self.findings if not one.file.startswith(f"{folder}/")]


def gather(tree: Path) -> None:
    """Put into a folder what is scanned: as it is deployed, so overlays as they are rendered."""
    without = shutil.ignore_patterns("tests", ".terraform*")
    shutil.copytree(REPOSITORY / "opentofu", tree / "opentofu", ignore=without)
    (tree / "kubernetes").mkdir()
    for overlay in OVERLAYS:
        text = yaml.safe_dump_all(render(overlay))
        (tree / "kubernetes" / f"{overlay}.yaml").write_text(text)
    shutil.copytree(KNOWN, tree / "known")
    shutil.copy(REPOSITORY / "Dockerfile", tree)


def scan(tree: Path) -> Report:
    """Run checkov over a folder, offline, and return what it says."""
    words = ["-d", ".", "--framework", *FRAMEWORKS, "--skip-download"]
    done = subprocess.run(
        [CHECKOV, *words, "--compact", "--quiet", "-o", "json"],
        cwd=tree,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode in {0, 1}, done.stderr
    return read_report(json.loads(done.stdout))


def read_report(said: Any) -> Report:
    """Read checkov's JSON: a list, or its only element where one framework found something."""
    parts = said if isinstance(said, list) else [said]
    return Report(
        findings=tuple(
            sorted({one for part in parts for one in _findings(part["results"]["failed_checks"])})
        ),
        resources={part["check_type"]: part["summary"]["resource_count"] for part in parts},
        unread=tuple(name for part in parts for name in part["results"].get("parsing_errors", [])),
    )


def _findings(failed: Iterable[Any]) -> Iterable[Finding]:
    for one in failed:
        yield Finding(
            file=one["file_path"].lstrip("/"),
            check=one["check_id"],
            resource=one["resource"],
            title=one["check_name"],
        )
