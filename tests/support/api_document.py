"""The calls that a server's OpenAPI document describes, and requests made from it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import httpx

_IN_PATH: Final = re.compile(r"\{(\w+)\}")
_SECRETS: Final = ("license_key",)


@dataclass(frozen=True, slots=True)
class Described:
    """One operation of the document; schemas are those it refers to."""

    method: str
    path: str
    operation: dict[str, Any]
    document: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.operation["operationId"])

    @property
    def in_path(self) -> list[str]:
        """The names of the ids in the address."""
        return _IN_PATH.findall(self.path)

    @property
    def in_query(self) -> list[str]:
        """The names of what the query may ask, ids and others."""
        return [one["name"] for one in self._parameters() if one["in"] == "query"]

    @property
    def example(self) -> Any:
        """The body that can be pasted, or None when there is none."""
        content = self.operation.get("requestBody", {}).get("content", {})
        return content.get("application/json", {}).get("example")

    @property
    def body(self) -> dict[str, Any]:
        """The members that a body may have."""
        content = self.operation.get("requestBody", {}).get("content", {})
        return self._members(content.get("application/json", {}).get("schema", {}))

    @property
    def answer(self) -> dict[str, Any]:
        """The members of the good answer."""
        content = self.operation["responses"][str(self.status)].get("content", {})
        return self._members(content.get("application/json", {}).get("schema", {}))

    @property
    def status(self) -> int:
        """The status of the good answer."""
        return min(int(status) for status in self.operation["responses"])

    @property
    def is_open(self) -> bool:
        """Whether no credential is asked for."""
        return self.operation.get("security") == []

    @property
    def needs_match(self) -> bool:
        """Whether the call names the state that it changes."""
        return any(one["name"] == "If-Match" for one in self._parameters())

    def ids(self) -> list[tuple[str, str]]:
        """Return where ids go, and their names: in the path, the query or the body."""
        found = [("path", name) for name in self.in_path]
        found += [("query", name) for name in self.in_query if _is_id(name)]
        found += [("body", name) for name in self.body if _is_id(name)]
        return found

    def address(self, things: dict[str, str]) -> str:
        """Return the path with ids. Raises KeyError for a kind of id that nobody has made."""
        return _IN_PATH.sub(lambda match: things[match[1]], self.path)

    def _parameters(self) -> Iterator[dict[str, Any]]:
        for parameter in self.operation.get("parameters", []):
            yield self._resolved(parameter)

    def _members(self, schema: dict[str, Any]) -> dict[str, Any]:
        schema = self._resolved(schema)
        members: dict[str, Any] = dict(schema.get("properties", {}))
        for part in schema.get("allOf", []):
            members |= self._members(part)
        return members

    def _resolved(self, part: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in part:
            named: Any = self.document
            for name in part["$ref"].removeprefix("#/").split("/"):
                named = named[name]
            part = named
        return part


def described(base_url: str) -> list[Described]:
    """Return every operation that a server describes."""
    document = httpx.get(f"{base_url}/api/schema/?format=json").raise_for_status().json()
    return [
        Described(method.upper(), path, operation, document)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    ]


def _is_id(name: str) -> bool:
    return name in _SECRETS or (name.endswith("_id") and name not in {"hardware_id", "instance_id"})
