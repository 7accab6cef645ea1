"""Steps: each is run apart from the others, bounded in time, and written down."""

import os
import shlex
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final, TextIO

from license_incident.journal import Entry, Journal

_MOST_OUTPUT: Final = 64 * 1_024
_GRACE_SECONDS: Final = 5


class StepFailed(Exception):
    """A step did not do what it is for; says why."""


class Abandoned(StepFailed):
    """A step that shows the whole run to be a mistake: the rest is skipped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing to do. ``shows`` are the lines of a dry run; ``act`` does it and says what came.

    ``undo`` takes it back, see blocks.py. ``file`` is what it writes, for the journal.
    """

    name: str
    shows: list[str]
    act: Callable[[], str]
    undo: dict[str, Any] | None = None
    file: str = ""


@dataclass(slots=True)
class Run:
    """A row of steps. With ``is_dry`` each is shown and none is done."""

    tier: str
    journal: Journal
    out: TextIO
    is_dry: bool
    failed: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)

    def take(self, steps: Iterable[Step]) -> int:
        """Take the steps one after the other; return how many failed."""
        rest = list(steps)
        while rest:
            step = rest.pop(0)
            if self.is_dry:
                self._show(step)
            elif not self._take(step):
                for skipped in rest:
                    self._note(skipped, "skipped", f"after {step.name}")
                break
        return len(self.failed)

    def _show(self, step: Step) -> None:
        self.out.write(f"# {step.name}\n")
        self.out.writelines(f"{line}\n" for line in step.shows)

    def _take(self, step: Step) -> bool:
        """Take one step; return whether the others still make sense."""
        since = time.monotonic()
        if step.undo is not None:
            self._note(step, "begun")
        try:
            said = step.act()
        except (KeyboardInterrupt, SystemExit):
            self._note(step, "interrupted", seconds=time.monotonic() - since)
            raise
        except Abandoned as refusal:
            self._failed(step, str(refusal), since)
            return False
        except Exception as failure:  # noqa: BLE001  a step that fails never stops the next
            self._failed(step, str(failure) or type(failure).__name__, since)
            return True
        self._note(step, "ok", said, time.monotonic() - since)
        self.done.append(step.name)
        return True

    def _failed(self, step: Step, reason: str, since: float) -> None:
        self.failed.append(step.name)
        self._note(step, "failed", reason, time.monotonic() - since)

    def _note(self, step: Step, result: str, said: str = "", seconds: float = 0.0) -> None:
        entry = Entry(
            step=step.name,
            result=result,
            tier=self.tier,
            seconds=round(seconds, 3),
            command=step.shows,
            output=said,
            file=step.file,
            undo=step.undo,
        )
        line = self.journal.redacted(said).strip().splitlines()
        told = f": {line[0][:200]}" if line and result in {"failed", "skipped"} else ""
        with suppress(OSError):  # who reads along may be gone
            self.out.write(f"{result:<11} {step.name}{told}\n")
            self.out.flush()
        try:
            self.journal.write(entry)
        except OSError as error:  # a full disk keeps nobody from blocking
            self.failed.append(f"journal of {step.name}")
            with suppress(OSError):
                self.out.write(f"failed      journal of {step.name}: {error.strerror}\n")


def command(name: str, words: list[str], *, seconds: float = 60, to: Path | None = None) -> Step:
    """Return the step of one command. Its output goes into a new file, or into the journal."""
    shown = shlex.join(words) + (f" > {shlex.quote(to.name)}" if to else "")
    return Step(
        name=name,
        shows=[shown],
        act=lambda: run(words, seconds=seconds, to=to),
        file=to.name if to else "",
    )


def run(words: list[str], *, seconds: float, to: Path | None = None) -> str:
    """Run a command and return what it said. Raises StepFailed when it failed or took too long."""
    with ExitStack() as stack:
        target = stack.enter_context(_new(to)) if to else subprocess.PIPE
        try:
            child = subprocess.Popen(  # noqa: S603  words, never a shell
                words,
                stdin=subprocess.DEVNULL,
                stdout=target,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise StepFailed(f"{words[0]} cannot be run: {error.strerror}") from error
        out, err = _finished(child, seconds)
    said = err.decode(errors="replace")[-_MOST_OUTPUT:]
    if child.returncode:
        raise StepFailed(f"exit status {child.returncode}: {said.strip()}")
    return out.decode(errors="replace") if out else said


def _finished(child: "subprocess.Popen[bytes]", seconds: float) -> tuple[bytes, bytes]:
    try:
        out, err = child.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        _end(child)
        raise StepFailed(f"took more than {seconds:g} s and was ended") from None
    except BaseException:
        _end(child)
        raise
    return out or b"", err or b""


def _end(child: "subprocess.Popen[bytes]") -> None:
    """End a command and whatever it started."""
    for ending in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(child.pid, ending)
        with suppress(subprocess.TimeoutExpired):
            child.communicate(timeout=_GRACE_SECONDS)
            return


def _new(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
