"""The signatures of the OWASP rule set, by Debian's files in ModSecurity's own engine.

They are CRS 3.3.4 and Cloud Armor's are 4.22: evidence about the family, and not about Google. All
four paranoia levels are loaded; which of them count is decided by whoever asks.
"""

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

import pytest
from deploy.traffic.calls import Call
from libmodsecurity import ModSecurity, RulesSet, Transaction
from support.server import REPOSITORY

RULES: Final = Path("/usr/share/modsecurity-crs/rules")
LOG4SHELL: Final = REPOSITORY / "edge/modsecurity/log4shell.conf"
SET_OF_FILE: Final = {
    913: "scannerdetection",
    921: "protocolattack",
    930: "lfi",
    931: "rfi",
    932: "rce",
    933: "php",
    934: "nodejs",
    941: "xss",
    942: "sqli",
    943: "sessionfixation",
    944: "java",
    10: "cve-canary",
}
"""Cloud Armor's rule sets by the first digits of the signatures' numbers."""

FEWEST_RULES: Final = 300
"""CRS 3.3.4 has 354 in these files. A load that fails lets everything pass, and says nothing."""

_FILES: Final = (901, *(number for number in SET_OF_FILE if number > 900))
_LEVEL: Final = re.compile(r"paranoia-level/(\d)")
_SETUP: Final = """
SecRuleEngine DetectionOnly
SecRequestBodyAccess On
SecRequestBodyLimit 1048576
SecDefaultAction "phase:1,log,auditlog,pass"
SecDefaultAction "phase:2,log,auditlog,pass"
SecAction "id:900000,phase:1,nolog,pass,t:none,\
    setvar:tx.paranoia_level=4,setvar:tx.crs_setup_version=334"
"""
_JSON: Final = """
SecRule REQUEST_HEADERS:Content-Type "@beginsWith application/json" \
    "id:10001,phase:1,t:none,t:lowercase,pass,nolog,ctl:requestBodyProcessor=JSON"
"""
_TEXT: Final = """
SecRule REQUEST_HEADERS:Content-Type "@beginsWith application/json" \
    "id:10001,phase:1,t:none,t:lowercase,pass,nolog,ctl:requestBodyProcessor=URLENCODED"
"""


class NotLoaded(Exception):
    """The rules could not be read, so that everything would have passed."""


@dataclass(frozen=True)
class Signature:
    """One that a call matched: its number, its rule set and its paranoia level."""

    number: int
    rule_set: str
    level: int


class Engine:
    """ModSecurity with the rules loaded; ``parses_json`` as in the policy's advanced options."""

    def __init__(self, *, parses_json: bool, folder: Path = RULES) -> None:
        """Load every file. Raises NotLoaded where one is missing, wrong or nearly empty."""
        self._rules = RulesSet()
        self.loaded = self._load_text(_SETUP + (_JSON if parses_json else _TEXT))
        for number in _FILES:
            self.loaded += self._load_file(_file(folder, number))
        self.loaded += self._load_file(LOG4SHELL)
        if self.loaded < FEWEST_RULES:
            raise NotLoaded(f"{self.loaded} rules of {folder} are fewer than {FEWEST_RULES}")
        self._engine = ModSecurity()
        self._engine.set_log_callback(lambda *_: None)  # else each match is printed

    @lru_cache(maxsize=4_096)  # noqa: B019  an engine lives as long as the tests
    def matched(self, call: Call, inspected_bytes: int) -> frozenset[Signature]:
        """Return every signature that a call matches, of any level."""
        with self._engine.transaction(self._rules) as transaction:
            _show(transaction, call, inspected_bytes)
            messages = transaction.get_rule_messages()
            return frozenset(
                Signature(message.rule_id, rule_set, _level(message.tags))
                for message in messages
                if (rule_set := SET_OF_FILE.get(message.rule_id // 1000))
            )

    def _load_text(self, text: str) -> int:
        return self._counted(self._rules.load(text), "the set-up")

    def _load_file(self, path: Path) -> int:
        return self._counted(self._rules.load_from_uri(str(path)), str(path))

    def _counted(self, count: int, what: str) -> int:
        if count < 1:
            raise NotLoaded(f"{what}: {self._rules.get_parser_error() or 'no rule in it'}")
        return count


@cache
def engine(*, parses_json: bool) -> Engine:
    """Return the engine of a process; skip the test where Debian's rules are missing."""
    if not RULES.is_dir():
        pytest.skip("NO modsecurity-crs ON THIS MACHINE: no signature of Cloud Armor is tried")
    return Engine(parses_json=parses_json)


def _file(folder: Path, number: int) -> Path:
    found = [*folder.glob(f"REQUEST-{number}-*.conf")]
    if len(found) != 1:
        raise NotLoaded(f"{folder} has {len(found)} files of {number}")
    return found[0]


def _level(tags: list[str]) -> int:
    found = [int(match[1]) for tag in tags if (match := _LEVEL.fullmatch(tag))]
    return found[0] if found else 1


def _show(transaction: Transaction, call: Call, inspected_bytes: int) -> None:
    transaction.process_connection("198.51.100.1", 40_000, "127.0.0.1", 443)
    transaction.process_uri(call.target, call.method, "1.1")
    for name, text in call.sent_headers.items():
        transaction.add_request_header(name, text)
    transaction.process_request_headers()
    if call.body:
        transaction.append_request_body(call.body[:inspected_bytes])
    transaction.process_request_body()
