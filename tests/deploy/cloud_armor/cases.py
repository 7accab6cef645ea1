"""Who comes from where with what, and which rule answers how, with production's rules enforced."""

from dataclasses import dataclass
from typing import Final

from deploy.cloud_armor.expressions import Request
from deploy.traffic.attacks import in_hardware_id
from deploy.traffic.calls import Call, json_call

COUNTRIES: Final = ("US", "CA", "GB", "DE", "FR", "NL", "SE", "DK", "NO", "FI")
FRIEND, FOE, STRANGER = "198.51.100.9", "203.0.113.66", "192.0.2.77"
VARIABLES: Final = {
    "preview_by_default": False,
    "allowed_countries": [*COUNTRIES],
    "allowed_ip_ranges": [f"{FRIEND}/32"],
    "denied_ip_ranges": [f"{FOE}/32"],
}
_ACQUIRE: Final = "/api/v1/licenses/acquire/"
_SQLI: Final = in_hardware_id("x' union select password from auth_user--")
_PLAIN: Final = in_hardware_id("laptop-7")


@dataclass(frozen=True)
class Case:
    """A request and what becomes of it."""

    name: str
    request: Request
    priority: int
    action: str


def _case(
    name: str, call: Call, priority: int, action: str, *, country: str = "US", ip: str = STRANGER
) -> Case:
    return Case(name, Request(call=call, country=country, ip=ip), priority, action)


def _sized(size: int) -> Call:
    return json_call("acquire", "POST", _ACQUIRE, {"metadata": "m" * size})


def _behind_padding(call: Call, size: int) -> Call:
    padding = b'{"metadata":"' + b"m" * size + b'",'
    return Call(
        name="padded", method="POST", target=_ACQUIRE, headers=call.headers,
        body=padding + call.body[1:],
    )  # fmt: skip


CASES: Final = (
    _case("an acquire at home", _PLAIN, 3000, "allow"),
    *(_case(f"an acquire from {code}", _PLAIN, 3000, "allow", country=code) for code in COUNTRIES),
    _case("an acquire from North Korea", _PLAIN, 1000, "deny(403)", country="KP"),
    _case("an acquire from Japan", _PLAIN, 1000, "deny(403)", country="JP"),
    _case("an acquire from nobody knows where", _PLAIN, 1000, "deny(403)", country="ZZ"),
    _case("an injection at home", _SQLI, 2000, "deny(403)"),
    _case("an injection from North Korea", _SQLI, 1000, "deny(403)", country="KP"),
    _case("an injection of a friend", _SQLI, 100, "allow", ip=FRIEND),
    _case("a friend abroad", _PLAIN, 100, "allow", ip=FRIEND, country="KP"),
    _case("a foe at home", _PLAIN, 200, "deny(403)", ip=FOE),
    _case("64 KiB", _sized(65_536 - len('{"metadata":""}')), 3000, "allow"),
    _case("64 KiB and a byte", _sized(65_537 - len('{"metadata":""}')), 1500, "deny(403)"),
    _case("an injection behind padding", _behind_padding(_SQLI, 70_000), 1500, "deny(403)"),
    _case("an injection at the end of 60 KB", _behind_padding(_SQLI, 60_000), 2000, "deny(403)"),
    *(
        _case(method, Call(name=method, method=method, target=_ACQUIRE), 1600, "deny(403)")
        for method in ("TRACE", "CONNECT", "PROPFIND", "DEBUG", "GETS", "XPOST")
    ),
    *(
        _case(method, Call(name=method, method=method, target="/api/v1/licenses/"), 3900, "allow")
        for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS")
    ),
    _case("a key looked up", Call(name="", target="/api/v1/licenses/validate/"), 3010, "allow"),
    _case("the staff's login", Call(name="", target="/admin/login/"), 3020, "allow"),
    _case("the health of a load balancer", Call(name="", target="/health"), 3900, "allow"),
    _case(
        "a traversal in a path",
        Call(name="", target="/static/..%2f..%2f..%2fetc%2fpasswd"),
        2020,
        "deny(403)",
    ),
)
