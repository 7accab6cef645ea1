"""Real OpenID providers as child processes: Node runs what is in tests/providers."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

import pytest

from local_kms.certificate import kept_certificate
from local_kms.folder import DataFolder

_REPOSITORY: Final = Path(__file__).resolve().parents[3]
_PROVIDERS: Final = _REPOSITORY / "tests/providers"
_NODE: Final = _PROVIDERS / "node_modules/node"
_UNREACHABLE: Final = 75
_PATIENCE_SECONDS: Final = 20


class Provider:
    """oauth2-mock-server, which signs whatever it is asked for.

    ``url`` is where it listens, ``issuer`` the name it goes by.
    """

    def __init__(self, process: "subprocess.Popen[str]", ca_file: Path) -> None:
        self._process = process
        self.ca_file = ca_file
        said = self._answer()
        self.url: str = said["url"]
        self.issuer: str = said["issuer"]

    @property
    def jwks_uri(self) -> str:
        return f"{self.url}/jwks"

    def sign(self, key_id: str | None = None, /, **claims: Any) -> str:
        """Return a token with these claims beside its own; None takes one away."""
        return str(self._ask({"sign": claims, "kid": key_id} if key_id else {"sign": claims}))

    def rotate(self) -> str:
        """Publish a new key beside the old ones, and return its id."""
        return str(self._ask({"rotate": True}))

    def stop(self) -> None:
        """End it; whoever asks it for keys is refused the connection."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(_PATIENCE_SECONDS)

    def _ask(self, command: dict[str, Any]) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())


@contextmanager
def provider(folder: Path, issuer: str = "") -> Iterator[Provider]:
    """Run a provider that goes by a name, or by its own address.

    Skips the test where npm's registry cannot be reached, and fails where anything else is wrong.
    """
    with node(folder, "provider.mjs", *([issuer] * bool(issuer))) as (process, ca_file):
        running = Provider(process, ca_file)
        yield running
        if process.poll() is None:
            running.stop()


@contextmanager
def node(
    folder: Path, script: str, *words: str, stderr: IO[str] | None = None
) -> "Iterator[tuple[subprocess.Popen[str], Path]]":
    """Run a script of tests/providers, with a key, a certificate of 127.0.0.1 and these words.

    The path is that of the authority to trust. It is killed at the end where it still runs.
    """
    certificate = kept_certificate(DataFolder(folder))
    key_file = folder / "provider-key.pem"
    key_file.write_bytes(certificate.key_pem)
    process = subprocess.Popen(
        [_node(), str(_PROVIDERS / script), str(key_file), str(certificate.file), *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
    )
    try:
        yield process, certificate.file
    finally:
        process.kill()
        process.wait(_PATIENCE_SECONDS)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def _node() -> str:
    """Return the Node that the providers were installed with; install them where that was not."""
    if not _NODE.exists():
        install = _REPOSITORY / "scripts/dev/install-npm"
        words = [str(install), str(_PROVIDERS), "tests against real OpenID providers"]
        ended = subprocess.run(words, check=False, capture_output=True, text=True)
        if ended.returncode == _UNREACHABLE:
            pytest.skip(ended.stderr.strip().splitlines()[-1])
        assert ended.returncode == 0, ended.stderr
    return _NODE.read_text().strip()
