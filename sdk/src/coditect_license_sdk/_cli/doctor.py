"""The command doctor: says what is wrong before a program has to."""

import argparse
import os
import platform
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from email.utils import parsedate_to_datetime
from importlib.metadata import version

from coditect_license_sdk import _dialogue, _options
from coditect_license_sdk._cli.exits import OK, exit_code_of
from coditect_license_sdk._cli.output import Output
from coditect_license_sdk._cli.settings import cache_folder, device_id, make_client, named_device
from coditect_license_sdk._client import LicenseClient
from coditect_license_sdk._clock import ROLLBACK_TOLERANCE_SECONDS, SystemClock
from coditect_license_sdk._hardware import machine_id
from coditect_license_sdk._trust import Trust, load_roots
from coditect_license_sdk._wire import Answer
from coditect_license_sdk.errors import (
    ClockSuspect,
    ConfigurationError,
    LicenseError,
    ServerFault,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check found. `code` is the error's code, None when all is well."""

    check: str
    detail: str
    code: str | None = None
    exit_code: int = OK


def doctor(chosen: argparse.Namespace, output: Output) -> int:
    """Check everything and exit with the code of the first thing wrong."""
    findings = list(_examine(chosen))
    worst = next((one.exit_code for one in findings if one.code), OK)
    if output.as_json:
        output.document({"ok": worst == OK, "findings": [asdict(one) for one in findings]})
        return worst
    output.facts({one.check: f"{'FAIL' if one.code else 'ok'}    {one.detail}" for one in findings})
    return worst


def _examine(chosen: argparse.Namespace) -> Iterator[Finding]:
    yield _check("versions", _versions)
    yield _check("device", lambda: _device(chosen))
    yield _check("cache", lambda: _cache(chosen))
    yield _check("roots", lambda: _roots(chosen))
    yield _check("proxy", lambda: _proxy(chosen))
    yield _check("settings", lambda: _settings(chosen))
    yield from _examine_server(chosen)


def _examine_server(chosen: argparse.Namespace) -> Iterator[Finding]:
    try:
        client = make_client(chosen)
    except LicenseError:
        return  # named above
    answers: list[Answer] = []
    yield _check("server", lambda: _server(client, answers))
    if answers:
        yield _check("clock", lambda: _clock(answers[0]))
        yield _check("key set", lambda: _keyset(client, chosen))


def _check(name: str, find: Callable[[], str]) -> Finding:
    try:
        return Finding(check=name, detail=find())
    except LicenseError as error:
        return Finding(
            check=name, detail=str(error), code=error.code, exit_code=exit_code_of(error)
        )


def _versions() -> str:
    names = ("coditect-license-sdk", "httpx", "cryptography")
    return ", ".join([f"python {platform.python_version()}", *(f"{n} {version(n)}" for n in names)])


def _device(chosen: argparse.Namespace) -> str:
    device = _options.require_device(device_id(chosen))
    derived = "machine id" if machine_id() else "cache folder: lost when the folder is"
    return f"{device} ({'settings' if named_device(chosen) else derived})"


def _cache(chosen: argparse.Namespace) -> str:
    folder = cache_folder(chosen)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return f"{folder} is writable"
    except OSError as error:
        raise ConfigurationError(f"{folder} cannot be written: {error.strerror}") from error


def _roots(chosen: argparse.Namespace) -> str:
    roots = load_roots(chosen.roots or _options.setting("ROOTS"))
    from coditect_license_sdk._testing.root import (
        published_root,
    )

    if published_root().public_key in roots:
        raise ConfigurationError("the published root of test servers is pinned: anyone can sign")
    return f"{len(roots)} pinned: {', '.join(key.key_id for key in roots)}"


def _proxy(chosen: argparse.Namespace) -> str:
    if chosen.proxy:
        return "from --proxy"
    names = [name for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY") if os.environ.get(name)]
    return f"from {names[0]}" if names else "none"


def _settings(chosen: argparse.Namespace) -> str:
    client = make_client(chosen)
    if client.base_url.startswith("http://") and "//127.0.0.1" not in client.base_url:
        return f"{client.base_url}: without TLS the license key can be read on the way"
    return client.base_url


def _server(client: LicenseClient, answers: list[Answer]) -> str:
    answer = client._exchange(_dialogue.health_call())  # noqa: SLF001  one package
    if not answer.succeeded:
        raise ServerFault(f"the server is there but not well ({answer.status})")
    answers.append(answer)
    return f"reached {client.base_url}"


def _clock(answer: Answer) -> str:
    try:
        server = parsedate_to_datetime(answer.headers.get("date", "")).timestamp()
    except (TypeError, ValueError):
        return "the server states no time"
    skew = SystemClock().wall_seconds() - server
    if abs(skew) > ROLLBACK_TOLERANCE_SECONDS:
        raise ClockSuspect(f"this machine's clock is off by {skew:.0f} s")
    return f"within {abs(skew):.0f} s of the server's"


def _keyset(client: LicenseClient, chosen: argparse.Namespace) -> str:
    trust = Trust(load_roots(chosen.roots or _options.setting("ROOTS")))
    news = _dialogue.open_keys(client._exchange(_dialogue.keys_call()))  # noqa: SLF001  one package
    trust.absorb(news, now=int(SystemClock().wall_seconds()))
    return f"version {trust.version}, signed by a pinned root"
