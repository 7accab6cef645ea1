"""The one door to the network of this room: an issuer's public keys, over HTTPS.

What comes back is a stranger's. The host is the one in the issuer's row, redirects are not
followed, and status, type, size, time and form are bounded; no caller is shown any of the answer.
"""

import asyncio
import re
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx

from coditect_license_token import MalformedDocument, strict_json
from identity.errors import KeysNotFetched, UnusableIssuer
from identity.issuers import usable_keys
from identity.key_address import FetchedKeySet, KeyAddress, is_plain_https

MOST_BYTES: Final = 262_144
MOST_SECONDS: Final = 5.0
"""For a whole fetch, its discovery and its name look-up included."""

DISCOVERY: Final = "/.well-known/openid-configuration"
USUAL_SECONDS_FRESH: Final = 3_600
FEWEST_SECONDS_FRESH: Final = 300
MOST_SECONDS_FRESH: Final = 43_200
"""Half of what old keys are believed for, so that an outage always finds the other half left."""

_JSON: Final = {"application/json", "application/jwk-set+json"}
_MAX_AGE: Final = re.compile(r'(?:^|[\s,])max-age\s*=\s*"?(\d{1,9})', re.IGNORECASE)
_HEADERS: Final = {"accept": "application/json", "accept-encoding": "identity"}


class KeyFetcher:
    """Fetches key sets. ``ca_file`` holds further authorities to trust, for private issuers."""

    def __init__(self, ca_file: Path | None = None) -> None:
        self._trust: ssl.SSLContext | None = None
        self._ca_file = ca_file

    def fetch(self, address: KeyAddress) -> FetchedKeySet:
        """Return the keys that an issuer publishes now; those that cannot be used are left out.

        Blocks for five seconds at most; not for an event loop. Raises KeysNotFetched.
        """
        try:
            return asyncio.run(self._in_time(address))
        except TimeoutError as error:
            raise KeysNotFetched(f"no answer within {MOST_SECONDS:g} s") from error
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise KeysNotFetched(f"no connection: {type(error).__name__}") from error
        except (MalformedDocument, UnusableIssuer) as error:
            raise KeysNotFetched(str(error)) from error

    async def _in_time(self, address: KeyAddress) -> FetchedKeySet:
        async with asyncio.timeout(MOST_SECONDS), self._client() as client:
            uri = address.jwks_uri or await _discovered(client, address.issuer)
            body, headers = await _get(client, uri)
        keys = usable_keys(strict_json.decode_object(body), address.algorithms)
        return FetchedKeySet(keys, fresh_seconds(headers))

    def _client(self) -> httpx.AsyncClient:
        if self._trust is None:
            trust = httpx.create_ssl_context(trust_env=False)
            if self._ca_file is not None:
                trust.load_verify_locations(cafile=self._ca_file)
            self._trust = trust
        # trust_env: no proxy and no password file that the environment names.
        return httpx.AsyncClient(
            verify=self._trust, trust_env=False, follow_redirects=False, timeout=MOST_SECONDS
        )


def fresh_seconds(headers: Mapping[str, str]) -> int:
    """Return how long an answer is fresh: max-age less Age, within our bounds (RFC 9111)."""
    policy = headers.get("cache-control", "")
    said = _MAX_AGE.search(policy)
    if "no-store" in policy.lower() or "no-cache" in policy.lower():
        return FEWEST_SECONDS_FRESH
    if said is None:
        return USUAL_SECONDS_FRESH
    age = headers.get("age", "0")
    spent = int(age) if age.isascii() and age.isdigit() and len(age) < 10 else 0
    return min(max(int(said[1]) - spent, FEWEST_SECONDS_FRESH), MOST_SECONDS_FRESH)


async def _discovered(client: httpx.AsyncClient, issuer: str) -> str:
    """Return the ``jwks_uri`` of an issuer's discovery document, on the issuer's own host.

    Source: OpenID Connect Discovery 1.0, sections 4.1 and 4.3.
    """
    body, _ = await _get(client, issuer.removesuffix("/") + DISCOVERY)
    document = strict_json.decode_object(body)
    if document.get("issuer") != issuer:
        raise KeysNotFetched("the discovery document is another issuer's")
    uri = document.get("jwks_uri")
    if not isinstance(uri, str) or _place(uri) != _place(issuer):
        raise KeysNotFetched("the discovered keys are not on the issuer's own host over https")
    return uri


def _place(uri: str) -> tuple[str | None, int | None]:
    if not is_plain_https(uri):
        raise KeysNotFetched("keys are fetched from https://host/path alone")
    parts = urlsplit(uri)
    return parts.hostname, parts.port


async def _get(client: httpx.AsyncClient, uri: str) -> tuple[bytes, Mapping[str, str]]:
    async with client.stream("GET", uri, headers=_HEADERS) as answer:
        _require_plain_json(answer)
        body = bytearray()
        async for chunk in answer.aiter_raw():
            body += chunk
            if len(body) > MOST_BYTES:
                raise KeysNotFetched(f"an answer of more than {MOST_BYTES} bytes")
        return bytes(body), answer.headers


def _require_plain_json(answer: httpx.Response) -> None:
    if answer.status_code != 200:
        raise KeysNotFetched(f"status {answer.status_code}")
    if answer.headers.get("content-encoding", "identity").lower() != "identity":
        raise KeysNotFetched("a compressed answer, which nobody asked for")
    media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in _JSON:
        raise KeysNotFetched("an answer that is no JSON")
