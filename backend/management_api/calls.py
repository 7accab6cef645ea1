"""What each call is, said beside the code that answers it; the frame makes the document of it."""

from collections.abc import Callable
from typing import Any, Final, Literal, TypeVar

from msgspec import Struct
from rest_framework.serializers import BaseSerializer

from management_api.serializers import StrictSerializer

_Method = TypeVar("_Method", bound=Callable[..., Any])

CALL: Final = "call"
"""The attribute of a view's method that holds its :class:`Call`."""


class Text(Struct, frozen=True):
    """Another form that an answer can be asked for in: its media type, and an example."""

    media_type: str
    example: str


class Call(Struct, frozen=True, kw_only=True):
    """One call of the office.

    ``answer`` None is an empty 204. ``example`` is a body that works when it is pasted; ``shown``
    is the answer to it. ``problems`` are the errors of the deed itself: what every call with a
    body, a query, an id or a precondition may raise follows from the rest.
    """

    operation_id: str
    tag: str
    summary: str
    description: str
    status: int = 200
    body: type[StrictSerializer] | None = None
    query: type[StrictSerializer] | None = None
    answer: type[BaseSerializer[Any]] | None = None
    is_list: bool = False
    example: dict[str, Any] | None = None
    shown: dict[str, Any] | None = None
    text: Text | None = None
    if_match: Literal["required", "optional"] | None = None
    is_once: bool = False
    problems: tuple[type[Exception], ...] = ()


def describes(call: Call) -> Callable[[_Method], _Method]:
    """Return a decorator that hangs a call on the method of a view that answers it."""

    def hang(method: _Method) -> _Method:
        setattr(method, CALL, call)
        return method

    return hang
