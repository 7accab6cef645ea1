"""Debian's packages that an edge is made of: where they lie, and what is said without them."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

_PROGRAM_PLACES: Final = "/usr/sbin:/usr/local/sbin:/usr/local/bin:/usr/bin:/bin"
_MODULES: Final = (Path("/usr/lib/nginx/modules"), Path("/usr/lib64/nginx/modules"))
_RULES: Final = (Path("/usr/share/modsecurity-crs/rules"),)
_UNICODE_MAPS: Final = (
    Path("/etc/nginx/unicode.mapping"),
    Path("/usr/share/nginx/docs/modsecurity/unicode.mapping"),
)
_HOW: Final = """\
error: {what} is not installed here. On Debian and Ubuntu:
  apt-get install --no-install-recommends nginx-light libnginx-mod-http-modsecurity \\
    libnginx-mod-http-geoip2 modsecurity-crs && systemctl disable --now nginx
"""


class NotInstalled(Exception):
    """A package is missing; the message says which and how to get it."""

    def __init__(self, what: str) -> None:
        super().__init__(_HOW.format(what=what))


@dataclass(frozen=True)
class Packages:
    """Where the programs and files of the packages are."""

    nginx: str
    modules: Path
    rules: Path
    unicode_map: Path

    @classmethod
    def found(cls, *, search: str = _PROGRAM_PLACES, needs_countries: bool = False) -> Self:
        """Look for them. Raises NotInstalled for the first that is missing."""
        nginx = shutil.which("nginx", path=search)
        if nginx is None:
            raise NotInstalled("nginx")
        modules = _with("ngx_http_modsecurity_module.so", "nginx's module for ModSecurity")
        if needs_countries and not (modules / "ngx_http_geoip2_module.so").is_file():
            raise NotInstalled("nginx's module for countries (geoip2)")
        rules = next((folder for folder in _RULES if folder.is_dir()), None)
        if rules is None:
            raise NotInstalled("the OWASP Core Rule Set")
        unicode_map = next((file for file in _UNICODE_MAPS if file.is_file()), None)
        if unicode_map is None:
            raise NotInstalled("ModSecurity's map of letters")
        return cls(nginx, modules, rules, unicode_map)

    def rule_file(self, number: int) -> Path:
        """Return a file of the rule set by its number. Raises NotInstalled."""
        found = sorted(self.rules.glob(f"REQUEST-{number}-*.conf"))
        if len(found) != 1:
            raise NotInstalled(f"file {number} of the OWASP Core Rule Set")
        return found[0]


def _with(file: str, what: str) -> Path:
    for folder in _MODULES:
        if (folder / file).is_file():
            return folder
    raise NotInstalled(what)
