"""How the fake answers each call of the contract. No sockets here: requests in, replies out."""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from coditect_license_sdk._testing.faults import Fault, Forgery
from coditect_license_sdk._testing.ledger import Ledger, Session
from coditect_license_sdk._testing.mint import Mint, rfc3339
from coditect_license_sdk._wire import Deed
from coditect_license_token import Roots, TokenError, open_delegation, open_license_token

_NO_FAULT: Final = Fault()


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as it came in. `deed` None: no call of the contract."""

    deed: Deed | None
    method: str
    path: str
    query: Mapping[str, str]
    body: Mapping[str, Any]
    authorization: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One response as it goes out."""

    status: int
    body: Mapping[str, object] | bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def payload(self) -> bytes:
        """Give the bytes of the body."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


class Desk:
    """One license behind the contract. Its fields may be changed between requests."""

    def __init__(self, *, license_key: str, token: str, ledger: Ledger, mint: Mint) -> None:
        self.license_key = license_key
        self.token = token
        self.ledger = ledger
        self.mint = mint
        self.heartbeat_seconds = max(ledger.lease_seconds // 3, 1)
        self.refusal: str | None = None
        self.kms_down = False
        self.keyset: str | None = None
        self.lock = threading.RLock()
        self._last: dict[str, object] = {}

    def answer(self, request: Request, *, now: float, fault: Fault = _NO_FAULT) -> Reply:
        """Do what the contract says about the request."""
        with self.lock:
            if request.deed is Deed.HEALTH:
                return Reply(status=200, body={"status": "ok"})
            if request.deed is Deed.KEYS:
                return self._keys(int(now))
            refused = self._refused(request)
            if refused is not None:
                return refused
            return self._leasing(request, now, fault)

    def _leasing(self, request: Request, now: float, fault: Fault) -> Reply:
        if request.deed is Deed.ACQUIRE:
            return self._acquire(request, now, fault)
        if request.deed is Deed.HEARTBEAT:
            return self._heartbeat(request, now, fault)
        if request.deed is Deed.RELEASE:
            return self._release(request, now)
        return problem(404, "not_found")

    def _refused(self, request: Request) -> Reply | None:
        accepted = {f"License {self.license_key}", f"Bearer {self.token}"}
        if request.authorization is None and request.body.get("license_key") != self.license_key:
            return problem(401, "missing_auth")
        if request.authorization is not None and request.authorization not in accepted:
            return problem(401, "invalid_token")
        if request.body.get("license_key", self.license_key) != self.license_key:
            return problem(404, "not_found")
        if self.refusal is not None and request.deed is not Deed.RELEASE:
            return problem(403, self.refusal)
        return None

    def _acquire(self, request: Request, now: float, fault: Fault) -> Reply:
        hardware_id = request.body.get("hardware_id")
        proofs = request.body.get("proofs", ["license_data", "license_token"])
        if not isinstance(hardware_id, str) or not hardware_id:
            return problem(400, "invalid_request")
        if self.kms_down and "license_data" in proofs:
            return problem(503, "signing_unavailable", retry_after_seconds=5)
        instance_id = str(request.body.get("instance_id", ""))
        granted = self.ledger.acquire(hardware_id, instance_id, now)
        if granted is None:
            return self._full(now)
        session, is_new = granted
        return Reply(
            status=201 if is_new else 200,
            body=self._granted(session, request, int(now), fault, proofs),
        )

    def _heartbeat(self, request: Request, now: float, fault: Fault) -> Reply:
        session_id = request.path.split("/")[5]
        instance_id = request.body.get("instance_id")
        session = self.ledger.renew(session_id, instance_id, now)
        if session is None and self.ledger.why_ended(session_id) is None:
            session = self._reinstated(session_id, request, now)
        if session is None:
            return self._gone(session_id)
        proofs = ["license_token"] if "nonce" in request.body else []
        return Reply(status=200, body=self._granted(session, request, int(now), fault, proofs))

    def _release(self, request: Request, now: float) -> Reply:
        session_id = request.path.split("/")[5]
        known = self.ledger.release(session_id, request.query.get("instance_id"), now)
        return Reply(status=204) if known else problem(404, "not_found")

    def _granted(
        self,
        session: Session,
        request: Request,
        now: int,
        fault: Fault,
        proofs: list[str],
    ) -> dict[str, object]:
        body: dict[str, object] = {
            "session_id": session.session_id,
            "lease_expires_at": rfc3339(session.lease_expires_at),
            "heartbeat_interval_seconds": self.heartbeat_seconds,
            "next_heartbeat_in_seconds": float(self.heartbeat_seconds),
            "seats": {"total": self.ledger.seats, "in_use": len(self.ledger.live(now))},
        }
        if "license_data" in proofs:
            body["license_data"] = self.mint.license_data(
                session, license_key=self.license_key, now=now
            )
        if "license_token" in proofs:
            body |= self._signed(session, request, now, fault)
        return body

    def _signed(
        self, session: Session, request: Request, now: int, fault: Fault
    ) -> dict[str, object]:
        if fault.forgery is Forgery.STALE:
            return dict(self._last)
        forged = fault.forgery
        token = self.mint.license_token(
            session,
            now=now,
            nonce="another" if forged is Forgery.NONCE else request.body.get("nonce"),
            hardware_id="another" if forged is Forgery.DEVICE else session.hardware_id,
        )
        signed: dict[str, object] = {"license_token": token}
        if request.body.get("known_kid") != self.mint.signer.key_id:
            signed["delegation"] = self.mint.delegation(
                now=now, lease_expires_at=session.lease_expires_at
            )
        self._last = dict(signed)
        return signed

    def _reinstated(self, session_id: str, request: Request, now: float) -> Session | None:
        try:
            delegation = open_delegation(
                str(request.body.get("delegation")),
                roots=Roots([self.mint.root.public_key]),
                now=int(now),
            )
            claims = open_license_token(
                str(request.body.get("license_token")), delegation=delegation, now=int(now)
            )
        except TokenError:
            return None
        if claims.session_id != session_id:
            return None
        return self.ledger.reinstate(session_id, now, until=claims.expires)

    def _gone(self, session_id: str) -> Reply:
        reason = self.ledger.why_ended(session_id)
        if reason is None:
            return problem(404, "not_found")
        return problem(410, "lease_lost", reason=reason)

    def _full(self, now: float) -> Reply:
        free_at = min((one.lease_expires_at for one in self.ledger.live(now)), default=now)
        return problem(
            409,
            "seats_exhausted",
            seats={"total": self.ledger.seats, "in_use": len(self.ledger.live(now))},
            retry_after_seconds=max(1, min(int(free_at - now), 30)),
        )

    def _keys(self, now: int) -> Reply:
        return Reply(
            status=200, body={"keyset": self.keyset or self.mint.keyset(now=now, version=1)}
        )


def problem(
    status: int, code: str, *, retry_after_seconds: int | None = None, **members: object
) -> Reply:
    """Make a problem document (RFC 9457) as the contract has it."""
    body = {
        "type": f"urn:coditect:problem:{code}",
        "title": code.replace("_", " "),
        "status": status,
        "detail": f"the fake server says {code}",
        "error": code,
        "message": f"the fake server says {code}",
        "request_id": "fake",
        **members,
    }
    headers = {"Content-Type": "application/problem+json"}
    if retry_after_seconds is not None:
        body["retry_after_seconds"] = retry_after_seconds
        headers["Retry-After"] = str(retry_after_seconds)
    return Reply(status=status, body=body, headers=headers)
