"""The rules language of Cloud Armor: a subset of CEL, by a CEL library, with Google's functions.

Attributes: origin.ip, origin.region_code, request.path, request.method, request.headers. Beside
CEL's own operations there are inIpRange, evaluatePreconfiguredWaf, the older
evaluatePreconfiguredExpr, evaluateThreatIntelligence and evaluateAdaptiveProtectionAutoDeploy. Not
checked: Google's limit of five sub-expressions, and the length of an expression.
"""

import ipaddress
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

import celpy
from celpy.celtypes import BoolType
from celpy.evaluation import CELEvalError
from deploy.cloud_armor.signatures import SET_OF_FILE, Engine, Signature
from deploy.traffic.calls import Call

_NAME: Final = re.compile(r"(?:([a-z]+)-(?:v422-stable|v33-stable|stable)|cve-canary)")
_OPT_OUT: Final = re.compile(r"owasp-crs-v\d{6}-id(\d{6})-[a-z]+")
_ALL_LEVELS: Final = 4  # what counts where an expression names no sensitivity


class WrongExpression(Exception):
    """Cloud Armor would not take the expression: the message says why."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """A call on its way: from where it comes, and in which of Google's lists its address is."""

    call: Call
    country: str = "US"
    ip: str = "198.51.100.1"
    feeds: frozenset[str] = field(default_factory=frozenset)
    is_suggested: bool = False


class Language:
    """Evaluates expressions about requests, with one engine for signatures."""

    def __init__(self, engine: Engine, inspected_bytes: int) -> None:
        self._engine = engine
        self._inspected_bytes = inspected_bytes

    def holds(self, expression: str, request: Request) -> bool:
        """Return whether a rule matches. Raises WrongExpression."""
        program = _ENVIRONMENT.program(_parsed(expression), functions=self._functions(request))
        try:
            return bool(program.evaluate(_attributes(request)))
        except CELEvalError as error:
            raise WrongExpression(f"{expression}: {str(error)[:200]}") from error

    def _functions(self, request: Request) -> dict[str, Callable[..., Any]]:
        def waf(name: str, options: Any = None) -> BoolType:
            return BoolType(self._has(request, str(name), _options(options)))

        def older(name: str, opt_outs: Iterable[str] = ()) -> BoolType:
            return BoolType(self._has(request, str(name), {"opt_out_rule_ids": [*opt_outs]}))

        return {
            "evaluatePreconfiguredWaf": waf,
            "evaluatePreconfiguredExpr": older,
            "evaluateThreatIntelligence": lambda feed: BoolType(str(feed) in request.feeds),
            "evaluateAdaptiveProtectionAutoDeploy": lambda: BoolType(request.is_suggested),
            "inIpRange": lambda ip, cidr: BoolType(is_in(str(ip), str(cidr))),
        }

    def _has(self, request: Request, name: str, options: dict[str, Any]) -> bool:
        rule_set = _rule_set(name)
        level = int(options.get("sensitivity", _ALL_LEVELS))
        out = {_number(text) for text in options.get("opt_out_rule_ids", ())}

        def counts(found: Signature) -> bool:
            return found.rule_set == rule_set and found.level <= level and found.number not in out

        return any(map(counts, self._engine.matched(request.call, self._inspected_bytes)))


def is_in(ip: str, cidr: str) -> bool:
    """Return whether an address is in a range; ``*`` is every range."""
    return cidr == "*" or ipaddress.ip_address(ip) in ipaddress.ip_network(cidr)


_ENVIRONMENT: Final = celpy.Environment()


@cache
def _parsed(expression: str) -> Any:
    try:
        return _ENVIRONMENT.compile(expression.strip())
    except celpy.CELParseError as error:
        raise WrongExpression(f"{expression}: {error}") from error


def _attributes(request: Request) -> dict[str, Any]:
    call = request.call
    shown = {"path": call.path, "method": call.method, "headers": call.sent_headers}
    origin = {"ip": request.ip, "region_code": request.country}
    return {"origin": celpy.json_to_cel(origin), "request": celpy.json_to_cel(shown)}


def _options(written: Any) -> dict[str, Any]:
    return {} if written is None else {str(name): value for name, value in written.items()}


def _rule_set(name: str) -> str:
    match = _NAME.fullmatch(name)
    rule_set = (match[1] or name) if match else ""
    if rule_set not in SET_OF_FILE.values():
        raise WrongExpression(f"there is no preconfigured rule set {name}")
    return rule_set


def _number(opt_out: Any) -> int:
    match = _OPT_OUT.fullmatch(str(opt_out))
    if match is None:
        raise WrongExpression(f"{opt_out} names no signature")
    return int(match[1])
