"""POST /api/v1/licenses/acquire/"""

from typing import Final

from leasing import counts
from leasing.errors import LeasingError
from leasing.http.admission import Leases
from leasing.http.answers import json_response, lease_answer
from leasing.http.bodies import AcquireBody, encode_metadata, read_body
from leasing.http.credentials import Door
from leasing.http.messages import Request, Response
from leasing.http.proofs import Proofs
from leasing.rules import UNNAMED
from leasing.store import Acquire, Caller, Lease, Release
from signing.errors import SigningUnavailable
from signing.seals import SealedToken

_DENIALS: Final = tuple(counts.DENIALS)


class AcquireEndpoint:
    """Takes a seat and proves it: parse, one call inward, sign, answer."""

    def __init__(self, engine: Leases, door: Door, proofs: Proofs) -> None:
        self._engine = engine
        self._door = door
        self._proofs = proofs

    async def post(self, request: Request) -> Response:
        """Answer 201 for a new seat and 200 for the one this device already holds."""
        body = read_body(await request.body(), AcquireBody)
        caller = await self._door.leasing_caller(request, body.license_key)
        if "license_data" in body.proofs:
            self._proofs.require_room()
        call = self._call(body, caller)
        lease = await self._acquired(call)
        self._door.note_tenant(request, caller, lease.terms.tenant_id)
        try:
            sealed = self._seal(lease, body)
            license_data = await self._license_data(lease, body)
        except SigningUnavailable:
            if lease.is_new:
                await self._hand_back(lease, call)
            raise
        counts.acquires.add("granted" if lease.is_new else "held")
        answer = lease_answer(
            lease, sealed=sealed, known_kid=body.known_kid, license_data=license_data
        )
        if lease.is_new:
            return json_response(answer, 201, outcome="granted")
        return json_response(answer, outcome="held")

    async def _acquired(self, call: Acquire) -> Lease:
        """Return what the engine answers. A denial is counted, whatever is not decided is not."""
        try:
            return await self._engine.acquire(call)
        except _DENIALS as denial:
            counts.denials.add(counts.DENIALS[type(denial)])
            counts.acquires.add("denied")
            raise

    def _call(self, body: AcquireBody, caller: Caller) -> Acquire:
        wants_token = "license_token" in body.proofs
        return Acquire(
            caller=caller,
            key_hmacs=caller.key_hmacs or self._door.key_hmacs(body.license_key),
            hardware_id=body.hardware_id,
            instance_id=body.instance_id or UNNAMED,
            metadata_json=encode_metadata(body.metadata),
            wants_token=wants_token,
            latest_token_end=self._proofs.latest_token_end() if wants_token else None,
        )

    def _seal(self, lease: Lease, body: AcquireBody) -> SealedToken | None:
        if lease.seq is None:
            return None
        return self._proofs.license_token(lease, body.nonce)

    async def _license_data(self, lease: Lease, body: AcquireBody) -> dict[str, str] | None:
        if "license_data" not in body.proofs:
            return None
        return await self._proofs.license_data(lease, body.license_key, body.hardware_id)

    async def _hand_back(self, lease: Lease, call: Acquire) -> None:
        """Give a new seat back that cannot be proven.

        Unless another program of the device has come to share it meanwhile, by whatever process.
        """
        back = Release(call.caller, lease.session_id, call.instance_id, lease.seq or 0)
        try:
            await self._engine.release(back)
        except LeasingError:
            return  # the caller gets 503; by repeating the call it gets this same seat
