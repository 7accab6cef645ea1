"""PagerDuty, Events API v2: trigger and resolve under one key, the incident's id."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_SECONDS: Final = 10.0
_TRIES: Final = 3
_MOST_SUMMARY: Final = 1_024
"""Of the summary: the vendor's page "Send an Alert Event"."""

_MOST_ANSWER: Final = 65_536


class PageFailed(Exception):
    """Nobody was told; says why, without the key."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A key is sent to the address that was named and to no other."""

    def redirect_request(self, *_arguments: Any) -> None:
        """Follow nothing."""


@dataclass(frozen=True, slots=True)
class Pager:
    """Where events go, and the routing key of the service, which is in no argument and no log."""

    url: str
    key: str

    def trigger(self, incident: str, summary: str, details: Mapping[str, Any]) -> str:
        """Wake whoever is on call; again under the same incident adds to the same page."""
        payload = {
            "summary": summary[:_MOST_SUMMARY],
            "severity": "critical",
            "source": "license-incident",
            "component": "license-api",
            "custom_details": dict(details),
        }
        return self._send({"event_action": "trigger", "dedup_key": incident, "payload": payload})

    def resolve(self, incident: str) -> str:
        """Say that the incident is over."""
        return self._send({"event_action": "resolve", "dedup_key": incident})

    def _send(self, event: dict[str, Any]) -> str:
        if not self.key:
            raise PageFailed("no routing key: set PAGERDUTY_KEY_FILE")
        body = json.dumps({"routing_key": self.key, **event}).encode()
        for tried in range(1, _TRIES + 1):
            try:
                return self._post(body)
            except urllib.error.HTTPError as answer:
                answer.close()
                if tried == _TRIES or (answer.code != 429 and answer.code < 500):
                    raise PageFailed(f"PagerDuty answered {answer.code}") from None
            except OSError as error:
                if tried == _TRIES:
                    raise PageFailed(f"PagerDuty is out of reach: {type(error).__name__}") from None
            time.sleep(tried)
        raise PageFailed("PagerDuty did not take the event")

    def _post(self, body: bytes) -> str:
        request = urllib.request.Request(  # noqa: S310  https, or this machine: settings.py
            self.url, data=body, headers={"Content-Type": "application/json"}, method="POST"
        )
        opener = urllib.request.build_opener(_NoRedirects)
        with opener.open(request, timeout=_SECONDS) as answer:
            text: bytes = answer.read(_MOST_ANSWER)
        return f"{answer.status} {text.decode(errors='replace')}"
