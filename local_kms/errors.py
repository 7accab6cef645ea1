"""Why a call is refused, as Cloud KMS says it.

::

    Refusal    a status code of gRPC, a sentence, and for a key's state the machine-readable reason
"""

import grpc


class Refusal(Exception):
    """A call that gets no answer. ``reason`` and ``subject`` go into a PreconditionFailure."""

    def __init__(
        self, code: grpc.StatusCode, message: str, *, reason: str = "", subject: str = ""
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.reason = reason
        self.subject = subject


def invalid(message: str) -> Refusal:
    """Return the refusal of a request that is wrong whatever the state of the keys."""
    return Refusal(grpc.StatusCode.INVALID_ARGUMENT, message)


def not_found(name: str) -> Refusal:
    """Return the refusal of a caller who may know that the resource does not exist."""
    return Refusal(grpc.StatusCode.NOT_FOUND, f"{name} not found.")


def already_exists(name: str) -> Refusal:
    """Return the refusal of a name that is taken. Names are never free again."""
    return Refusal(grpc.StatusCode.ALREADY_EXISTS, f"{name} already exists.")


def precondition(message: str, *, reason: str = "", subject: str = "") -> Refusal:
    """Return the refusal of a request that the resource's state or purpose forbids."""
    return Refusal(grpc.StatusCode.FAILED_PRECONDITION, message, reason=reason, subject=subject)


def denied(permission: str, resource: str) -> Refusal:
    """Return IAM's refusal, in the words of Cloud KMS."""
    return Refusal(
        grpc.StatusCode.PERMISSION_DENIED,
        f"Permission '{permission}' denied on resource '{resource}' (or it may not exist).",
    )


def unauthenticated(message: str) -> Refusal:
    """Return the refusal of a caller who is not known."""
    return Refusal(grpc.StatusCode.UNAUTHENTICATED, message)


def unimplemented(message: str) -> Refusal:
    """Return the refusal of what Cloud KMS can do and the local one cannot."""
    return Refusal(grpc.StatusCode.UNIMPLEMENTED, f"The local KMS does not do this: {message}")
