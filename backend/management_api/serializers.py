"""What goes in, taken strictly: a field that nobody knows is a mistake and not a wish ignored."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeVar

from django.http import QueryDict
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request

from leasing.http.bodies import shown
from leasing.http.errors import FieldError, InvalidRequest
from management_api.fields import WRONG_TYPE

MOST_ERRORS: Final = 20

# The words of the leasing plane for what Django REST framework calls otherwise.
_CODES: Final = {
    "required": "missing",
    "null": WRONG_TYPE,
    "blank": "too_short",
    "min_length": "too_short",
    "max_length": "too_long",
    "empty": "too_short",
    "min_value": "out_of_range",
    "max_value": "out_of_range",
    "invalid_choice": "not_allowed",
    "not_a_list": WRONG_TYPE,
    "not_a_dict": WRONG_TYPE,
    "null_characters_not_allowed": "bad_characters",
    "surrogate_characters_not_allowed": "bad_characters",
}
_MESSAGES: Final = {
    "required": "is required",
    "null": "may not be null",
    "blank": "must not be empty",
    "invalid_choice": "is not one of the allowed values",  # the framework's own repeats the value
    "not_a_list": "must be a list",
    "not_a_dict": "must be an object",
}

_Strict = TypeVar("_Strict", bound="StrictSerializer")


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses every member that is no field of it."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the values of the fields. Raises ValidationError."""
        if not isinstance(data, Mapping):
            raise ValidationError({"": ["must be a JSON object"]}, WRONG_TYPE)
        unknown = [name for name in data if name not in self.fields]
        if unknown:
            raise ValidationError(
                {name: ["is not known"] for name in unknown[:MOST_ERRORS]}, "unknown_field"
            )
        return super().to_internal_value(data)


class Nothing(StrictSerializer):
    """A body that may be left out, and says nothing."""


def read(kind: type[_Strict], request: Request) -> dict[str, Any]:
    """Return what a body says, by field. Raises InvalidRequest."""
    return _validated(kind(data=request.data))


def asked(kind: type[_Strict], request: Request) -> dict[str, Any]:
    """Return what a query asks, by field. Raises InvalidRequest, also for a name given twice."""
    query: QueryDict = request.query_params
    for name, values in query.lists():
        if len(values) > 1:
            raise InvalidRequest(FieldError(shown(name), "duplicate_member", "is there twice"))
    return _validated(kind(data=query.dict()))


def _validated(serializer: StrictSerializer) -> dict[str, Any]:
    try:
        serializer.is_valid(raise_exception=True)
    except ValidationError as mistake:
        raise as_invalid_request(mistake) from None
    values: dict[str, Any] = serializer.validated_data
    return values


def as_invalid_request(mistake: ValidationError) -> InvalidRequest:
    """Return a mistake that the framework found as the contract writes it."""
    errors = list(_field_errors(mistake.detail, ""))
    return InvalidRequest(*errors[:MOST_ERRORS])


def _field_errors(detail: Any, field: str) -> Iterator[FieldError]:
    if isinstance(detail, ErrorDetail):
        yield _field_error(detail, field)
    elif isinstance(detail, Mapping):
        for name, inner in detail.items():
            yield from _field_errors(inner, _member(field, name))
    else:
        for inner in detail:
            yield from _field_errors(inner, field)


def _member(field: str, name: object) -> str:
    if isinstance(name, int):
        return f"{field}[{name}]"
    text = "" if name == "non_field_errors" else shown(str(name))
    return f"{field}.{text}".strip(".")


def _field_error(detail: ErrorDetail, field: str) -> FieldError:
    code = detail.code or "invalid"
    message = _MESSAGES.get(code, str(detail))
    return FieldError(field, _CODES.get(code, code), f"{field} {message}".strip())
