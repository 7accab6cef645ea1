"""What schemathesis cannot know: keys, ids and codes that exist, and devices that come back.

Only requests meant to be good are changed. Eight devices share the seats of a license, so that
acquire is answered with 201 and 200, and its links lead to sessions that exist.
"""

import json
import os
from itertools import count
from typing import Any
from zlib import crc32

import schemathesis
from schemathesis.generation import GenerationMode
from schemathesis.generation.meta import TestPhase

_DEVICES = 8
_MOST_METADATA = 3_000
_THERE = json.loads(os.environ["THINGS_THAT_ARE_THERE"])
_NUMBERS = count()


@schemathesis.hook
def before_call(
    context: schemathesis.HookContext, case: schemathesis.Case[Any], kwargs: dict[str, object]
) -> None:
    """Have a good request name things that exist.

    Only walks along links find ids by themselves. What a good cursor is, and how long a time may
    be asked about, only the server knows.
    """
    if case.meta is None or case.meta.generation.mode is not GenerationMode.POSITIVE:
        return
    if isinstance(case.body, dict):
        _say_what_exists(case.operation.label, case.body)
    for only_the_server_knows in ("cursor", "since", "until", "license_id"):
        if case.query:
            case.query.pop(only_the_server_knows, None)
    for header, value in (("If-Match", "*"), ("Idempotency-Key", f"key-{next(_NUMBERS)}")):
        if case.headers and header in case.headers:
            case.headers[header] = value
    if case.meta.phase.name is not TestPhase.STATEFUL:
        known = {name: _THERE[name] for name in case.path_parameters or {} if name in _THERE}
        case.path_parameters = {**(case.path_parameters or {}), **known, **_for(case)}


def _for(case: schemathesis.Case[Any]) -> dict[str, str]:
    """Return what a call needs for itself, because it leaves nothing for others, or too much."""
    label = case.operation.label
    licenses = {"revoke": "revoked_id", "download": "license_of_key"}  # for good; of the body's key
    if (deed := label.rstrip("/").rpartition("/")[2]) in licenses:
        return {"license_id": _THERE[licenses[deed]]}
    if (
        label.endswith("/force-release/")
        or label == "DELETE /api/v1/licenses/sessions/{session_id}/"
    ):
        return {"session_id": _THERE["session_to_end"]}
    if label == "DELETE /api/v1/members/{member_id}/":
        return {"member_id": _THERE["member_to_remove"]}
    if label == "DELETE /api/v1/service-accounts/{account_id}/":
        return {"account_id": _THERE["account_to_delete"]}
    if label.startswith("POST") and "/tokens/" in label:  # two tokens count at a time
        accounts = _THERE["accounts"]
        return {"account_id": accounts[next(_NUMBERS) % len(accounts)]}
    return {}


def _device(label: str, body: dict[str, Any]) -> str:
    """Return one of a few devices; what is lent goes to another, for its seat stays taken."""
    if label.endswith("/download/"):
        return "device-at-sea"
    return f"device-{crc32(str(body.get('hardware_id')).encode()) % _DEVICES}"


def _say_what_exists(label: str, body: dict[str, Any]) -> None:
    """Say in a body what no schema can: keys, codes, ends to come, numbers that go together."""
    exist: dict[str, Any] = {}
    if "/licenses/" in label:
        exist = {
            "license_key": _THERE["license_key"],
            "hardware_id": _device(label, body),
            "product": "demo-app",
            "tier": "pro",
            "expires_at": f"{2040 + next(_NUMBERS)}-01-01T00:00:00Z",
        }
    if label == "POST /api/v1/service-accounts/":
        exist = {"name": f"program {next(_NUMBERS)}"}
    if label == "POST /api/v1/members/":
        exist = {"email": f"person{next(_NUMBERS)}@example.com"}
    if (
        len(json.dumps(body.get("metadata"))) > _MOST_METADATA
    ):  # no schema counts the bytes of a whole
        body["metadata"] = {}
    if isinstance(body.get("policy"), dict):
        body["policy"].pop("heartbeat_interval_seconds", None)
        body["policy"].pop("ttl_seconds", None)
    if not label.endswith("/heartbeat/"):
        body |= {name: value for name, value in exist.items() if name in body}


@schemathesis.deserializer("text/html", "text/csv", "application/x-ndjson")
def read_page(context: schemathesis.DeserializationContext, response: schemathesis.Response) -> str:
    """Read a page as what the document says it is: text."""
    return response.text
