"""PATCH /api/v1/licenses/sessions/{session_id}/heartbeat/"""

from leasing.errors import SessionUnknown
from leasing.http.admission import Leases
from leasing.http.answers import json_response, lease_answer
from leasing.http.bodies import HeartbeatBody, read_body
from leasing.http.credentials import Door
from leasing.http.messages import Request, Response
from leasing.http.proofs import Proofs
from leasing.http.shown_tokens import ShownTokens
from leasing.rules import UNNAMED
from leasing.store import Heartbeat, Lease

_NOTHING_SAID = HeartbeatBody()


class HeartbeatEndpoint:
    """Moves a lease on, and signs a fresh token when the last one is past half its life."""

    def __init__(self, engine: Leases, door: Door, proofs: Proofs, shown: ShownTokens) -> None:
        self._engine = engine
        self._door = door
        self._proofs = proofs
        self._shown = shown

    async def patch(self, request: Request, session_id: str) -> Response:
        """Answer 200 with the new end of the lease."""
        raw = await request.body()
        body = read_body(raw, HeartbeatBody) if raw else _NOTHING_SAID
        caller = await self._door.leasing_caller(request, body.license_key)
        heartbeat = Heartbeat(
            caller=caller,
            session_id=session_id,
            instance_id=body.instance_id or UNNAMED,
            wants_token=body.nonce is not None,
            # Asked first: else the ledger could count a token as signed that nobody gets.
            latest_token_end=self._proofs.latest_token_end(),
        )
        try:
            lease, outcome = await self._engine.renew(heartbeat), "renewed"
        except SessionUnknown:
            lease, outcome = await self._reinstated(heartbeat, body), "reinstated"
        self._door.note_tenant(request, caller, lease.terms.tenant_id)
        sealed = self._proofs.license_token(lease, body.nonce) if lease.seq else None
        answer = lease_answer(lease, sealed=sealed, known_kid=body.known_kid)
        return json_response(answer, outcome=outcome)

    async def _reinstated(self, heartbeat: Heartbeat, body: HeartbeatBody) -> Lease:
        return await self._engine.reinstate(await self._shown.reinstatement(heartbeat, body))
