"""What a heartbeat shows to come back to a session that the ledger has lost."""

from datetime import UTC, datetime

from coditect_license_token import LicenseToken, TokenError
from leasing.errors import SessionUnknown
from leasing.http.bodies import HeartbeatBody
from leasing.http.reads import read_in_thread
from leasing.rules import Evidence
from leasing.store import Heartbeat, Reinstate
from signing.own_tokens import OwnTokens


class ShownTokens:
    """Turns a heartbeat that nobody knows into a reinstatement, if it shows a token of ours."""

    def __init__(self, own_tokens: OwnTokens) -> None:
        self._own_tokens = own_tokens

    async def reinstatement(self, heartbeat: Heartbeat, body: HeartbeatBody) -> Reinstate:
        """Return what to ask the ledger for.

        Call it only for a caller whose credential was accepted: signatures cost CPU (S17). Raises
        SessionUnknown whatever is wrong with the token, as if there was none (S11).
        """
        if body.license_token is None or body.delegation is None:
            raise SessionUnknown("no token is shown")
        try:
            claims = await read_in_thread(
                self._own_tokens.open, body.license_token, body.delegation
            )
        except TokenError as error:
            raise SessionUnknown("the token shown is no good") from error
        if claims.session_id != heartbeat.session_id:
            raise SessionUnknown("the token shown is another session's")
        return Reinstate(heartbeat, _evidence(claims))


def _evidence(claims: LicenseToken) -> Evidence:
    return Evidence(
        tenant_id=claims.tenant_id,
        license_id=claims.license_id,
        audience=claims.audience,
        device=claims.hardware_binding,
        gen=claims.gen,
        seq=claims.seq,
        issued_at=datetime.fromtimestamp(claims.issued_at, UTC),
        expires_at=datetime.fromtimestamp(claims.expires, UTC),
    )
