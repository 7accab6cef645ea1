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
from types import TracebackType
from typing import Any, Final

import msgspec

from foundation.clock import rfc3339, utc_now
from foundation.redaction import Redactor

_log = logging.getLogger(__name__)
_ENCODER: Final = msgspec.json.Encoder()
_FLUSH_BYTES: Final = 65_536
_SERVER_FAULT: Final = 500
_OURS: Final = frozenset(
    {
        *("coditect_license", "coditect_license_token", "management_api", "privacy", "leasing"),
        *("licenses", "signing", "identity", "audit", "tenants", "soft_state", "foundation"),
    }
)
_HEARD: Final = frozenset({"uvicorn.error", "django.request"})
"""Loggers of others that say nothing a caller said, but for the path of an address."""

_MOST_CAUSES: Final = 8


class JsonLines:
    """Collects JSON lines and writes many with one system call.

    Lines keep their order. They reach the file at the latest when :meth:`flush` is called.
    ``redactor`` takes out of them what must not be there.
    """

    def __init__(self, descriptor: int, redactor: Redactor | None = None) -> None:
        self._descriptor = descriptor
        self.redactor = redactor or Redactor()
        self._lines: list[bytes] = []
        self._lock = threading.Lock()

    def append(self, fields: dict[str, Any]) -> bool:
        """Add a line; return whether it is the first that waits for a flush."""
        line = _ENCODER.encode(fields)
        with self._lock:
            self._lines.append(line)
            return len(self._lines) == 1

    def append_request(
        self, *, plane: str, request_id: str, method: str, path: str, status: int, seconds: float
    ) -> None:
        """Add the line of one answered request, and have it written when the loop comes round.

        For the event loop. ``path`` has no query; its first 200 characters are kept.
        """
        is_first = self.append(
            {
                "severity": "INFO" if status < _SERVER_FAULT else "ERROR",
                "time": rfc3339(utc_now()),
                "message": "request",
                "plane": plane,
                "request_id": request_id,
                "method": method,
                "path": _plain(self.redactor.path(path[:200])),
                "status": status,
                "duration_ms": round(seconds * 1000, 3),
            }
        )
        if is_first:
            asyncio.get_running_loop().call_soon(self.flush)

    def flush(self) -> None:
        """Write every line that waits. A reader that went away loses them, nothing else."""
        with self._lock:
            lines, self._lines = self._lines, []
            rest = b"".join(line + b"\n" for line in lines)
            try:
                while rest:
                    rest = rest[os.write(self._descriptor, rest[:_FLUSH_BYTES]) :]
            except BrokenPipeError:
                return


def _plain(text: str) -> str:
    """Return a stranger's text with nothing in it that a terminal would obey."""
    return text if text.isascii() else text.encode("ascii", "backslashreplace").decode()


class JsonHandler(logging.Handler):
    """Writes the program's log records as JSON lines, at once."""

    def __init__(self, lines: JsonLines) -> None:
        super().__init__()
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record with its severity, logger and message."""
        fields = {
            "severity": record.levelname,
            "time": rfc3339(utc_now()),
            "logger": record.name,
            "message": self._lines.redactor.text(_message(record)),
        }
        if record.exc_info and record.exc_info[1] is not None:
            fields["stack_trace"] = self._lines.redactor.text(_stack_trace(record.exc_info[1]))
        self._lines.append(fields)
        self._lines.flush()


def _message(record: logging.LogRecord) -> str:
    """Return what a record says, of a stranger's only the sentence without what was put into it."""
    if record.name in _HEARD or record.name.partition(".")[0] in _OURS:
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
    said = f": {error}" if kind.__module__.partition(".")[0] in _OURS else ""
    frames = "".join(traceback.format_tb(error.__traceback__))
    return f"{frames}{kind.__module__}.{kind.__qualname__}{said}"


def log_to_standard_output(level: str, redactor: Redactor | None = None) -> JsonLines:
    """Send every log record to standard output as JSON; return the stream for request lines.

    Errors that nobody caught, in any thread, become records too: what Python would print of them
    is their text.
    """
    lines = JsonLines(sys.stdout.fileno(), redactor)
    root = logging.getLogger()
    root.handlers[:] = [JsonHandler(lines)]
    root.setLevel(level)
    sys.excepthook = _log_uncaught
    threading.excepthook = lambda of: _log_uncaught(of.exc_type, of.exc_value, of.exc_traceback)
    return lines


def _log_uncaught(
    kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
) -> None:
    if error is not None and not issubclass(kind, KeyboardInterrupt):
        _log.critical("nobody caught an error", exc_info=(kind, error, trace))
