"""Logs as JSON lines on standard output, in the form Cloud Logging parses.

Fields are an allow-list: nobody logs a body, a header or a query string.
"""

import asyncio
import logging
import os
import sys
import threading
from typing import Any, Final

import msgspec

from foundation.clock import rfc3339, utc_now

_ENCODER: Final = msgspec.json.Encoder()
_FLUSH_BYTES: Final = 65_536
_SERVER_FAULT: Final = 500


class JsonLines:
    """Collects JSON lines and writes many with one system call.

    Lines keep their order. They reach the file at the latest when :meth:`flush` is called.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
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
                "path": _plain(path[:200]),
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
            "message": record.getMessage(),
        }
        if record.exc_info:
            fields["stack_trace"] = logging.Formatter().formatException(record.exc_info)
        self._lines.append(fields)
        self._lines.flush()


def log_to_standard_output(level: str) -> JsonLines:
    """Send every log record to standard output as JSON; return the stream for request lines."""
    lines = JsonLines(sys.stdout.fileno())
    root = logging.getLogger()
    root.handlers[:] = [JsonHandler(lines)]
    root.setLevel(level)
    return lines
