"""What somebody asks of an edge, as typed values that were checked."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

_TLS: Final = {"1.3": "TLSv1.3", "1.2": "TLSv1.2 TLSv1.3"}
_ENGINES: Final = {"on": "On", "watch": "DetectionOnly", "off": "Off"}
_CALLS_PER_SEAT: Final = 12
_ACQUIRES_PER_SEAT: Final = 4
_FEWEST_CALLS: Final = 600
_FEWEST_ACQUIRES: Final = 120
_ADDRESS: Final = re.compile(r"[A-Za-z0-9_.\[\]:-]+:\d{1,5}")
_HOST: Final = re.compile(r"[A-Za-z0-9_.-]+")
_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_PATH: Final = re.compile(r"/[A-Za-z0-9_./@+-]*")


class WrongWish(Exception):
    """A wish that cannot be fulfilled; the message says which and why."""


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """An edge to be made. ``listen`` and ``upstream`` are host:port; paths are absolute.

    ``seats`` are those behind one address; ``calls_per_minute`` replaces what is computed from
    them. ``waf`` is on, watch (log only) or off. Raises WrongWish.
    """

    folder: Path
    logs: Path
    listen: str
    upstream: str
    certificate: Path
    certificate_key: Path
    server_name: str = "_"
    user: str = ""
    tls: str = "1.3"
    waf: str = "on"
    seats: int = 500
    calls_per_minute: int | None = None
    staff_calls_per_minute: int = 120
    upstream_idle_seconds: int = 4
    countries_file: Path | None = None
    allowed_countries: tuple[str, ...] = field(default=())
    denied_countries: tuple[str, ...] = field(default=())
    is_closed: bool = False

    def __post_init__(self) -> None:
        """Check every value that is written into a configuration."""
        for name in ("listen", "upstream"):
            _require(_ADDRESS, getattr(self, name), f"{name} must be host:port")
        _require(_HOST, self.server_name, "server name must be a host name")
        for path in (self.folder, self.logs, self.certificate, self.certificate_key):
            _require(_PATH, str(path), "a path must be absolute, without blanks")
        for code in (*self.allowed_countries, *self.denied_countries):
            _require(_COUNTRY, code, "a country must be two capital letters")
        self._check_choices()
        self._check_countries()

    def _check_choices(self) -> None:
        if self.tls not in _TLS:
            raise WrongWish(f"tls must be one of {', '.join(_TLS)}: {self.tls}")
        if self.waf not in _ENGINES:
            raise WrongWish(f"waf must be one of {', '.join(_ENGINES)}: {self.waf}")
        if self.seats < 1 or (self.calls_per_minute or 1) < 1:
            raise WrongWish("seats and calls per minute must be 1 or more")

    def _check_countries(self) -> None:
        are_named = bool(self.allowed_countries or self.denied_countries)
        if self.allowed_countries and self.denied_countries:
            raise WrongWish("name the countries that may come, or those that may not, not both")
        if are_named and self.countries_file is None:
            raise WrongWish("countries need a database of addresses: --countries-file FILE.mmdb")
        if self.countries_file is not None and not self.countries_file.is_file():
            raise WrongWish(f"{self.countries_file} is no file")

    @property
    def ssl_protocols(self) -> str:
        """The versions of TLS in nginx's words."""
        return _TLS[self.tls]

    @property
    def engine(self) -> str:
        """What ModSecurity does, in its own words."""
        return _ENGINES[self.waf]

    @property
    def calls(self) -> int:
        """Calls of one address in a minute."""
        return self.calls_per_minute or max(_FEWEST_CALLS, self.seats * _CALLS_PER_SEAT)

    @property
    def acquires(self) -> int:
        """Acquires and look-ups of one address in a minute."""
        return min(self.calls, max(_FEWEST_ACQUIRES, self.seats * _ACQUIRES_PER_SEAT))


def _require(form: re.Pattern[str], text: str, what: str) -> None:
    if form.fullmatch(text) is None:
        raise WrongWish(f"{what}: {text!r}")
