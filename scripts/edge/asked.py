"""The command line of the edge, and the wishes it means."""

import argparse
import os
import pwd
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from scripts.edge import certificate
from scripts.edge.wishes import Wishes, WrongWish

_ABOUT: Final = """\
nginx with ModSecurity and the OWASP rules in front of the license server. Without a command it
runs on 127.0.0.1:EDGE_PORT (8443) in front of the server at 127.0.0.1:PORT (8000), which it starts
where none answers; Ctrl-C ends what was started. `write` makes the files for a host of one's own.
"""


def parsed(words: list[str]) -> argparse.Namespace:
    """Return what was asked. Ends the process with 2 and a usage line for a wrong word."""
    parser = argparse.ArgumentParser(prog="make edge", description=_ABOUT)
    _add_options(parser)
    commands = parser.add_subparsers(dest="command", metavar="write")
    writing = commands.add_parser("write", help="write the files for a host and try them")
    _add_options(writing)
    writing.add_argument("--into", type=Path, required=True, help="folder for the files")
    writing.add_argument("--logs", type=Path, default=Path("/var/log/license-edge"))
    writing.add_argument("--listen", default="0.0.0.0:443", help="host:port (0.0.0.0:443)")
    writing.add_argument("--upstream", default="127.0.0.1:8000", help="host:port of the server")
    writing.add_argument("--server-name", required=True, help="the host name of the certificate")
    writing.add_argument("--user", default="www-data", help="who nginx's workers are")
    writing.add_argument(
        "--upstream-idle-seconds",
        type=int,
        default=600,
        help="less than the server's LICENSE_KEEP_ALIVE_SECONDS (600)",
    )
    return parser.parse_args(words)


def _add_options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--tls", default="1.3", help="the oldest version that is spoken: 1.3 or 1.2")
    add("--waf", default="on", help="on; watch: let through and write what matched; off")
    add("--seats", type=int, default=500, help="the most seats behind one address (500)")
    add("--calls-per-minute", type=int, help="of one address, instead of 12 for each seat")
    add("--certificate", type=Path, help="PEM with the chain (loopback: self-made)")
    add("--certificate-key", type=Path, help="PEM, readable for nobody else")
    add("--countries-file", type=Path, help="a database of addresses (.mmdb)")
    add("--allowed-countries", default="", help="US,CA,… who comes from elsewhere is refused")
    add("--denied-countries", default="", help="KP,… who comes from there is refused")
    add("--closed", action="store_true", help="answer 503 to everything but health checks")


def wishes_of_loopback(asked: argparse.Namespace, environment: Mapping[str, str]) -> Wishes:
    """Return an edge on 127.0.0.1, in the folder of the server's data. Raises WrongWish."""
    folder = Path(environment.get("LICENSE_DATA_DIR", ".local")).absolute() / "edge"
    pair = _given_pair(asked) or certificate.made(folder / "tls")
    return Wishes(
        folder=folder,
        logs=folder / "logs",
        listen=f"127.0.0.1:{_port(environment, 'EDGE_PORT', 8443)}",
        upstream=f"127.0.0.1:{_port(environment, 'PORT', 8000)}",
        certificate=pair[0],
        certificate_key=pair[1],
        user=_worker() if os.geteuid() == 0 else "",
        **_shared(asked),
    )


def wishes_of_host(asked: argparse.Namespace) -> Wishes:
    """Return an edge of a real host. Raises WrongWish."""
    pair = _given_pair(asked)
    if pair is None:
        raise WrongWish("a host needs its own --certificate and --certificate-key")
    return Wishes(
        folder=asked.into.absolute(),
        logs=asked.logs.absolute(),
        listen=asked.listen,
        upstream=asked.upstream,
        certificate=pair[0],
        certificate_key=pair[1],
        server_name=asked.server_name,
        user=asked.user,
        upstream_idle_seconds=asked.upstream_idle_seconds,
        **_shared(asked),
    )


def _shared(asked: argparse.Namespace) -> dict[str, Any]:
    file = asked.countries_file
    return {
        "tls": asked.tls,
        "waf": asked.waf,
        "seats": asked.seats,
        "calls_per_minute": asked.calls_per_minute,
        "countries_file": None if file is None else file.absolute(),
        "allowed_countries": _codes(asked.allowed_countries),
        "denied_countries": _codes(asked.denied_countries),
        "is_closed": asked.closed,
    }


def _given_pair(asked: argparse.Namespace) -> tuple[Path, Path] | None:
    pair = (asked.certificate, asked.certificate_key)
    if pair == (None, None):
        return None
    if None in pair:
        raise WrongWish("--certificate and --certificate-key go together")
    for file in pair:
        if not file.is_file():
            raise WrongWish(f"{file} is no file")
    return (pair[0].absolute(), pair[1].absolute())


def _codes(text: str) -> tuple[str, ...]:
    return tuple(code for code in text.split(",") if code)


def _port(environment: Mapping[str, str], name: str, usual: int) -> int:
    text = environment.get(name) or str(usual)
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65_536):
        raise WrongWish(f"{name} is no port: {text!r}")
    return int(text)


def _worker() -> str:
    """Return whom root's workers become."""
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in ("www-data", "nobody") if name in known), "")
