"""Every address that the code answers is routed to the workload that answers it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
import yaml
from deploy.cross_checks.code import of_the_code
from deploy.kubernetes.kubectl import REPOSITORY
from deploy.kubernetes.rendering import of_kind, render
from deploy.kubernetes.router import rules_of, service_of

_DOCUMENT: Final = REPOSITORY / "docs/api/openapi.yaml"
_SESSION_ID: Final = "9b2f3c1e-0000-4000-8000-000000000000"
_HOSTS: Final = {
    "staging": "licenses.staging.coditect.ai",
    "production": "licenses.coditect.ai",
    "production-shared-ip": "licenses.coditect.ai",
}


def leasing_addresses() -> Iterator[str]:
    """Yield every address that the leasing plane answers, in both forms where it has two."""
    code = of_the_code()
    for path in code["fixed"]:
        yield path
        yield f"{path}/"
    session = f"{code['sessions']}{_SESSION_ID}/"
    yield from (code["jwks"], session, f"{session}heartbeat/")


def described_addresses(document: Path) -> list[str]:
    """Return every address of the API's document, with something for what varies."""
    paths = yaml.safe_load(document.read_text())["paths"]
    return [path.replace("{", "x").replace("}", "x") for path in paths]


@pytest.mark.parametrize("overlay", _HOSTS)
def test_leasing_calls_go_to_the_leasing_pods_and_everything_else_to_the_console(
    overlay: str,
) -> None:
    (ingress,) = of_kind(render(overlay), "Ingress").values()
    rules = rules_of(ingress)
    addresses = [*leasing_addresses(), *described_addresses(_DOCUMENT)]

    leasing = of_the_code(*addresses)["leasing"]

    assert {*leasing_addresses()} <= {*leasing}
    assert len(addresses) > 40
    for path in addresses:
        wanted = "coditect-license-api" if path in leasing else "coditect-license-console"
        assert service_of(rules, _HOSTS[overlay], path) == wanted, path


def test_a_leasing_address_that_no_rule_names_would_be_seen() -> None:
    (ingress,) = of_kind(render("production"), "Ingress").values()
    rules = [rule for rule in rules_of(ingress) if not rule.path.endswith("/keys")]

    lost = {
        path
        for path in leasing_addresses()
        if service_of(rules, _HOSTS["production"], path) != "coditect-license-api"
    }
    assert lost == {"/api/v1/licenses/keys", "/api/v1/licenses/keys/"}
