"""What a policy does with a request: the first rule that matches and is enforced decides."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from deploy.cloud_armor.expressions import Language, Request, is_in
from deploy.cloud_armor.policy import Policy, Rule
from deploy.cloud_armor.signatures import engine

_UNSPENT: Final[Mapping[int, int]] = MappingProxyType({})


class Undecided(Exception):
    """No rule matched: a policy without a default."""


@dataclass(frozen=True)
class Verdict:
    """Which rule decided and how; ``previews`` are rules that would have, were they enforced."""

    priority: int
    action: str
    previews: tuple[int, ...] = ()

    @property
    def lets_through(self) -> bool:
        """Whether a server sees the request."""
        return self.action == "allow"


class Simulator:
    """Judges requests by one policy."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        signatures = engine(parses_json=policy.parses_json)
        self._language = Language(signatures, policy.inspected_bytes)

    def judge(self, request: Request, spent: Mapping[int, int] = _UNSPENT) -> Verdict:
        """Return the verdict about a request.

        ``spent`` is how many calls the request's address has made within the interval of each
        throttle, by the throttle's priority. Raises Undecided, WrongExpression.
        """
        previews: list[int] = []
        for rule in self.policy.rules:
            if not self._matches(rule, request):
                continue
            action = _action(rule, spent.get(rule.priority, 0))
            if not rule.is_preview:
                return Verdict(rule.priority, action, tuple(previews))
            if action != "allow":
                previews.append(rule.priority)
        raise Undecided(f"no rule of {self.policy.name} matches {request.call.name}")

    def _matches(self, rule: Rule, request: Request) -> bool:
        if rule.expression is not None:
            return self._language.holds(rule.expression, request)
        return any(is_in(request.ip, cidr) for cidr in rule.ranges)


def _action(rule: Rule, spent: int) -> str:
    if rule.throttle is None:
        return rule.action
    return "allow" if spent < rule.throttle.count else rule.throttle.exceed_action
