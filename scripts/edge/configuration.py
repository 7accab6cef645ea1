"""An edge's files, from the templates in edge/ and what somebody asks of it."""

import re
from pathlib import Path
from typing import Final

from scripts.edge.packages import Packages
from scripts.edge.problems import error_pages
from scripts.edge.wishes import Wishes

EDGE: Final = Path(__file__).resolve().parents[2] / "edge"
RULE_FILES: Final = (901, 911, 913, 920, 921, 930, 931, 932, 933, 934, 941, 942, 943, 944)
"""Files of the rule set. 949 to 980 are replaced by verdict.conf or look at answers."""

_PLACE: Final = re.compile(r"@([A-Z0-9_]+)@")
_QUIET: Final = (
    (re.compile(r"(?m)^(\s*)block,"), r"\1pass,nolog,noauditlog,"),
    (re.compile(r"(?m)^\s*logdata:.*\\\n"), ""),
    (re.compile(r"(?m)^\s*ctl:auditLogParts=\+E,\\\n"), ""),
    # Looking again after each decoding writes each find; what the last decoding leaves is enough.
    (re.compile(r"(?s)(SecRule[^\n]*@rx(?:(?!SecRule).)*?\n)\s*multiMatch,\\\n"), r"\1"),
    (
        re.compile(r"(?m)^(\s*\"?)(setvar:'tx\.anomaly_score_pl\d=\+%\{)"),
        r"\1setvar:'tx.matched=%{tx.matched} %{rule.id}',\2",
    ),
)
"""How a rule is made to count, and to write nothing of what it found: `_copy_rules` says why."""

_OWN: Final = ("crs.conf", "log4shell.conf", "exceptions.conf", "verdict.conf")


def write(wishes: Wishes, packages: Packages) -> Path:
    """Write every file into the folder and return nginx's own. What was there is replaced."""
    for folder in (wishes.folder, wishes.logs):
        folder.mkdir(parents=True, exist_ok=True, mode=0o750)
    values = _values(wishes, packages)
    (wishes.folder / "engine.conf").write_text(_filled("modsecurity/engine.conf.template", values))
    for name in _OWN:
        (wishes.folder / name).write_text((EDGE / "modsecurity" / name).read_text())
    (wishes.folder / "waf.conf").write_text(_includes(wishes, packages))
    configuration = wishes.folder / "nginx.conf"
    configuration.write_text(_filled("nginx.conf.template", values))
    return configuration


def _copy_rules(packages: Packages, folder: Path) -> list[Path]:
    """Copy the rule set, made quiet, and return its files in order.

    The engine writes what a rule that blocks has found into its log, and some rules the server's
    answer; either may hold a license key. While scores decide, ``block`` means ``pass``.
    """
    folder.mkdir(exist_ok=True)
    for data in packages.rules.glob("*.data"):
        (folder / data.name).write_bytes(data.read_bytes())
    return [_copy_quiet(packages.rule_file(number), folder) for number in RULE_FILES]


def _copy_quiet(file: Path, folder: Path) -> Path:
    text = file.read_text()
    for wordy, quiet in _QUIET:
        text = wordy.sub(quiet, text)
    copy = folder / file.name
    copy.write_text(text)
    return copy


def _includes(wishes: Wishes, packages: Packages) -> str:
    """Name the files in the order that matters: settings, rules, exceptions, verdict."""
    own = {name: wishes.folder / name for name in ("engine.conf", *_OWN)}
    rules = _copy_rules(packages, wishes.folder / "rules")
    order = [
        own["engine.conf"],
        own["crs.conf"],
        *rules,
        own["log4shell.conf"],
        own["exceptions.conf"],
        own["verdict.conf"],
    ]
    return "".join(f"Include {path}\n" for path in order)


def _values(wishes: Wishes, packages: Packages) -> dict[str, str]:
    return {
        "MODULES": str(packages.modules),
        "UNICODE_MAP": str(packages.unicode_map),
        "FOLDER": str(wishes.folder),
        "LOGS": str(wishes.logs),
        "USER": f"user {wishes.user};" if wishes.user else "",
        "LISTEN": wishes.listen,
        "UPSTREAM": wishes.upstream,
        "UPSTREAM_IDLE_SECONDS": str(wishes.upstream_idle_seconds),
        "SERVER_NAME": wishes.server_name,
        "CERTIFICATE": str(wishes.certificate),
        "CERTIFICATE_KEY": str(wishes.certificate_key),
        "TLS": wishes.ssl_protocols,
        "ENGINE": wishes.engine,
        "MODSECURITY": "off" if wishes.waf == "off" else "on",
        "CONNECTIONS": str(max(200, wishes.seats * 2)),
        "ERROR_PAGES": error_pages(),
        "CLOSED": "            return 503;" if wishes.is_closed else "",
        **_rates(wishes),
        **_countries(wishes, packages),
    }


def _rates(wishes: Wishes) -> dict[str, str]:
    """A burst is what comes in ten seconds at the full rate: an office that starts at nine."""
    rates = {
        "CALLS": wishes.calls,
        "ACQUIRES": wishes.acquires,
        "STAFF": wishes.staff_calls_per_minute,
    }
    per_minute = {f"{name}_PER_MINUTE": str(rate) for name, rate in rates.items()}
    bursts = {f"{name}_BURST": str(max(10, rate // 6)) for name, rate in rates.items()}
    return per_minute | bursts


def _countries(wishes: Wishes, packages: Packages) -> dict[str, str]:
    if wishes.countries_file is None:
        never = "    map $remote_addr $is_refused_country { default 0; }"
        return {"LOAD_GEOIP2": "", "COUNTRY_SHOWN": "", "COUNTRIES": never}
    listed = wishes.allowed_countries or wishes.denied_countries
    inside = 0 if wishes.allowed_countries else 1
    outside = 1 if wishes.allowed_countries else 0
    lines = [
        f"    geoip2 {wishes.countries_file} {{ $country country iso_code; }}",
        f"    map $country $is_refused_country {{ default {outside};",
        *(f"        {code} {inside};" for code in listed),
        "    }",
    ]
    return {
        "LOAD_GEOIP2": f"load_module {packages.modules}/ngx_http_geoip2_module.so;",
        "COUNTRY_SHOWN": "$country",
        "COUNTRIES": "\n".join(lines),
    }


def _filled(template: str, values: dict[str, str]) -> str:
    """Put values into a template's places. Raises KeyError for a place that has no value."""
    text = (EDGE / template).read_text()
    return _PLACE.sub(lambda place: values[place[1]], text)
