"""Tenants on one running server, each with somebody in every role and one of every kind of thing.

``things`` of a tenant are the ids by the names that the OpenAPI document gives them in addresses,
queries and bodies: ``session_id``, ``member_id``, ``account_id``…
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import httpx
from support.server import REPOSITORY, RunningServer

_MAKE: Final = Path(__file__).with_name("children") / "make_town.py"
_PATIENCE_SECONDS: Final = 60


class Neighbour:
    """One tenant: ids of its things, and the headers of its people by what they are."""

    def __init__(self, base_url: str, made: dict[str, Any]) -> None:
        tokens = made.pop("tokens")
        self.people = {who: {"authorization": f"Bearer {text}"} for who, text in tokens.items()}
        self.people["license_key"] = {"authorization": f"License {made.pop('shown_key')}"}
        self.things: dict[str, str] = made
        self._client = httpx.Client(base_url=base_url, timeout=_PATIENCE_SECONDS)
        self._furnish()

    def send(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        who: str = "owner",
        headers: Mapping[str, str] = MappingProxyType({}),
        **options: Any,
    ) -> httpx.Response:
        """Send a request of one of its people, or of nobody, and return the answer."""
        shown = self.people.get(who, {})
        return self._client.request(
            method, path, json=body, headers={**shown, **headers}, **options
        )

    def token(self, who: str) -> str:
        """Return the bearer token of one of its people; ``anything`` is an owner who is staff."""
        return self.people[who]["authorization"].removeprefix("Bearer ")

    def leave(self) -> None:
        """Close the connections."""
        self._client.close()

    def made(self, path: str, body: object, **options: Any) -> dict[str, Any]:
        """Make something and return it. Raises httpx.HTTPStatusError."""
        answer = self.send("POST", path, body=body, **options).raise_for_status()
        thing: dict[str, Any] = answer.json()
        return thing

    def _furnish(self) -> None:
        held = {"license_key": self.things["license_key"], "hardware_id": "laptop"}
        self.things["session_id"] = self.made("/api/v1/licenses/acquire/", held)["session_id"]
        guest = {"email": "guest@example.com", "role": "member"}
        self.things["member_id"] = self.made("/api/v1/members/", guest)["id"]
        robot = self.made("/api/v1/service-accounts/", {"name": "robot", "role": "member"})
        self.things["account_id"] = robot["id"]
        tokens = f"/api/v1/service-accounts/{robot['id']}/tokens/"
        issued = self.made(tokens, {})
        self.things["token_id"] = issued["id"]
        self.people["service_account"] = {"authorization": f"Bearer {issued['token']}"}
        if self.send("GET", "/api/v1/tiers/").status_code == 200:
            self._sell()
        event = self.send("GET", "/api/v1/audit/events/?page_size=1").json()["results"][0]
        self.things["event_id"] = event["id"]

    def _sell(self) -> None:
        made = self.made("/api/v1/tiers/", {"code": "there", "name": "There", "seats": 1})
        self.things["tier_id"] = made["id"]
        sold = {"tier": "pro", "expires_at": "2036-01-01T00:00:00Z"}
        product = self.send("GET", "/api/v1/products/").json()["results"][0]["code"]
        license_ = self.made("/api/v1/licenses/", {**sold, "product": product})
        self.things["revoked_id"] = license_["id"]


def town(server: RunningServer, *slugs: str) -> list[Neighbour]:
    """Make tenants beside a server. Raises AssertionError with what went wrong."""
    run = subprocess.run(
        [sys.executable, str(_MAKE), *slugs],
        env={**server.environment, "PYTHONPATH": str(REPOSITORY / "backend")},
        capture_output=True,
        text=True,
        timeout=_PATIENCE_SECONDS,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    made = json.loads(run.stdout)
    server.restart()  # it would believe the issuers as they were for 30 seconds more
    return [Neighbour(server.base_url, made[slug]) for slug in slugs]
