"""The calls of the contract as bytes, with the headers that a client sends."""

import json
from typing import Final

from benchmarks.prepared import Ledger
from benchmarks.scripts import DEVICE, SESSION, Repeat

_LEASING: Final = "/api/v1/licenses"
NOOP: Final = Repeat([b"GET /health/live/ HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: */*\r\n\r\n"])
"""The no-op: the same server, plane, and request log, and no work behind it."""


def call(
    method: str, path: str, authorization: str, body: dict[str, object] | None = None
) -> bytes:
    """Return one HTTP/1.1 request with an optional JSON body."""
    content = b"" if body is None else json.dumps(body, separators=(",", ":")).encode()
    headers = [
        f"{method} {path} HTTP/1.1",
        "host: 127.0.0.1",
        "accept: application/json",
        "user-agent: coditect-license-benchmark",
        f"authorization: {authorization}",
    ]
    if body is not None:
        headers += ["content-type: application/json", f"content-length: {len(content)}"]
    return "\r\n".join(headers).encode() + b"\r\n\r\n" + content


def heartbeat(session_id: str, authorization: str, body: dict[str, object] | None = None) -> bytes:
    """Return the renewal of a session, without a body unless one is given."""
    return call("PATCH", f"{_LEASING}/sessions/{session_id}/heartbeat/", authorization, body)


def acquire(
    ledger: Ledger, license_key: str, hardware_id: str, body: dict[str, object] | None = None
) -> bytes:
    """Return an acquire as a member of the tenant, with more members of the body if given."""
    whole = {"license_key": license_key, "hardware_id": hardware_id, **(body or {})}
    return call("POST", f"{_LEASING}/acquire/", ledger.bearer, whole)


def fresh_acquires(ledger: Ledger, body: dict[str, object] | None = None) -> list[bytes]:
    """Return one template for each license: an acquire for a device that DEVICE stands for."""
    return [acquire(ledger, key, DEVICE.decode(), body) for key in ledger.license_keys]


def release(ledger: Ledger) -> bytes:
    """Return the template that gives back the seat of the session that SESSION stands for."""
    return call("DELETE", f"{_LEASING}/sessions/{SESSION.decode()}/", ledger.bearer)
