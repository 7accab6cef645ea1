"""What Alertmanager sends, read with suspicion. Pure: bytes in, values or a refusal out.

The form is that of Alertmanager's ``webhook_config``, version "4".
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Final

MOST_BYTES: Final = 262_144
MOST_ALERTS: Final = 200
_MOST_TEXT: Final = 200
_TOLD: Final = ("alertname", "severity", "component")


class Unreadable(Exception):
    """The body is not what Alertmanager sends; says why."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One firing alert. ``key`` is the same for as long as it fires, however often it is sent."""

    key: str
    name: str
    told: dict[str, str]


@dataclass(frozen=True, slots=True)
class Notice:
    """The firing alerts of one group. ``incident`` is the same while the first of them fires."""

    incident: str
    alerts: tuple[Alert, ...]

    @property
    def summary(self) -> str:
        """The names of the alerts, for the page."""
        return ", ".join(sorted({alert.name for alert in self.alerts}))


def read(body: bytes) -> Notice | None:
    """Return the notice, or None where nothing fires (any more). Raises Unreadable."""
    document = _object(body)
    if document.get("version") != "4":
        raise Unreadable("not version 4 of the webhook")
    group, alerts = document.get("groupKey"), document.get("alerts")
    if not isinstance(group, str) or not isinstance(alerts, list) or len(alerts) > MOST_ALERTS:
        raise Unreadable("no group or no list of alerts, or too many")
    firing = [one for one in map(_checked, alerts) if one["status"] == "firing"]
    if not firing:
        return None
    first = min(one["startsAt"] for one in firing)
    return Notice(f"alert-{_digest(group, first)}", tuple(_alert(one) for one in firing))


def _object(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as mistake:
        raise Unreadable("no JSON") from mistake
    if not isinstance(document, dict):
        raise Unreadable("no JSON object")
    return document


def _checked(one: object) -> dict[str, Any]:
    if not isinstance(one, dict) or not isinstance(one.get("labels"), dict):
        raise Unreadable("an alert without labels")
    if not all(isinstance(one.get(name), str) for name in ("status", "startsAt", "fingerprint")):
        raise Unreadable("an alert without status, startsAt or fingerprint")
    return one


def _alert(one: dict[str, Any]) -> Alert:
    labels, notes = one["labels"], one.get("annotations")
    told = {name: _text(labels[name]) for name in _TOLD if name in labels}
    for name in ("summary", "runbook_url"):
        if isinstance(notes, dict) and name in notes:
            told[name] = _text(notes[name])
    return Alert(_digest(one["fingerprint"], one["startsAt"]), told.get("alertname", "?"), told)


def _text(value: object) -> str:
    """Return a text that others chose in a form that can be shown."""
    shown = "".join(char if char.isprintable() else " " for char in str(value))
    return shown[:_MOST_TEXT]


def _digest(*texts: str) -> str:
    whole = "\0".join(texts)
    return hashlib.sha256(whole.encode(errors="surrogatepass")).hexdigest()[:16]
