"""What the Dockerfile of a server for production must say, judged from its text."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).resolve().parents[3]
DOCKERFILE: Final = REPOSITORY / "Dockerfile"

_BY_DIGEST: Final = re.compile(r"\S+@sha256:[0-9a-f]{64}")
_CONTINUED: Final = re.compile(r"\\\n\s*")
_LABELS: Final = ("title", "description", "licenses", "version", "revision", "base.name")
_SECRET: Final = re.compile(r"(?i)(password|secret|token|pepper|credential)[a-z_]*=\S")


@dataclass(frozen=True)
class Instruction:
    """One instruction in capitals, with all that follows it in one line."""

    name: str
    words: str


def instructions(text: str) -> list[Instruction]:
    """Return the instructions of a Dockerfile, without its comments."""
    bare = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    lines = (line.strip() for line in _CONTINUED.sub(" ", bare).splitlines())
    parts = (line.partition(" ") for line in lines if line)
    return [Instruction(name.upper(), words.strip()) for name, _, words in parts]


def last_stage(known: list[Instruction]) -> list[Instruction]:
    """Return what follows the last FROM: that stage is the image."""
    starts = [number for number, one in enumerate(known) if one.name == "FROM"]
    return known[starts[-1] + 1 :]


def complaints(text: str) -> list[str]:
    """Return what is wrong, a line each; nothing where a Dockerfile is as it must be."""
    known = instructions(text)
    return [line for check in _CHECKS for line in check(known)]


def _values(known: list[Instruction], name: str) -> list[str]:
    return [one.words for one in known if one.name == name]


def _base(known: list[Instruction]) -> Iterator[str]:
    base = next((words for words in _values(known, "ARG") if words.startswith("BASE=")), "")
    if not _BY_DIGEST.fullmatch(base.removeprefix("BASE=")):
        yield "the base is not an ARG named by its digest"
    for source in _values(known, "FROM"):
        if source.split()[0] not in {"${BASE}", "scratch"}:
            yield f"a stage begins from something else than the base: {source}"


def _stages(known: list[Instruction]) -> Iterator[str]:
    if len(_values(known, "FROM")) < 2:
        yield "what builds is not in a stage of its own"


def _install(known: list[Instruction]) -> Iterator[str]:
    for words in _values(known, "RUN"):
        for command in re.split(r"&&|;", words):
            local = "--no-index" in command or "--no-deps" in command
            if "pip" in command and "install" in command and not local:
                if "--require-hashes" not in command:
                    yield f"an install without hashes: {command.strip()}"
                if "--only-binary :all:" not in command:
                    yield f"an install that may build: {command.strip()}"


def _user(known: list[Instruction]) -> Iterator[str]:
    if _values(last_stage(known), "USER")[-1:] != ["10001:10001"]:
        yield "the image does not run as 10001:10001"


def _copies(known: list[Instruction]) -> Iterator[str]:
    for words in _values(last_stage(known), "COPY"):
        if "--chmod=0555" not in words and "--chmod=0444" not in words:
            yield f"a copy without a mode that all can read and none can write: {words}"
        if "--from=build" not in words:
            yield f"a copy past the build: {words}"
    if _values(known, "ADD"):
        yield "ADD fetches and unpacks; COPY does not"


def _start(known: list[Instruction]) -> Iterator[str]:
    stage = last_stage(known)
    for name in ("ENTRYPOINT", "CMD"):
        if not _is_exec_form(" ".join(_values(stage, name))):
            yield f"{name} has a shell between: a signal does not reach the server"
    if _values(stage, "CMD") != ['["serve"]']:
        yield "the image does not serve when nothing is said"
    if _values(stage, "STOPSIGNAL") != ["SIGTERM"]:
        yield "STOPSIGNAL is not SIGTERM, upon which a server drains"


def _is_exec_form(words: str) -> bool:
    try:
        return isinstance(json.loads(words), list)
    except ValueError:
        return False


def _health(known: list[Instruction]) -> Iterator[str]:
    said = " ".join(_values(last_stage(known), "HEALTHCHECK"))
    if not _is_exec_form(said.partition("CMD ")[2]):
        yield "no HEALTHCHECK without a shell"


def _settings(known: list[Instruction]) -> Iterator[str]:
    said = " ".join(_values(last_stage(known), "ENV"))
    for wanted in ("PYTHONDONTWRITEBYTECODE=1", "PYTHONUNBUFFERED=1", "PORT=8000"):
        if wanted not in said:
            yield f"{wanted} is not set"
    if _SECRET.search(" ".join(_values(known, "ENV") + _values(known, "ARG"))):
        yield "a secret is in the image's own settings"
    if _values(last_stage(known), "EXPOSE") != ["8000 9464"]:
        yield "8000 and 9464 are not named as its ports"


def _labels(known: list[Instruction]) -> Iterator[str]:
    said = " ".join(_values(last_stage(known), "LABEL"))
    for name in _LABELS:
        if f"org.opencontainers.image.{name}=" not in said:
            yield f"no label org.opencontainers.image.{name}"


_CHECKS: Final[tuple[Callable[[list[Instruction]], Iterator[str]], ...]] = (
    _base,
    _stages,
    _install,
    _user,
    _copies,
    _start,
    _health,
    _settings,
    _labels,
)
