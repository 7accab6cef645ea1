"""The document of both planes: drf-spectacular's, with the leasing plane merged in."""

from functools import cache
from typing import Any

import msgspec
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer

from coditect_license.openapi import leasing_plane, page_operations
from coditect_license.openapi.components import components
from coditect_license.openapi.operation import describe

OPERATIONS = (*leasing_plane.OPERATIONS, *page_operations.OPERATIONS)


def add_declared_operations(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Return drf-spectacular's document with the declared operations (a postprocessing hook).

    Raises ValueError when both describe the same call.
    """
    for operation in OPERATIONS:
        calls = result["paths"].setdefault(operation.path, {})
        if operation.method in calls:
            raise ValueError(f"{operation.method} {operation.path} is described twice")
        calls[operation.method] = describe(operation)
    for kind, named in components().items():
        result["components"].setdefault(kind, {}).update(named)
    return result


@cache
def openapi_document() -> dict[str, Any]:
    """Return the document. It follows from the code alone, so it is made once; do not change it."""
    generator: Any = SchemaGenerator()  # type: ignore[no-untyped-call]  # it has no types
    document: dict[str, Any] = generator.get_schema(request=None, public=True)
    return document


@cache
def as_json() -> bytes:
    """Return the document as JSON."""
    return msgspec.json.encode(openapi_document())


@cache
def as_yaml() -> bytes:
    """Return the document as YAML, without anchors, members in the order they were made."""
    renderer: Any = OpenApiYamlRenderer()
    text: bytes = renderer.render(openapi_document(), renderer_context={})
    return text
