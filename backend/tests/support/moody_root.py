"""A root key that signs locally with a published test key, and that a test can hold up or end."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from coditect_license_token import Algorithm, PublicKey
from signing.errors import SigningUnavailable
from signing.local import LocalSigner

_ROOT_KEY: Final = Path(__file__).parents[3] / "token/vectors/keys/root.test-key.pem"
_PATIENCE_SECONDS: Final = 20


class MoodyRoot:
    """A root that signs with a published test key, until a test takes it ``away``."""

    def __init__(self, folder: Path) -> None:
        path = folder / "root-key.pem"
        path.touch(mode=0o600)
        path.write_bytes(_ROOT_KEY.read_bytes())
        self._signer = LocalSigner.open(path)
        self.away = False
        self.before: Callable[[], object] = lambda: None

    @property
    def algorithm(self) -> Algorithm:
        return self._signer.algorithm

    @property
    def key_id(self) -> str:
        return self._signer.key_id

    @property
    def public_key(self) -> PublicKey:
        return self._signer.public_key

    def stand_still(self) -> tuple[threading.Event, threading.Event]:
        """Wait at each signature; return what tells that one was asked for, and lets go of it."""
        asked, go_on = threading.Event(), threading.Event()

        def wait() -> None:
            asked.set()
            assert go_on.wait(_PATIENCE_SECONDS)

        self.before = wait
        return asked, go_on

    def sign(self, message: bytes) -> bytes:
        self.before()
        if self.away:
            raise SigningUnavailable("the root is away: a secret detail", retry_after_seconds=7)
        return self._signer.sign(message)
