"""A planned security policy, as the plan's JSON has it, in the terms of its evaluation."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

_KIND: Final = "google_compute_security_policy"
_SIZES: Final = {f"{kib}KB": kib * 1024 for kib in (8, 16, 32, 48, 64, 128)}
_UNSAID_BYTES: Final = 8 * 1024  # what Cloud Armor inspects of a body where nothing is said


class NoPolicy(Exception):
    """The plan makes no security policy, or makes several."""


@dataclass(frozen=True)
class Throttle:
    """So many calls of one address in so many seconds conform."""

    count: int
    interval_seconds: int
    exceed_action: str


@dataclass(frozen=True)
class Rule:
    """One rule; it has an expression or ranges."""

    priority: int
    action: str
    is_preview: bool
    expression: str | None
    ranges: tuple[str, ...]
    throttle: Throttle | None


@dataclass(frozen=True)
class Policy:
    """The rules in the order of their evaluation, and what signatures are shown of a body."""

    name: str
    rules: tuple[Rule, ...]
    parses_json: bool
    inspected_bytes: int

    def rule(self, priority: int) -> Rule:
        """Return the rule of a priority. Raises KeyError."""
        return {rule.priority: rule for rule in self.rules}[priority]


Plan = Callable[..., Policy]
"""The fixtures that plan: ``plan(preview_by_default=False, …)`` with these variables."""


def policy_of(plan: Mapping[str, Any]) -> Policy:
    """Return the one policy of a plan's JSON. Raises NoPolicy."""
    found = [change["change"]["after"] for change in plan["resource_changes"] if _is_ours(change)]
    if len(found) != 1:
        raise NoPolicy(f"the plan makes {len(found)} security policies")
    (planned,) = found
    options = _first(planned.get("advanced_options_config"))
    return Policy(
        name=planned["name"],
        rules=tuple(sorted(_rules(planned["rule"]), key=lambda rule: rule.priority)),
        parses_json=options.get("json_parsing") == "STANDARD",
        inspected_bytes=_SIZES.get(options.get("request_body_inspection_size", ""), _UNSAID_BYTES),
    )


def _is_ours(change: Mapping[str, Any]) -> bool:
    return bool(change["type"] == _KIND and change["change"]["after"])


def _rules(planned: Sequence[Mapping[str, Any]]) -> Iterator[Rule]:
    for rule in planned:
        match = _first(rule["match"])
        yield Rule(
            priority=int(rule["priority"]),
            action=rule["action"],
            is_preview=bool(rule.get("preview")),
            expression=_first(match.get("expr")).get("expression"),
            ranges=tuple(_first(match.get("config")).get("src_ip_ranges") or ()),
            throttle=_throttle(_first(rule.get("rate_limit_options"))),
        )


def _throttle(options: Mapping[str, Any]) -> Throttle | None:
    if not options:
        return None
    threshold = _first(options["rate_limit_threshold"])
    return Throttle(
        int(threshold["count"]), int(threshold["interval_sec"]), options["exceed_action"]
    )


def _first(blocks: Sequence[Mapping[str, Any]] | None) -> Mapping[str, Any]:
    return blocks[0] if blocks else {}
