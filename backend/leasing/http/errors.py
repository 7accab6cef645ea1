"""What is wrong with a request before anybody looked at a lease.

RequestError
├── InvalidRequest        a body or field is not of the contract's form
├── BodyTooLarge          over 64 KiB
├── HeadTooLarge          address and headers over 32 KiB, or over 100 headers
├── UnsupportedMediaType  a body that is not JSON
├── UnknownPath           no such address
└── MethodNotAllowed      the address takes other methods
"""

from msgspec import Struct


class FieldError(Struct, frozen=True):
    """What is wrong with one field; ``field`` is empty when it is the body as a whole."""

    field: str
    code: str
    message: str


class RequestError(Exception):
    """A request that cannot be understood."""


class InvalidRequest(RequestError):
    """A body or field is not of the contract's form; ``errors`` says which and how."""

    def __init__(self, *errors: FieldError) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = errors


class BodyTooLarge(RequestError):
    """The body has more than 64 KiB."""


class HeadTooLarge(RequestError):
    """Address and headers have more than 32 KiB, or there are more than 100 headers."""


class UnsupportedMediaType(RequestError):
    """The body is not ``application/json``, or it is compressed."""


class UnknownPath(RequestError):
    """No call has this address."""


class MethodNotAllowed(RequestError):
    """The address exists for other methods; ``allowed`` names them."""

    def __init__(self, allowed: tuple[str, ...]) -> None:
        super().__init__("this address does not take this method")
        self.allowed = allowed
