"""From what a query found to an answer."""

from collections.abc import Mapping
from typing import Any, TypeVar

from rest_framework.response import Response

from management_api.errors import NotFound
from management_api.preconditions import tagged

_Row = TypeVar("_Row")


def found(row: _Row | None) -> _Row:
    """Return a row. Raises NotFound when there is none."""
    if row is None:
        raise NotFound("no such thing in the caller's tenant")
    return row


def created(representation: Mapping[str, Any], address: str) -> Response:
    """Return the answer to a create: what was made, with its ETag, and where it is."""
    response = tagged(representation, status=201)
    response["Location"] = address
    return response
