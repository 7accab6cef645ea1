"""Processes that tests start beside themselves, and kill."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_BACKEND = Path(__file__).resolve().parents[3]


@contextmanager
def child(name: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """Run a module of this folder; it is killed at the end at the latest."""
    command = [sys.executable, "-m", f"tests.support.children.{name}", *map(str, arguments)]
    with subprocess.Popen(
        command,
        cwd=_BACKEND,
        env={**os.environ, "PYTHONPATH": str(_BACKEND)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def say_to(process: subprocess.Popen[str], line: str) -> None:
    """Write a line to a child."""
    assert process.stdin is not None
    process.stdin.write(f"{line}\n")
    process.stdin.flush()


def line_of(process: subprocess.Popen[str]) -> str:
    """Return the next line a child prints, empty when it has ended."""
    assert process.stdout is not None
    return process.stdout.readline()


def rest_of(process: subprocess.Popen[str]) -> list[str]:
    """Return the whole lines a child has printed and nobody has read."""
    assert process.stdout is not None
    return [line for line in process.stdout if line.endswith("\n")]
