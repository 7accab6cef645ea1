"""What Django REST framework raises, in the words of the house."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions

from identity.errors import Forbidden, InvalidCredential, MissingCredential
from leasing.http.errors import (
    FieldError,
    InvalidRequest,
    MethodNotAllowed,
    UnsupportedMediaType,
)
from licenses.rules import PolicyMistake
from management_api.errors import NotFound
from management_api.serializers import as_invalid_request

_MALFORMED = FieldError("", "malformed", "the request cannot be read")


def raise_as_ours(error: Exception, context: dict[str, Any]) -> None:
    """Raise an error of the framework as one of the house (its setting ``EXCEPTION_HANDLER``).

    Returns None for every other error, which the framework then raises as it is. Either way the
    transaction around the view is rolled back.
    """
    ours = _as_ours(error, context)
    if ours is not None:
        raise ours from error


def _as_ours(error: Exception, context: dict[str, Any]) -> Exception | None:
    if isinstance(error, exceptions.ValidationError):
        return as_invalid_request(error)
    if isinstance(error, exceptions.MethodNotAllowed):
        return MethodNotAllowed(tuple(context["view"].allowed_methods))
    if isinstance(error, PolicyMistake):
        return InvalidRequest(FieldError("policy", "out_of_range", str(error)))
    for theirs, ours in _KINDS:
        if isinstance(error, theirs):
            return ours()
    return None


def _invalid_request() -> Exception:
    return InvalidRequest(_MALFORMED)


_KINDS = (
    (exceptions.ParseError, _invalid_request),
    (exceptions.NotAuthenticated, lambda: MissingCredential("no credential")),
    (exceptions.AuthenticationFailed, lambda: InvalidCredential("refused by a view")),
    ((exceptions.PermissionDenied, PermissionDenied), lambda: Forbidden("refused by a view")),
    ((exceptions.NotFound, Http404), lambda: NotFound("no such thing")),
    (exceptions.UnsupportedMediaType, lambda: UnsupportedMediaType("the body must be JSON")),
)
