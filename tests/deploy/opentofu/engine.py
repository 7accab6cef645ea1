"""The real engine (Terraform's, from a wheel) on copies of our folders, without a cloud."""

import json
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.opentofu.engine_process import environment

ROOT = Path(__file__).parents[3]
OPENTOFU = ROOT / "opentofu"
TYPES = re.compile(r"\b(google_[a-z0-9_]+)\b")
PATIENCE_SECONDS = 600
"""For one command; the longest, an environment's own tests, takes 13 s of a core."""

LOCAL_STATE = 'terraform {\n  backend "local" {}\n}\n'
"""Overrides where an environment keeps its state: no bucket is asked."""


@dataclass(frozen=True)
class Answer:
    """How one command of the engine ended."""

    code: int
    out: str
    err: str

    @property
    def ok(self) -> bool:
        return self.code == 0

    @property
    def text(self) -> str:
        """All it said, for a person or a search; colours and line breaks taken out."""
        return " ".join((self.out + "\n" + self.err).split())


class Engine:
    """Runs commands, one after the other; see ``started_engine``."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    @property
    def pid(self) -> int:
        return self._process.pid

    def run(self, folder: Path, *words: str) -> Answer:
        """Run ``init``, ``validate -json`` …: a command's words, in a folder."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([f"-chdir={folder}", *words]) + "\n")
        self._process.stdin.flush()
        overdue = threading.Timer(PATIENCE_SECONDS, self._process.kill)
        overdue.start()
        line = self._process.stdout.readline()
        overdue.cancel()
        if not line:
            raise RuntimeError(f"the engine ended with {self._process.wait()} at {words}")
        return Answer(**json.loads(line))

    def init(self, folder: Path) -> Answer:
        return self.run(folder, "init", "-input=false", "-no-color")

    def unformatted(self, folder: Path) -> list[str]:
        """Return the files that are not as ``fmt`` writes them."""
        return self.run(folder, "fmt", "-list=true", "-write=false", "-recursive").out.split()

    def validate(self, folder: Path) -> Answer:
        return self.run(folder, "validate", "-no-color")

    def test(self, folder: Path) -> Answer:
        """Run the folder's tests/*.tftest.hcl."""
        return self.run(folder, "test", "-no-color")

    def plan(
        self, folder: Path, variables: Mapping[str, Any] | None = None, *, destroy: bool = False
    ) -> Answer:
        """Plan into ``plan.bin`` in the folder; see ``planned``."""
        words = ["-input=false", "-no-color", "-out=plan.bin", *(["-destroy"] if destroy else [])]
        return self.run(folder, "plan", *words, *_set(variables))

    def planned(self, folder: Path, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return a plan as the engine writes it in JSON; fails with what it said otherwise."""
        answer = self.plan(folder, variables)
        assert answer.ok, answer.out + answer.err
        return self._shown(folder, "plan.bin")

    def applied(self, folder: Path, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Apply with made-up answers and return the state in JSON (``values``)."""
        words = ["-input=false", "-no-color", "-auto-approve"]
        answer = self.run(folder, "apply", *words, *_set(variables))
        assert answer.ok, answer.out + answer.err
        return self._shown(folder)

    def _shown(self, folder: Path, *plan: str) -> dict[str, Any]:
        answer = self.run(folder, "show", "-json", *plan)
        assert answer.ok, answer.err
        shown: dict[str, Any] = json.loads(answer.out)
        return shown


def _set(variables: Mapping[str, Any] | None) -> list[str]:
    return [f"-var={name}={_written(value)}" for name, value in (variables or {}).items()]


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


@contextmanager
def started_engine(sources: Sequence[Path] = (OPENTOFU, Path(__file__).parent)) -> Iterator[Engine]:
    """Start stand-ins for the providers, about a second, and give the engine that asks them.

    :param sources: folders whose HCL names the types that the stand-ins must know
    """
    with tempfile.TemporaryDirectory(prefix="tofu-") as folder:
        Path(folder, "types.json").write_text(json.dumps(sorted(named_types(sources))))
        process = subprocess.Popen(
            [sys.executable, "-m", "deploy.opentofu.engine_process", folder],
            cwd=ROOT,
            env=environment(Path(folder)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        with process:
            yield Engine(process)
            assert process.stdin is not None
            process.stdin.close()


def named_types(sources: Sequence[Path]) -> set[str]:
    """Return every google_… that the HCL of some folders names."""
    files = [
        file for source in sources for file in source.rglob("*.*") if file.suffix in {".tf", ".hcl"}
    ]
    return {name for file in files for name in TYPES.findall(file.read_text())}


def copied(folder: Path, into: Path) -> Path:
    """Copy the OpenTofu tree, give an environment a local state, and return the folder's copy.

    Nothing the engine writes (.terraform, states, lock files) then lands among the sources.
    """
    tree = into / "opentofu"
    shutil.copytree(OPENTOFU, tree, ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*"))
    copy = tree / folder.relative_to(OPENTOFU)
    if folder.parent.name == "environments":
        (copy / "backend_override.tf").write_text(LOCAL_STATE)
    return copy


def module_folders() -> list[Path]:
    return sorted(p for p in (OPENTOFU / "modules").glob("*") if list(p.glob("*.tf")))


def environment_folders() -> list[Path]:
    return sorted(p for p in (OPENTOFU / "environments").glob("*") if list(p.glob("*.tf")))
