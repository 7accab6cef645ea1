"""From a bearer token to a principal."""

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from foundation.clock import Clock
from foundation.metrics import counter
from identity import api_token
from identity.bearer import parse_bearer
from identity.claims import read_claims
from identity.errors import (
    Cause,
    InvalidCredential,
    IssuerUnavailable,
    MissingTenant,
    UnusableIssuer,
)
from identity.issuers import IssuerTable
from identity.register import Register
from identity.rules import Principal
from identity.verified_tokens import VerifiedTokens

_log = logging.getLogger(__name__)

MOST_SECONDS_TRUSTED: Final = 30
"""How long the issuers are believed as they were read. A token verified just before that is
remembered for 60 s more."""


_count = counter("license_credentials_refused_total", "Bearer credentials refused.", "cause")
_REFUSED: Final = {cause: _count(cause.value) for cause in Cause}


def count_refused(cause: Cause) -> None:
    """Count a credential that was refused at another place than here."""
    _REFUSED[cause]()


class BearerVerifier:
    """Verifies bearer credentials: tokens of the trusted issuers, and API tokens of ours.

    ``load_issuers`` gives the table at construction, and again for the first token to be verified
    after 30 seconds or after :meth:`expire`; the ``register`` is asked once for each credential
    that is not remembered, after its signature. Both may read the database. Safe for threads.
    """

    def __init__(
        self,
        load_issuers: Callable[[], IssuerTable],
        *,
        clock: Clock,
        register: Register,
    ) -> None:
        self._load_issuers = load_issuers
        self._clock = clock
        self._register = register
        self._remembered = VerifiedTokens()
        self._issuers = load_issuers()
        self._read_at: datetime | None = clock()
        self._reading = threading.Lock()

    def reload(self) -> None:
        """Read the trusted issuers again and forget every verified token.

        Raises UnusableIssuer, and keeps the table it had.
        """
        self._issuers = self._load_issuers()
        self._remembered.forget_all()

    def expire(self) -> None:
        """Forget every verified token, and read the trusted issuers before the next is verified.

        Reads nothing now: for the hearer of a notice, in any thread.
        """
        self._read_at = None
        self._remembered.forget_all()

    def forget(self) -> None:
        """Forget every verified token: somebody's membership or API token was changed."""
        self._remembered.forget_all()

    def recall(self, token: str) -> Principal | None:
        """Return the principal of a token verified within the last 60 seconds, or None.

        About a microsecond, and never the database: for an event loop, which lets a worker thread
        call :meth:`verify` when this returns None.
        """
        return self._remembered.find(token, now=self._clock())

    def verify(self, token: str) -> Principal:
        """Return the principal of a compact JWT or an API token.

        Raises InvalidCredential for everything that proves nothing, MissingTenant for a good token
        of nobody who is active in a tenant here (the reasons go to log and metrics alone), and
        IssuerUnavailable. May wait seconds for an issuer's keys. Does not check whether the token's
        subject was removed at its issuer: that shows when the token ends.
        """
        now = self._clock()
        remembered = self._remembered.find(token, now=now)
        if remembered is not None:
            return remembered
        try:
            principal, ends_at = self._verify(token, now)
        except (InvalidCredential, MissingTenant, IssuerUnavailable) as refusal:
            count_refused(refusal.cause)
            _log.info("bearer token refused: %s", refusal.reason)
            raise
        lives_seconds = ends_at - now.timestamp()
        self._remembered.keep(token, principal, now=now, lives_seconds=lives_seconds)
        return principal

    def _verify(self, token: str, now: datetime) -> tuple[Principal, float]:
        if api_token.looks_like_one(token):
            return self._verify_api_token(token, now)
        bearer = parse_bearer(token)
        claims = bearer.claims
        self._read_issuers_when_due()
        issuer = self._issuers.find(claims.get("iss"), claims.get("aud"))
        if not issuer.key(bearer.key_id, bearer.algorithm).has_signed(token):
            raise InvalidCredential("the signature does not verify", Cause.SIGNATURE)
        claimed = read_claims(claims, issuer, now=now.timestamp())
        return self._register.admit(claimed, now=now), claims["exp"]

    def _verify_api_token(self, token: str, now: datetime) -> tuple[Principal, float]:
        parsed = api_token.parse(token)
        if parsed is None:
            raise InvalidCredential("an API token with a wrong letter", Cause.API_TOKEN)
        principal, ends_at = self._register.bearer_of(parsed, now=now)
        return principal, ends_at.timestamp()

    def _read_issuers_when_due(self) -> None:
        """Read the trusted issuers anew; one that cannot be used leaves all as they were."""
        with self._reading:
            now, read_at = self._clock(), self._read_at
            if read_at is not None and abs(now - read_at) < timedelta(seconds=MOST_SECONDS_TRUSTED):
                return
            self._read_at = now  # before the read: a notice that comes meanwhile has it done again
            try:
                self._issuers = self._load_issuers()
            except UnusableIssuer as mistake:
                _log.error("the trusted issuers stay as they were: %s", mistake)
