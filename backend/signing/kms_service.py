"""The root key in Cloud KMS. The only file that knows Google's client.

Importing ``google`` takes half a second and 53 MB, and its connections do not survive a fork: it is
loaded by the first call of each process that signs with Cloud KMS, and in no other process.
"""

import hashlib
import logging
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NoReturn, Self

from coditect_license_token import Algorithm, LicenseData, MalformedDocument, PublicKey
from foundation.clock import rfc3339, utc_now
from signing import counts, grants, integrity
from signing.attempts import REAL_TIME, AttemptFailed, Time, within
from signing.errors import OutsideMandate, SigningUnavailable, UnsafeKey
from signing.rules import BreakerState, Budget
from signing.shared_breaker import BREAKER_OPEN, SharedBreaker
from signing.version_name import VersionName

if TYPE_CHECKING:
    from google.auth.credentials import Credentials
    from google.cloud.kms import KeyManagementServiceClient

_log = logging.getLogger(__name__)

THREADS: Final = 16
"""Signatures under way at a time: 400 a second at a round trip of 40 ms, 1,600 at 10 ms.

More is less: with 48 of them a busy process could not keep its own deadlines (docs/adr/0014).
"""

SLOW_SECONDS: Final = 0.4
"""A signature that takes as long as one attempt may take is a sign of trouble, even if it comes."""

SIGNING: Final = Budget(
    attempts=3,
    attempt_seconds=SLOW_SECONDS,
    total_seconds=0.8,
    first_pause_seconds=0.05,
    least_seconds=0.05,
)
"""The client's own defaults block a thread for 55 s while Cloud KMS is away."""

STARTING: Final = Budget(
    attempts=3, attempt_seconds=3, total_seconds=6, first_pause_seconds=0.2, least_seconds=0.5
)
"""The first call also loads the client, fetches credentials and shakes hands."""

_SCOPE: Final = "https://www.googleapis.com/auth/cloudkms"
_ALGORITHM: Final = "RSA_SIGN_PKCS1_4096_SHA256"
_RETRY_SECONDS: Final = 5
_MEMBERS: Final = frozenset(field.name for field in fields(LicenseData))
_SILENCE: Final = frozenset({"unavailable", "deadline_exceeded"})
"""Nobody answered: the connection may be dead and not know it."""

_MISTAKES: Final = frozenset({"not_found", "invalid_argument"})
"""Refusals of a name that is wrong: a server must not start with it, stored key or none."""

_signed: Final = counts.signatures("kms", "signed")
_failed: Final = counts.signatures("kms", "failed")


class KMSSigningService:
    """Signs RS256 with one version of an RSA-4096 key in Cloud KMS.

    The caller's service account needs ``roles/cloudkms.signerVerifier`` on the key. Make it with
    :meth:`open`. Safe for threads; each call blocks for a round trip, 0.8 s at the most.
    """

    def __init__(
        self,
        version: VersionName,
        public_key: PublicKey,
        *,
        endpoint: str | None = None,
        time: Time = REAL_TIME,
        budget: Budget = SIGNING,
    ) -> None:
        self.version = version
        self.public_key = public_key
        self._line = _Line(version, endpoint)
        self._time = time
        self._budget = budget
        self._breaker = SharedBreaker(time.clock)

    @classmethod
    def open(
        cls, version: VersionName, *, stored: PublicKey | None, endpoint: str | None = None
    ) -> Self:
        """Return the signer, with the public key that Cloud KMS shows for the version.

        When it shows none (away, denied, pending, disabled), ``stored`` is used: what we kept of
        this version. Raises UnsafeKey for a version that does not exist or has another algorithm
        than RSA_SIGN_PKCS1_4096_SHA256, and when there is no public key at all. Takes up to 6 s.
        """
        line = _Line(version, endpoint)
        try:
            shown = within(STARTING, line.public_key)
        except AttemptFailed as failure:
            if stored is None or failure.reason in _MISTAKES:
                raise UnsafeKey(f"no public key of {version}: {failure}") from failure
            _log.error("%s: signing under the stored public key %s", failure, stored.key_id)
            shown = stored
        service = cls(version, shown, endpoint=endpoint)
        service._line = line  # connected already
        return service

    @property
    def algorithm(self) -> Algorithm:
        """RS256, which with this size of key is RSA_SIGN_PKCS1_4096_SHA256."""
        return self.public_key.algorithm

    @property
    def key_id(self) -> str:
        """The RFC 7638 thumbprint of the public key."""
        return self.public_key.key_id

    @property
    def breaker_state(self) -> BreakerState:
        """Whether calls go to Cloud KMS at this moment."""
        return self._breaker.state()

    def sign(self, message: bytes) -> bytes:
        """Return the 512-byte signature of the message, verified.

        Only the SHA-256 digest leaves the process. Raises SigningUnavailable after 0.8 s at the
        most, and at once while the breaker is open.
        """
        try:
            with self._breaker.call():
                signature = self._attempts(message)
        except SigningUnavailable as refusal:
            if refusal.reason == BREAKER_OPEN:
                counts.kms_error(BREAKER_OPEN)()
            _failed()
            raise
        _signed()
        return signature

    def sign_license_data(self, data: Mapping[str, str]) -> dict[str, str]:
        """Return the statement of these members, with ``signature`` and ``signature_algorithm``.

        ``signed_at`` (now) and ``key_id`` (this key's) may be left out. Never returns anything
        unsigned. Raises SigningUnavailable; MalformedDocument for missing, unknown or malformed
        members; OutsideMandate when ``key_id`` names another key.
        """
        members = {"signed_at": rfc3339(utc_now()), "key_id": self.key_id, **data}
        if members.keys() != _MEMBERS:
            wrong = ", ".join(sorted(members.keys() ^ _MEMBERS))
            raise MalformedDocument(f"members missing or unknown: {wrong}")
        statement = LicenseData(**members)
        if statement.key_id != self.key_id:
            raise OutsideMandate("the data names another key than this one")
        return statement.with_signature(self.sign(statement.signed_bytes()))

    def get_public_key(self) -> str:
        """Return the public key in PEM, for verifiers. From memory: it never fails."""
        return self.public_key.pem()

    def _attempts(self, message: bytes) -> bytes:
        try:
            attempt = partial(self._attempt, message, hashlib.sha256(message).digest())
            return within(self._budget, attempt, self._time)
        except AttemptFailed as failure:
            if failure.reason in _SILENCE:
                self._line.hang_up()
            raise SigningUnavailable(
                f"Cloud KMS gave no signature: {failure}",
                retry_after_seconds=_RETRY_SECONDS,
                reason=failure.reason,
            ) from failure

    def _attempt(self, message: bytes, digest: bytes, deadline_seconds: float) -> bytes:
        began_at = self._time.clock()
        try:
            return self._line.signature(message, digest, self.public_key, deadline_seconds)
        except AttemptFailed as failure:
            counts.kms_error(failure.reason)()
            raise
        finally:
            counts.kms_attempt_seconds(self._time.clock() - began_at)


class _Line:
    """The connection of one process to one key version, made when it is first used."""

    def __init__(self, version: VersionName, endpoint: str | None) -> None:
        self._version = version
        self._endpoint = endpoint
        self._connecting = threading.Lock()
        self._connected: tuple[int, KeyManagementServiceClient] | None = None
        self._credentials: Credentials | None = None

    def hang_up(self) -> None:
        """Begin anew at the next call: a connection that fell silent would not notice for long."""
        self._connected = None

    def public_key(self, deadline_seconds: float) -> PublicKey:
        """Return the public key of the version. Raises AttemptFailed and UnsafeKey."""
        shown = self._call(
            lambda client: client.get_public_key, {}, deadline_seconds, grants.VIEW_PUBLIC_KEY
        )
        why_not = integrity.why_not_this_pem(
            asked_name=str(self._version),
            answered_name=shown.name,
            pem=shown.pem,
            pem_checksum=shown.pem_crc32c,
        )
        if why_not is not None:
            raise AttemptFailed(why_not, "the public key did not come as it was sent")
        if shown.algorithm.name != _ALGORITHM:
            raise UnsafeKey(f"{self._version} is {shown.algorithm.name}, not {_ALGORITHM}")
        return PublicKey.from_pem(shown.pem)

    def signature(
        self, message: bytes, digest: bytes, public_key: PublicKey, deadline_seconds: float
    ) -> bytes:
        """Return a signature that verifies. Raises AttemptFailed."""
        asked = {"digest": {"sha256": digest}, "digest_crc32c": integrity.checksum(digest)}
        answer = self._call(
            lambda client: client.asymmetric_sign, asked, deadline_seconds, grants.USE_TO_SIGN
        )
        why_not = integrity.why_not_this_signature(
            asked_name=str(self._version),
            answered_name=answer.name,
            digest_was_verified=answer.verified_digest_crc32c,
            signature=answer.signature,
            signature_checksum=answer.signature_crc32c,
            message=message,
            public_key=public_key,
        )
        if why_not is not None:
            raise AttemptFailed(why_not, "the signature did not come as it was asked for")
        return bytes(answer.signature)

    def _call(
        self,
        method: "Callable[[KeyManagementServiceClient], Callable[..., Any]]",
        asked: Mapping[str, object],
        deadline_seconds: float,
        permission: str,
    ) -> Any:
        from google.api_core.exceptions import GoogleAPICallError
        from google.auth.exceptions import GoogleAuthError

        try:
            client = self._client(deadline_seconds)
            request = {"name": str(self._version), **asked}
            return method(client)(request=request, retry=None, timeout=deadline_seconds)
        except GoogleAPICallError as error:
            self._refused(error, permission)
        except GoogleAuthError as error:
            raise AttemptFailed("no_credentials", _first_line(error)) from error

    def _refused(self, error: Any, permission: str) -> NoReturn:
        code = error.grpc_status_code
        reason = code.name.lower() if code is not None else "unknown"
        said = _first_line(error.message)
        if reason == "permission_denied":
            advice = grants.missing_role(
                self._version, permission=permission, caller=self._caller()
            )
            said = f"{said} {advice}"
        raise AttemptFailed(reason, said) from error

    def _client(self, deadline_seconds: float) -> "KeyManagementServiceClient":
        if not self._connecting.acquire(timeout=deadline_seconds):
            raise AttemptFailed("deadline_exceeded", "the connection is being made")
        try:
            connected = self._connected
            if connected is None or connected[0] != os.getpid():
                self._credentials = self._credentials or _credentials()
                client = _connect(self._endpoint, self._credentials)
                connected = self._connected = (os.getpid(), client)
            return connected[1]
        finally:
            self._connecting.release()

    def _caller(self) -> str | None:
        email = getattr(self._credentials, "service_account_email", None)
        return email if isinstance(email, str) and "@" in email else None


def _credentials() -> "Credentials":
    """Find the credentials of this machine. May ask the metadata server, for seconds."""
    import google.auth

    found, _project = google.auth.default(default_scopes=[_SCOPE])
    return found


def _connect(endpoint: str | None, credentials: "Credentials") -> "KeyManagementServiceClient":
    from google.cloud.kms import KeyManagementServiceClient

    return KeyManagementServiceClient(
        credentials=credentials,
        client_options={"api_endpoint": endpoint} if endpoint else None,
    )


def _first_line(error: object) -> str:
    return str(error).partition("\n")[0][:500]


_make_service: Callable[[], KMSSigningService] | None = None


def provide(make_service: Callable[[], KMSSigningService]) -> None:
    """Name what makes, or finds again, the service of this process, for :func:`sign_license`."""
    global _make_service  # noqa: PLW0603  named once, when Django sets up
    _make_service = make_service


def sign_license(data: Mapping[str, str]) -> dict[str, str]:
    """Return the statement of these members, signed by the key that the settings name.

    See :meth:`KMSSigningService.sign_license_data`. The first call of a process may take seconds.
    Raises what that raises, and UnsafeKey when there is no such key.
    """
    if _make_service is None:
        raise UnsafeKey("no Cloud KMS key is provided: is Django set up?")
    return _make_service().sign_license_data(data)
