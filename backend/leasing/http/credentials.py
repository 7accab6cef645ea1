"""From headers and body to the caller: the only place that reads a credential."""

from functools import lru_cache
from hmac import compare_digest

from msgspec import Struct

from foundation.request_facts import RequestFacts
from identity.errors import Cause, Forbidden, InvalidCredential, MissingCredential
from identity.operations import BearerVerifier
from identity.rules import Principal, PrincipalKind
from leasing.http.errors import FieldError, InvalidRequest
from leasing.http.messages import Request
from leasing.http.reads import read_in_thread
from leasing.store import Caller
from licenses import license_key
from licenses.license_key import KeyHasher

_LONGEST_KEY = 256
_MOST_KEYS_KNOWN = 10_000


class Door:
    """Tells who calls, by bearer token or licence key."""

    def __init__(self, verifier: BearerVerifier, hasher: KeyHasher) -> None:
        self._verifier = verifier
        self._hasher = hasher
        self._tenants: dict[tuple[str, ...], str] = {}

    async def leasing_caller(self, request: Request, body_key: str | None = None) -> Caller:
        """Return a caller that may lease.

        ``body_key`` is the licence key in the body: the credential when there is no header.
        Raises MissingCredential, InvalidCredential, MissingTenant, Forbidden, or InvalidRequest
        when the keys in header and body differ.
        """
        return await self._caller(request, body_key, writes=True)

    async def reading_caller(self, request: Request) -> Caller:
        """Return a caller that may look at sessions. Raises the same."""
        return await self._caller(request, None, writes=False)

    def key_hmacs(self, key: str) -> tuple[str, ...]:
        """Return the HMACs to look a licence key up by."""
        return self._hasher.candidates(key)

    def note_tenant(self, request: Request, caller: Caller, tenant_id: str) -> None:
        """Have the log line name the tenant that the ledger answered for.

        Also that of every later call with the same key here, whatever comes of it: a key is one
        tenant's for ever. For the log alone; the ledger is asked anew each time.
        """
        request.facts.tenant_id = tenant_id
        if caller.key_hmacs and caller.key_hmacs not in self._tenants:
            if len(self._tenants) >= _MOST_KEYS_KNOWN:
                self._tenants.clear()
            self._tenants[caller.key_hmacs] = tenant_id

    async def _caller(self, request: Request, body_key: str | None, *, writes: bool) -> Caller:
        scheme, credential = _authorization(request)
        if scheme == "bearer":
            return _allowed(await self._principal(credential), request.facts, writes=writes)
        key = _key(scheme, credential, body_key)
        request.facts.principal_kind = PrincipalKind.LICENSE_KEY.value
        caller = self._key_caller(key)
        request.facts.tenant_id = self._tenants.get(caller.key_hmacs)
        return caller

    async def _principal(self, token: str) -> Principal:
        if known := self._verifier.recall(token):
            return known
        return await read_in_thread(self._verifier.verify, token)

    def _key_caller(self, key: str) -> Caller:
        if not 0 < len(key) <= _LONGEST_KEY or not key.isprintable() or not key.isascii():
            raise InvalidCredential("malformed license key")
        label = f"{PrincipalKind.LICENSE_KEY.value}:…{license_key.hint(key)}"
        return Caller(principal=label, key_hmacs=self._hasher.candidates(key))


def _authorization(request: Request) -> tuple[str | None, str]:
    value = request.header(b"authorization")
    if value is None:
        if request.count(b"authorization"):
            raise InvalidCredential("two authorization headers")
        return None, ""
    scheme, _, credential = value.decode("latin-1").partition(" ")
    return scheme.lower(), credential.strip(" \t")


def _allowed(principal: Principal, facts: RequestFacts, *, writes: bool) -> Caller:
    known = _known(principal)
    facts.tenant_id, facts.principal_kind = known.caller.tenant_id, known.kind
    if not (known.may_lease if writes else known.may_read):
        raise Forbidden("this role may not do that")
    return known.caller


class _Known(Struct, frozen=True, gc=False):
    """A principal as the leasing plane needs it."""

    caller: Caller
    kind: str
    may_lease: bool
    may_read: bool


@lru_cache(maxsize=10_000)  # a principal is what it is: the answer never changes
def _known(principal: Principal) -> _Known:
    caller = Caller(principal=principal.label, tenant_id=str(principal.tenant_id))
    return _Known(caller, principal.kind.value, principal.may_lease(), principal.may_read())


def _key(scheme: str | None, credential: str, body_key: str | None) -> str:
    """Return the licence key that is the credential."""
    if scheme == "license":
        return _same_key(credential, body_key)
    if scheme is not None:
        raise InvalidCredential(f"scheme {scheme[:16]!r}", Cause.SCHEME)
    if body_key is None:
        raise MissingCredential("no credential")
    return body_key


def _same_key(header_key: str, body_key: str | None) -> str:
    if body_key is not None and not compare_digest(
        license_key.normalize(header_key).encode(), license_key.normalize(body_key).encode()
    ):
        raise InvalidRequest(
            FieldError("license_key", "differs", "license_key differs from the key in the header")
        )
    return header_key
