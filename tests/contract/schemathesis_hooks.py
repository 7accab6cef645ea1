"""What schemathesis cannot know: a licence key that exists, and devices that come back.

Only requests meant to be good are changed. Eight devices share the demo's ten seats, so that
acquire is answered with 201 and 200, and its links lead to sessions that exist.
"""

import json
import os
from typing import Any
from zlib import crc32

import schemathesis
from schemathesis.generation import GenerationMode
from schemathesis.generation.meta import TestPhase

_DEVICES = 8
_THERE = json.loads(os.environ["THINGS_THAT_ARE_THERE"])


@schemathesis.hook
def before_call(
    context: schemathesis.HookContext, case: schemathesis.Case[Any], kwargs: dict[str, object]
) -> None:
    """Give a good acquire the demo's key and one of a few devices, and addresses ids that exist.

    Only walks along links find ids by themselves. What a good cursor is only the server knows.
    """
    if case.meta is None or case.meta.generation.mode is not GenerationMode.POSITIVE:
        return
    if case.query:
        case.query.pop("cursor", None)
    if case.meta.phase.name is not TestPhase.STATEFUL:
        known = {name: _THERE[name] for name in case.path_parameters or {} if name in _THERE}
        case.path_parameters = {**(case.path_parameters or {}), **known}
    if case.operation.label == "POST /api/v1/licenses/acquire/" and isinstance(case.body, dict):
        device = crc32(str(case.body["hardware_id"]).encode()) % _DEVICES
        case.body["license_key"] = os.environ["DEMO_LICENSE_KEY"]
        case.body["hardware_id"] = f"device-{device}"


@schemathesis.deserializer("text/html")
def read_page(context: schemathesis.DeserializationContext, response: schemathesis.Response) -> str:
    """Read a page as what the document says it is: text."""
    return response.text
