"""Blocks, and what takes them back.

Before a block is made, the journal has how it is undone, with the state there was before. A crash
at any moment leaves either nothing to undo or a line that says what.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from license_incident import cloud, rules
from license_incident.rules import Network
from license_incident.settings import Settings
from license_incident.steps import Abandoned, Step, StepFailed, command, run

_SECONDS: Final = 120.0
_NOT_FOUND: Final = "exit status 3"
"""Of license-admin, for a tenant that there is not."""

ALL, SOURCE, TENANT = "all", "source", "tenant"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the policy as it is now."""

    priority: int
    description: str
    ranges: str


def read_rules(text: str) -> list[Rule]:
    """Return the rules of a policy that gcloud described as JSON."""
    try:
        document = json.loads(text)
        policy = document[0] if isinstance(document, list) else document
        return [_rule(one) for one in policy["rules"]]
    except (ValueError, LookupError, TypeError) as mistake:
        raise StepFailed(f"the policy cannot be read: {mistake}") from mistake


def _rule(one: dict[str, Any]) -> Rule:
    ranges = one.get("match", {}).get("config", {}).get("srcIpRanges", [])
    return Rule(int(one["priority"]), str(one.get("description", "")), ",".join(ranges))


def policy_now(settings: Settings) -> list[Rule]:
    """Ask for the rules. Raises StepFailed."""
    return read_rules(run(cloud.describe_policy(settings), seconds=_SECONDS))


def block_all(settings: Settings, incident: str, until: datetime) -> Step:
    """Return the step that answers everybody 502: programs take it for an outage and run on."""
    words = cloud.set_everybody(settings, "*", rules.mark(incident, until))

    def act() -> str:
        for rule in policy_now(settings):
            found = rules.read_mark(rule.description) if rule.priority == 1 else None
            if found and found[0] != incident:
                raise StepFailed(f"everybody is blocked already, by incident {found[0]}")
        return run(words, seconds=_SECONDS)

    shows = command("", cloud.describe_policy(settings)).shows + command("", words).shows
    undo = {"kind": ALL, "until": until.isoformat()}
    return Step(name="block all", shows=shows, act=act, undo=undo)


def is_in_force(settings: Settings, incident: str) -> Step:
    """Return the step that looks whether the policy has a rule of this incident now."""

    def act() -> str:
        ours = [str(rule.priority) for rule in policy_now(settings) if _is_of(rule, incident)]
        if not ours:
            raise StepFailed("the policy has no rule of this incident")
        return f"rules of this incident: {', '.join(ours)}"

    shows = command("", cloud.describe_policy(settings)).shows
    return Step(name="block checked", shows=shows, act=act)


def block_source(
    settings: Settings, incident: str, until: datetime, sources: Sequence[Network]
) -> Step:
    """Return the step that answers sources 403, at the first priority that is free."""
    description = rules.mark(incident, until)

    def act() -> str:
        priority = _free_priority(policy_now(settings))
        words = cloud.create_source(settings, priority, sources, description)
        return f"priority {priority}: {run(words, seconds=_SECONDS)}"

    shown = cloud.create_source(settings, cloud.SOURCE_PRIORITIES[0], sources, description)
    undo = {"kind": SOURCE, "ranges": ",".join(map(str, sources)), "until": until.isoformat()}
    shows = command("", cloud.describe_policy(settings)).shows + command("", shown).shows
    return Step(name="block source", shows=shows, act=act, undo=undo)


def _free_priority(now: Sequence[Rule]) -> int:
    taken = {rule.priority for rule in now}
    for priority in cloud.SOURCE_PRIORITIES:
        if priority not in taken:
            return priority
    raise StepFailed("every priority from 2 to 99 is taken: restore an incident that is over")


def tenant_is_known(settings: Settings, tenant: str) -> Step:
    """Return the step that ends the run where there is no such tenant, or it is suspended already.

    A tenant that the vendor suspended for another reason must not be resumed by our restore.
    """
    words = cloud.license_admin(settings, "tenant", "show", tenant, "--json")

    def act() -> str:
        try:
            shown = run(words, seconds=_SECONDS)
        except StepFailed as failure:
            if str(failure).startswith(_NOT_FOUND):
                raise Abandoned(f"there is no tenant {tenant}: nothing was blocked") from failure
            raise
        if _suspended(shown):
            raise Abandoned(
                f"{tenant} was suspended before this: there is nothing to block or undo"
            )
        return shown

    return Step(name="look the tenant up", shows=command("", words).shows, act=act)


def _suspended(shown: str) -> bool:
    try:
        return json.loads(shown).get("suspended_at") is not None
    except (ValueError, AttributeError) as mistake:
        raise StepFailed("license-admin answered no JSON object") from mistake


def block_tenant(settings: Settings, tenant: str, until: datetime) -> Step:
    """Return the step that suspends a tenant: no sign-in, no grant, no renewal."""
    words = cloud.license_admin(settings, "tenant", "suspend", tenant)
    step = command("block tenant", words, seconds=_SECONDS)
    return _undoable(step, {"kind": TENANT, "tenant": tenant, "until": until.isoformat()})


def _undoable(step: Step, undo: dict[str, Any]) -> Step:
    return Step(name=step.name, shows=step.shows, act=step.act, undo=undo, file=step.file)


def standing(entries: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what a journal says was begun and not taken back since, oldest first, each once."""
    found: dict[str, dict[str, Any]] = {}
    for entry in entries:
        undo = entry.get("undo")
        if not undo:
            continue
        if entry["tier"] != "restore":
            if entry["result"] == "begun":
                found[_key(undo)] = undo
        elif entry["result"] == "ok":
            found.pop(_key(undo), None)
    return list(found.values())


def _key(undo: dict[str, Any]) -> str:
    return ":".join(str(undo.get(name, "")) for name in ("kind", "tenant", "ranges"))


def undo_steps(
    settings: Settings, incident: str, blocks: Sequence[dict[str, Any]]
) -> Iterator[Step]:
    """Return the steps that take blocks back. Each may be repeated, and undoes our own alone."""
    for undo in blocks:
        if undo["kind"] == TENANT:
            words = cloud.license_admin(settings, "tenant", "resume", undo["tenant"])
            step = command(f"resume {undo['tenant']}", words, seconds=_SECONDS)
            yield _undoable(step, undo)
        elif undo["kind"] == ALL:
            yield _undo_all(settings, incident, undo)
        else:
            yield _undo_source(settings, incident, undo)


def _undo_all(settings: Settings, incident: str, undo: dict[str, Any]) -> Step:
    words = cloud.set_everybody(settings, cloud.NOBODY, cloud.WAITING)

    def act() -> str:
        rule = next((one for one in policy_now(settings) if one.priority == 1), None)
        if rule is None:
            raise StepFailed("the incident rule is gone: apply opentofu/modules/cloud-armor")
        if not _is_of(rule, incident):
            return f"not ours (any more): {rule.description}"
        return run(words, seconds=_SECONDS)

    shows = command("", cloud.describe_policy(settings)).shows + command("", words).shows
    return Step(name="unblock all", shows=shows, act=act, undo=undo)


def _undo_source(settings: Settings, incident: str, undo: dict[str, Any]) -> Step:
    def act() -> str:
        ours = [rule for rule in policy_now(settings) if _is_source_of(rule, incident, undo)]
        for rule in ours:
            run(cloud.delete_source(settings, rule.priority), seconds=_SECONDS)
        return f"{len(ours)} rules deleted"

    shows = [
        *command("", cloud.describe_policy(settings)).shows,
        *command("", cloud.delete_source(settings, cloud.SOURCE_PRIORITIES[0])).shows,
    ]
    return Step(name=f"unblock {undo['ranges']}", shows=shows, act=act, undo=undo)


def _is_of(rule: Rule, incident: str) -> bool:
    found = rules.read_mark(rule.description)
    return found is not None and found[0] == incident


def _is_source_of(rule: Rule, incident: str, undo: dict[str, Any]) -> bool:
    if rule.priority not in cloud.SOURCE_PRIORITIES or not _is_of(rule, incident):
        return False
    return set(rule.ranges.split(",")) == set(undo["ranges"].split(","))


def overdue_at_edge(settings: Settings, now: datetime) -> Step:
    """Return the step that takes back every block of the edge whose end has passed, whoever's."""

    def act() -> str:
        over = [rule for rule in policy_now(settings) if _is_over(rule, now)]
        for rule in over:
            run(_ending(settings, rule), seconds=_SECONDS)
        return f"{len(over)} blocks were over"

    shows = command("", cloud.describe_policy(settings)).shows
    return Step(name="end what is over at the edge", shows=shows, act=act)


def _is_over(rule: Rule, now: datetime) -> bool:
    found = rules.read_mark(rule.description)
    return found is not None and found[1] <= now and rule.priority < cloud.SOURCE_PRIORITIES.stop


def _ending(settings: Settings, rule: Rule) -> list[str]:
    if rule.priority == cloud.BLOCK_ALL_PRIORITY:
        return cloud.set_everybody(settings, cloud.NOBODY, cloud.WAITING)
    return cloud.delete_source(settings, rule.priority)
