"""Who calls: service accounts, known by the token their file lets them sign.

The client of Google signs a short JWT with the account's private key and sends it with every call;
no token endpoint is asked. Source: google-auth, service accounts with self-signed JWT.
"""

import json
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from joserfc.jws import extract_compact

from foundation.clock import utc_now
from local_kms.errors import Refusal, unauthenticated
from local_kms.folder import DataFolder
from local_kms.key_material import KeySource

AUDIENCE: Final = "https://cloudkms.googleapis.com/"

_SKEW_SECONDS: Final = 60
_MOST_KNOWN_TOKENS: Final = 1_000
_EXPECTED: Final = (
    "Expected OAuth 2 access token, login cookie or other valid authentication credential."
)


@dataclass(frozen=True, slots=True)
class Caller:
    """A service account that has proven who it is. ``member`` is its name in IAM policies."""

    email: str

    @property
    def member(self) -> str:
        """The account as IAM writes it."""
        return f"serviceAccount:{self.email}"

    @property
    def project(self) -> str:
        """The project the account lives in, which pays for its calls."""
        return self.email.partition("@")[2].partition(".")[0]


class Callers:
    """The service accounts of a data folder. Safe for threads."""

    def __init__(self, folder: DataFolder, *, new_key: KeySource) -> None:
        self._folder = folder
        self._new_key = new_key
        self._lock = threading.Lock()
        self._accounts: dict[str, tuple[str, RSAKey]] = {}
        self._known: dict[str, tuple[Caller, int]] = {}
        for path in sorted((folder.path / "service-accounts").glob("*.json")):
            self._learn(json.loads(path.read_bytes()))

    def service_account(self, name: str, *, project: str) -> Path:
        """Return the file of an account, made when it is missing, for
        GOOGLE_APPLICATION_CREDENTIALS.
        """
        email = f"{name}@{project}.iam.gserviceaccount.com"
        with self._lock:
            if not (self._folder.path / _file(email)).exists():
                account = _account(email, project, self._new_key("rsa-2048").decode())
                self._folder.write(_file(email), json.dumps(account, indent=2).encode())
                self._learn(account)
        return self._folder.path / _file(email)

    def identify(self, authorization: str | None) -> Caller:
        """Return who sent this header. Raises Refusal (UNAUTHENTICATED)."""
        if not authorization:
            raise unauthenticated(f"Request is missing required credential. {_EXPECTED}")
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise _bad_credential()
        caller, expires = self._known.get(token) or self._opened(token)
        if expires + _SKEW_SECONDS < utc_now().timestamp():
            raise _bad_credential()
        return caller

    def _opened(self, token: str) -> tuple[Caller, int]:
        """Verify a token; the client sends the same one for an hour, so it is verified once."""
        try:
            email, key = self._accounts[extract_compact(token.encode()).headers()["kid"]]
            claims = jwt.decode(token, key, algorithms=["RS256"]).claims
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise _bad_credential() from error
        expires = claims.get("exp")
        said = (claims.get("iss"), claims.get("sub"), claims.get("aud"))
        if said != (email, email, AUDIENCE) or not isinstance(expires, int):
            raise _bad_credential()
        if len(self._known) >= _MOST_KNOWN_TOKENS:
            self._known.clear()
        self._known[token] = (Caller(email), expires)
        return Caller(email), expires

    def _learn(self, account: dict[str, str]) -> None:
        key = RSAKey.import_key(account["private_key"])
        self._accounts[account["private_key_id"]] = (account["client_email"], key)


def _file(email: str) -> str:
    return f"service-accounts/{email}.json"


def _account(email: str, project: str, private_key: str) -> dict[str, str]:
    key_id = RSAKey.import_key(private_key).thumbprint()
    return {
        "type": "service_account",
        "project_id": project,
        "private_key_id": key_id,
        "private_key": private_key,
        "client_email": email,
        "client_id": "1",
        "token_uri": "https://oauth2.googleapis.com/token",
    }


def _bad_credential() -> Refusal:
    return unauthenticated(f"Request had invalid authentication credentials. {_EXPECTED}")
