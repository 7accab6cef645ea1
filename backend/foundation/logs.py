"""Logs as JSON lines on standard output, in the form Cloud Logging parses.

Fields are an allow-list: nobody logs a body, a header or a query string. The text of an exception
that is none of ours stays out: it quotes what it was given. So does what strangers' loggers say.
"""

import asyncio
import logging
import os
import sys
import threading
import traceback
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from foundation.clock import rfc3339_now
from foundation.redaction import Redactor
from foundation.request_facts import RequestFacts, current_request
from foundation.request_lines import Exchange, request_line

_log = logging.getLogger(__name__)
_ENCODER: Final = msgspec.json.Encoder()
_FLUSH_BYTES: Final = 65_536
_LINES_AT_ONCE: Final = 25
_MOST_OF_A_PATH: Final = 200
_LONGEST_RECOGNIZED: Final = 256
"""A secret that the cut goes through is known by so many characters of it, or it is not shown."""

_SEVERITIES: Final = frozenset({"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"})
OURS: Final = frozenset(
    {
        *("coditect_license", "coditect_license_token", "management_api", "privacy", "leasing"),
        *("licenses", "signing", "identity", "audit", "tenants", "soft_state", "foundation"),
    }
)
"""The rooms: what they say is said by us, and needs no mistrust."""

_HEARD: Final = frozenset({"uvicorn.error", "django.request"})
"""Loggers of others that say nothing a caller said, but for the path of an address."""

_MOST_CAUSES: Final = 8


class JsonLines:
    """Collects JSON lines and writes many with one system call.

    Lines keep their order. They reach the file at the latest when :meth:`flush` is called.
    ``redactor`` takes out of them what must not be there. ``project`` is the one of Google Cloud
    whose traces the lines belong to; without one they name their trace by its id alone.
    """

    def __init__(
        self, descriptor: int, redactor: Redactor | None = None, *, project: str = ""
    ) -> None:
        self._descriptor = descriptor
        self.redactor = redactor or Redactor()
        self.trace_prefix = f"projects/{project}/traces/" if project else ""
        self._lines: list[bytes] = []
        self._is_torn = False
        self._lock = threading.Lock()

    def append(self, line: dict[str, Any] | Struct) -> bool:
        """Add a line; return whether it is the first that waits for a flush."""
        encoded = _ENCODER.encode(line)
        with self._lock:
            self._lines.append(encoded)
            return len(self._lines) == 1

    def append_request(self, exchange: Exchange, facts: RequestFacts) -> None:
        """Add the line of one request, and have it written when the loop comes round.

        For the event loop. The path has no query; its first 200 characters are kept.
        """
        if exchange.path is not None:
            shown = _plain(self._shown(exchange.path))
            if shown is not exchange.path:
                exchange = replace(exchange, path=shown)
        if self.append(request_line(exchange, facts, trace_prefix=self.trace_prefix)):
            asyncio.get_running_loop().call_soon(self.flush)

    def _shown(self, path: str) -> str:
        """Return the beginning of a path without the secrets in it, and without half of one.

        They are taken out before the cut: what is left of half a key is not known for one.
        """
        if len(path) <= _MOST_OF_A_PATH:
            return self.redactor.path(path)
        begin = path[: _MOST_OF_A_PATH + _LONGEST_RECOGNIZED]
        return self.redactor.path(begin)[:-_LONGEST_RECOGNIZED][:_MOST_OF_A_PATH]

    def write(self, lines: Sequence[Struct]) -> bool:
        """Write lines at once, behind those that wait; return whether the file has all of them.

        For other threads than the event loop's: of many lines it does not wait for the last.
        """
        encoded = [_ENCODER.encode(line) for line in lines]
        pages = range(0, len(encoded), _LINES_AT_ONCE)
        return all(self._flush(encoded[first : first + _LINES_AT_ONCE]) for first in pages)

    def flush(self) -> None:
        """Write every line that waits. Who cannot take them loses them, and nothing else is lost.

        A reader that went away, a disk that is full.
        """
        self._flush([])

    def _flush(self, more: list[bytes]) -> bool:
        with self._lock:
            lines, self._lines = [*self._lines, *more], []
            try:
                self._put(b"\n".join([*lines, b""]))
            except OSError:
                return False
            return True

    def _put(self, rest: bytes) -> None:
        """Write whole lines; those that follow half of one begin on a line of their own."""
        if self._is_torn and rest:
            rest = b"\n" + rest
        while rest:
            written = os.write(self._descriptor, rest[:_FLUSH_BYTES])
            self._is_torn = rest[written - 1 : written] != b"\n"
            rest = rest[written:]


def _plain(text: str) -> str:
    """Return a stranger's text with nothing in it that a terminal would obey."""
    return text if text.isascii() else text.encode("ascii", "backslashreplace").decode()


class JsonHandler(logging.Handler):
    """Writes the program's log records as JSON lines, at once."""

    def __init__(self, lines: JsonLines) -> None:
        super().__init__()
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record with its severity, logger and message, and the request it belongs to."""
        fields: dict[str, Any] = {
            "severity": record.levelname if record.levelname in _SEVERITIES else "DEFAULT",
            "time": rfc3339_now(),
            "logger": record.name,
            "message": self._lines.redactor.text(_message(record)),
        }
        if facts := current_request():
            fields |= self._named_after(facts)
        if record.exc_info and record.exc_info[1] is not None:
            fields["stack_trace"] = self._lines.redactor.text(_stack_trace(record.exc_info[1]))
        self._lines.append(fields)
        self._lines.flush()

    def _named_after(self, facts: RequestFacts) -> dict[str, Any]:
        span = {"logging.googleapis.com/spanId": facts.span_id} if facts.span_id else {}
        return {
            "request_id": facts.request_id,
            "logging.googleapis.com/trace": self._lines.trace_prefix + facts.trace_id,
            "logging.googleapis.com/trace_sampled": facts.is_sampled,
            **span,
        }


def _message(record: logging.LogRecord) -> str:
    """Return what a record says, of a stranger's only the sentence without what was put into it."""
    if record.name in _HEARD or record.name.partition(".")[0] in OURS:
        return record.getMessage()
    return str(record.msg) if record.args else f"said in {record.module}, line {record.lineno}"


def _stack_trace(error: BaseException) -> str:
    """Return where an error came from and why, the first cause first, each by its type."""
    causes: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and len(causes) < _MOST_CAUSES:
        causes.append(cause)
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return "\n".join(map(_one_error, reversed(causes)))


def _one_error(error: BaseException) -> str:
    kind = type(error)
    said = f": {error}" if kind.__module__.partition(".")[0] in OURS else ""
    frames = "".join(traceback.format_tb(error.__traceback__))
    return f"{frames}{kind.__module__}.{kind.__qualname__}{said}"


def log_to_standard_output(
    levels: Mapping[str, str], redactor: Redactor | None = None, *, project: str = ""
) -> JsonLines:
    """Send every log record to standard output as JSON; return the stream for request lines.

    ``levels`` are the lowest severities that are written, by module; that of the empty name is for
    all others. Lines of requests and of the audit have none: all are written. Errors that nobody
    caught, in any thread, become records too: what Python would print of them is their text.
    """
    lines = JsonLines(sys.stdout.fileno(), redactor, project=project)
    root = logging.getLogger()
    root.handlers[:] = [JsonHandler(lines)]
    for module, level in levels.items():
        logging.getLogger(module).setLevel(level)
    sys.excepthook = _log_uncaught
    threading.excepthook = lambda of: _log_uncaught(of.exc_type, of.exc_value, of.exc_traceback)
    return lines


def _log_uncaught(
    kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
) -> None:
    if error is not None and not issubclass(kind, KeyboardInterrupt):
        _log.critical("nobody caught an error", exc_info=(kind, error, trace))
