"""A request as an edge sees it, before any server has looked at it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote, urlsplit

HOST: Final = "licenses.coditect.ai"
_METHODS_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request: ``target`` is path and query as they are sent, header names are lower-case."""

    name: str
    method: str = "GET"
    target: str = "/"
    headers: Mapping[str, str] = field(default_factory=dict, hash=False)
    body: bytes = b""

    @property
    def operation(self) -> str:
        """The operation of an honest call, which is the last word of its name."""
        return self.name.split()[-1]

    @property
    def path(self) -> str:
        """The path, decoded, without the query."""
        return unquote(urlsplit(self.target).path)

    @property
    def sent_headers(self) -> dict[str, str]:
        """The headers with those that every client adds: Host, and how long the body is."""
        added = {"host": HOST, "accept": "application/json"}
        if self.body or self.method in _METHODS_WITH_BODY:
            added["content-length"] = str(len(self.body))
        return {**added, **self.headers}


def json_call(name: str, method: str, target: str, body: Any, **headers: str) -> Call:
    """Return a call with a JSON body; headers are written with underscores."""
    written = {key.replace("_", "-"): text for key, text in headers.items()}
    content = {"content-type": "application/json", "user-agent": "coditect-license-sdk/1"}
    return Call(
        name=name,
        method=method,
        target=target,
        headers={**content, **written},
        body=json.dumps(body, separators=(",", ":")).encode(),
    )
