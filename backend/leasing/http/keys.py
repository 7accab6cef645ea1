"""GET /api/v1/licenses/keys/ and /.well-known/jwks.json: the public keys, for anybody."""

from foundation.clock import Clock, utc_now
from leasing.http.answers import json_response
from leasing.http.messages import Request, Response
from leasing.http.reads import read_in_thread
from signing.published_keys import PublishedKeys


class KeysEndpoint:
    """Publishes the key set, signed by the root, and the plain JWKS for others."""

    def __init__(self, published: PublishedKeys, *, clock: Clock = utc_now) -> None:
        self._published = published
        self._clock = clock

    async def keyset(self, _request: Request) -> Response:
        """Answer 200 with the signed key set and each key as JWK and PEM."""
        now = int(self._clock().timestamp())
        return json_response(await read_in_thread(self._published.document, now))

    async def jwks(self, _request: Request) -> Response:
        """Answer 200 with a JWK set (RFC 7517)."""
        return json_response(await read_in_thread(self._published.jwks))
