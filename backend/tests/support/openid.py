"""A certified OpenID provider as a child process: Node runs oidc-provider (tests/providers).

Nothing is signed on demand here: tokens are had as any client has them, from its own endpoints.
"""

import json
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from tests.support.providers import node

_CIBA: Final = "urn:openid:params:grant-type:ciba"
_TOO_OLD: Final = "Unsupported runtime"


class OpenIdProvider:
    """A running provider: ``url`` is where it listens, ``issuer`` the name it goes by."""

    def __init__(self, hello: str, ca_file: Path) -> None:
        said = json.loads(hello)
        self.url: str = said["url"]
        self.issuer: str = said["issuer"]
        self.ca_file = ca_file
        trusted = ssl.create_default_context(cafile=str(ca_file))
        self._client = httpx.Client(base_url=self.url, verify=trusted, trust_env=False)

    @property
    def jwks_uri(self) -> str:
        return f"{self.url}/jwks"

    def signed_in(self, client: str, **person: Any) -> dict[str, str]:
        """Return what a client gets when a person with these claims signs in (OpenID CIBA)."""
        request = self._post("/backchannel", client, scope="openid", login_hint=json.dumps(person))
        return self._post(
            "/token", client, grant_type=_CIBA, auth_req_id=str(request["auth_req_id"])
        )

    def access_token(self, client: str, audience: str) -> str:
        """Return a client's own access token for an audience (RFC 6749, 8707 and 9068)."""
        said = self._post("/token", client, grant_type="client_credentials", resource=audience)
        return said["access_token"]

    def close(self) -> None:
        """Hang up."""
        self._client.close()

    def _post(self, path: str, client: str, /, **form: str) -> dict[str, str]:
        answer = self._client.post(
            path, data={"client_id": client, "client_secret": "secret", **form}
        )
        assert answer.is_success, answer.text
        said: dict[str, str] = answer.json()
        return said


@contextmanager
def openid_provider(folder: Path, *clients: str, issuer: str = "") -> Iterator[OpenIdProvider]:
    """Run a provider with these clients, that goes by a name or by its own address.

    Skips the test, and says so, where npm's registry cannot be reached, and where the Node at hand
    is so old that the provider does not start. It asks for 22; so far 20 does.
    """
    log = folder / "provider.log"
    with (
        log.open("w") as stderr,
        node(folder, "openid.mjs", issuer, *clients, stderr=stderr) as (process, ca_file),
    ):
        assert process.stdout is not None
        hello = process.stdout.readline()
        if not hello:
            _refuse(process, log)
        running = OpenIdProvider(hello, ca_file)
        try:
            yield running
        finally:
            running.close()


def _refuse(process: "subprocess.Popen[str]", log: Path) -> None:
    """Skip the test where the Node is too old, and fail it where anything else is wrong."""
    process.wait(20)
    said = log.read_text()
    assert _TOO_OLD in said, said
    pytest.skip("OIDC-PROVIDER DOES NOT START ON THE NODE AT HAND: it asks for 22")
