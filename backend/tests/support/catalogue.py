"""A vendor's catalogue, made over HTTP."""

from datetime import timedelta
from typing import Any, Final

import httpx

from foundation.clock import rfc3339, utc_now
from tests.support.office import PRODUCTS, Office, People

LICENSES: Final = "/api/v1/licenses/"
TIERS: Final = "/api/v1/tiers/"
VALIDATE: Final = "/api/v1/licenses/validate/"
ANY: Final = {"if-match": "*"}


def in_days(days: float) -> str:
    """Return an instant so many days from now, as answers spell it."""
    return rfc3339(utc_now() + timedelta(days=days))


def license_body(**members: Any) -> dict[str, Any]:
    return {"product": "studio", "tier": "pro", "expires_at": in_days(365), **members}


def stock(office: Office, people: People) -> None:
    """Make the product that the licenses of these tests are sold for."""
    body = {"code": "studio", "name": "Studio"}
    assert office.call("POST", PRODUCTS, people.admin, json=body).status_code == 201


def sell(office: Office, people: People, **members: Any) -> dict[str, Any]:
    """Sell a license and return the answer."""
    answer = office.call("POST", LICENSES, people.admin, json=license_body(**members))
    assert answer.status_code == 201, answer.text
    sold: dict[str, Any] = answer.json()
    return sold


def act(
    office: Office, who: dict[str, str], license_id: str, deed: str, **body: Any
) -> httpx.Response:
    """Do something to a license."""
    return office.call("POST", f"{LICENSES}{license_id}/{deed}/", who, json=body)


def change(office: Office, who: dict[str, str], license_id: str, **members: Any) -> httpx.Response:
    """Change a license, whatever state it is in."""
    return office.call("PATCH", f"{LICENSES}{license_id}/", who, json=members, headers=ANY)
