"""Every call of the leasing plane, declared once; a test compares them with the plane's routes."""

from typing import Final

from coditect_license.openapi import examples
from coditect_license.openapi.operation import (
    IN_HEADER,
    IN_HEADER_OR_BODY,
    NO_CREDENTIAL,
    Answer,
    Body,
    Operation,
)
from identity.errors import (
    Forbidden,
    InvalidCredential,
    IssuerUnavailable,
    MissingCredential,
    MissingTenant,
)
from leasing.errors import (
    LeaseLost,
    LicenseUnknown,
    Overloaded,
    PersonalCapReached,
    SeatsExhausted,
    SessionUnknown,
    StoreUnavailable,
    TooManyInstances,
)
from leasing.http.bodies import AcquireBody, HeartbeatBody
from leasing.http.errors import BodyTooLarge, InvalidRequest, UnsupportedMediaType
from leasing.http.plane import InternalError
from leasing.http.routes import ACQUIRE, HEALTH, JWKS, KEYS, SESSIONS
from licenses.errors import LicenseExpired, LicenseRevoked, LicenseSuspended
from signing.errors import SigningUnavailable
from soft_state.errors import RateLimited

LEASES: Final = "leases"
KEYS_TAG: Final = "keys"
HEALTH_TAG: Final = "health"

_SESSION: Final = f"{SESSIONS}{{session_id}}/"
_CREDENTIAL: Final = (
    MissingCredential,
    InvalidCredential,
    MissingTenant,
    Forbidden,
    IssuerUnavailable,
)
_REFUSED: Final = (LicenseExpired, LicenseSuspended, LicenseRevoked)
_BODY: Final = (InvalidRequest, BodyTooLarge, UnsupportedMediaType)
_LEDGER: Final = (StoreUnavailable, Overloaded, InternalError)

_ACQUIRE_SEAT: Final = Operation(
    method="post",
    path=f"{ACQUIRE}/",
    operation_id="acquire_seat",
    tag=LEASES,
    summary="Acquire a seat",
    description=(
        "Takes a seat of the license for a device, or comes back to the one it holds: repeating "
        "the call is safe. Exactly the `proofs` asked for come back, all signed; if one cannot be "
        "signed, the answer is 503 and no seat was taken. Where the license's policy says "
        "`key_auth`, the `license_key` in the body is the credential and no header is needed."
    ),
    security=IN_HEADER_OR_BODY,
    body=Body(AcquireBody, examples.acquire_body(), is_required=True),
    answers=(
        Answer(
            status=201,
            description="A new seat.",
            schema="LeaseAnswer",
            example=examples.granted(),
            links=("renew", "read", "release"),
        ),
        Answer(
            status=200,
            description="The seat that this device holds already, freshly signed.",
            schema="LeaseAnswer",
            example=examples.granted(),
            links=("renew", "read", "release"),
        ),
    ),
    problems=(
        *_BODY,
        TooManyInstances,
        *_CREDENTIAL,
        *_REFUSED,
        LicenseUnknown,
        SeatsExhausted,
        PersonalCapReached,
        RateLimited,
        *_LEDGER,
        SigningUnavailable,
    ),
)

_RENEW_LEASE: Final = Operation(
    method="patch",
    path=f"{_SESSION}heartbeat/",
    operation_id="renew_lease",
    tag=LEASES,
    summary="Heartbeat: renew a lease",
    description=(
        "Moves the lease one term on. A fresh `license_token` comes when the last one is past half "
        "its life, or when a `nonce` is sent. The body is optional; without `instance_id` the "
        "session as a whole is renewed. The `license_key` in the body is the credential when there "
        "is no header.\n\n"
        "After a 404 for a session that was granted, repeat the call once with its last "
        "`license_token` and `delegation`: a server that was restored from a backup has the "
        "session back by them. When `lease_expires_at` then stays where the token ends, the seat "
        "is somebody else's by now: acquire anew before that."
    ),
    security=IN_HEADER_OR_BODY,
    parameters=("SessionId",),
    body=Body(HeartbeatBody, examples.heartbeat_body(), is_required=False),
    answers=(
        Answer(
            status=200,
            description="The lease runs on.",
            schema="LeaseAnswer",
            example=examples.renewed(),
        ),
    ),
    problems=(
        *_BODY,
        *_CREDENTIAL,
        *_REFUSED,
        SessionUnknown,
        LeaseLost,
        RateLimited,
        *_LEDGER,
        SigningUnavailable,
    ),
)

_READ_SESSION: Final = Operation(
    method="get",
    path=_SESSION,
    operation_id="read_session",
    tag=LEASES,
    summary="Read a session",
    description="The state of a session, also after its end.",
    security=IN_HEADER,
    parameters=("SessionId",),
    answers=(
        Answer(
            status=200,
            description="The session's state.",
            schema="SessionAnswer",
            example=examples.session(),
        ),
    ),
    problems=(*_CREDENTIAL, SessionUnknown, RateLimited, *_LEDGER),
)

_RELEASE_SEAT: Final = Operation(
    method="delete",
    path=_SESSION,
    operation_id="release_seat",
    tag=LEASES,
    summary="Release a seat",
    description=(
        "Ends the session, or one instance's share of it. The seat is free when the last live "
        "instance of the device has released or lapsed. Repeating the call is safe."
    ),
    security=IN_HEADER,
    parameters=("SessionId", "InstanceId"),
    answers=(Answer(status=204, description="Nothing is held any more."),),
    problems=(InvalidRequest, *_CREDENTIAL, SessionUnknown, RateLimited, *_LEDGER),
)

_LIST_KEYS: Final = Operation(
    method="get",
    path=f"{KEYS}/",
    operation_id="list_keys",
    tag=KEYS_TAG,
    summary="List the root keys",
    description="The key set, signed by the root, with each key as JWK and as PEM.",
    security=NO_CREDENTIAL,
    answers=(
        Answer(
            status=200,
            description="The key set.",
            schema="KeySet",
            example=examples.key_set(),
        ),
    ),
    problems=(InternalError, SigningUnavailable),
)

_READ_JWKS: Final = Operation(
    method="get",
    path=JWKS,
    operation_id="read_jwks",
    tag=KEYS_TAG,
    summary="Read the root keys as a JWK set",
    description="The plain JWK set, unsigned: believe it only as far as TLS.",
    security=NO_CREDENTIAL,
    answers=(
        Answer(status=200, description="The JWK set.", schema="Jwks", example=examples.jwks()),
    ),
    problems=(InternalError,),
)

_OK: Final = Answer(status=200, description="Yes.", schema="Health", example={"status": "ok"})


def _alive(path: str, operation_id: str, summary: str) -> Operation:
    return Operation(
        method="get",
        path=path,
        operation_id=operation_id,
        tag=HEALTH_TAG,
        summary=summary,
        description="Touches nothing: neither ledger nor signer.",
        security=NO_CREDENTIAL,
        answers=(_OK,),
    )


_READ_READINESS: Final = Operation(
    method="get",
    path=f"{HEALTH}/ready",
    operation_id="read_readiness",
    tag=HEALTH_TAG,
    summary="Can this process serve leases?",
    description="Asks only what this process holds itself: its writer and its delegation.",
    security=NO_CREDENTIAL,
    answers=(
        _OK,
        Answer(
            status=503,
            description="Not now.",
            schema="Health",
            example={"status": "unavailable"},
        ),
    ),
)

OPERATIONS: Final = (
    _ACQUIRE_SEAT,
    _RENEW_LEASE,
    _READ_SESSION,
    _RELEASE_SEAT,
    _LIST_KEYS,
    _READ_JWKS,
    _alive(f"{HEALTH}/", "read_health", "Is the service there?"),
    _alive(f"{HEALTH}/live", "read_liveness", "Is this process alive?"),
    _READ_READINESS,
)
