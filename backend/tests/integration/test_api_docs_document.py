"""The OpenAPI document says what the code does: no route, error or member is missing or made up."""

import json
import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any, cast

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings
from django.urls import URLPattern, path
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from jsonschema_rs import Draft202012Validator
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from coditect_license import urls
from coditect_license.openapi import examples, snapshot
from coditect_license.openapi.document import (
    add_declared_operations,
    as_json,
    openapi_document,
)
from coditect_license.openapi.problem_responses import example_name, rendered
from coditect_license.problems import PROBLEMS
from leasing.http import LeasingPlane
from leasing.http.acquire import AcquireEndpoint
from leasing.http.bodies import AcquireBody, HeartbeatBody, read_body
from leasing.http.errors import HeadTooLarge, MethodNotAllowed
from leasing.http.health import HealthEndpoint
from leasing.http.heartbeat import HeartbeatEndpoint
from leasing.http.keys import KeysEndpoint
from leasing.http.sessions import SessionEndpoint

FREE = {
    "list_keys",
    "read_jwks",
    "read_health",
    "read_liveness",
    "read_readiness",
    "read_schema",
    "show_swagger_ui",
    "show_redoc",
}
LEASING = {"leases", "keys", "health"}
OPERATION_IDS = {
    "acquire_seat",
    "renew_lease",
    "read_session",
    "release_seat",
    "list_keys",
    "read_jwks",
    "read_health",
    "read_liveness",
    "read_readiness",
    "read_schema",
    "show_swagger_ui",
    "show_redoc",
    "list_products",
    "create_product",
    "read_product",
    "change_product",
    "archive_product",
    "unarchive_product",
    "list_licenses",
    "create_license",
    "read_license",
    "change_license",
    "suspend_license",
    "reinstate_license",
    "revoke_license",
    "renew_license",
    "rotate_license_key",
    "download_license",
    "validate_license_key",
    "list_tiers",
    "create_tier",
    "read_tier",
    "change_tier",
    "archive_tier",
    "unarchive_tier",
    "read_audit_checkpoint",
    "list_audit_events",
    "read_audit_event",
    "export_audit",
    "list_members",
    "invite_member",
    "read_member",
    "change_member",
    "remove_member",
    "disable_member",
    "enable_member",
    "list_service_accounts",
    "create_service_account",
    "read_service_account",
    "change_service_account",
    "delete_service_account",
    "list_api_tokens",
    "issue_api_token",
    "revoke_api_token",
    "rotate_api_token",
    "list_sessions",
    "read_holding",
    "force_release_session",
    "list_tenants",
    "create_tenant",
    "read_tenant",
    "change_tenant",
    "resume_tenant",
    "suspend_tenant",
    "read_usage",
}
_CONVERTED = re.compile(r"<\w+:")
NOTHING = cast("Any", None)
SESSION = "/api/v1/licenses/sessions/{session_id}"


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for address, calls in openapi_document()["paths"].items():
        for method, operation in calls.items():
            yield method, address, operation


def responses() -> Iterator[tuple[str, dict[str, Any]]]:
    for _, _, operation in operations():
        for status, response in operation["responses"].items():
            yield f"{operation['operationId']} {status}", response


def validator(schema: dict[str, Any]) -> Draft202012Validator:
    return Draft202012Validator({**schema, "components": openapi_document()["components"]})


def test_the_document_is_openapi_3_1_and_json() -> None:
    assert json.loads(as_json())["openapi"] == "3.1.0"


def test_operation_ids_are_stable_and_none_occurs_twice() -> None:
    ids = [operation["operationId"] for _, _, operation in operations()]

    assert sorted(ids) == sorted(OPERATION_IDS)


def test_the_operations_of_the_leasing_plane_are_its_routes() -> None:
    plane = LeasingPlane(
        acquire=AcquireEndpoint(NOTHING, NOTHING, NOTHING),
        heartbeat=HeartbeatEndpoint(NOTHING, NOTHING, NOTHING, NOTHING),
        sessions=SessionEndpoint(NOTHING, NOTHING),
        keys=KeysEndpoint(NOTHING),
        health=HealthEndpoint(NOTHING),
        failures=NOTHING,
        overload=NOTHING,
        problem_of=NOTHING,
        request_log=NOTHING,
    )
    fixed = {
        (method.lower(), address) for address, calls in plane._fixed.items() for method in calls
    }
    session = {(method.lower(), SESSION) for method in plane._session}
    heartbeat = {(method.lower(), f"{SESSION}/heartbeat") for method in plane._heartbeat}

    described = {
        (method, address.removesuffix("/"))
        for method, address, operation in operations()
        if set(operation["tags"]) <= LEASING
    }

    assert described == fixed | session | heartbeat


def test_every_address_of_django_is_described() -> None:
    routes = {
        _CONVERTED.sub("{", f"/{entry.pattern}").replace(">", "}")
        for entry in urls.urlpatterns
        if isinstance(entry, URLPattern)
    }
    described = {address for _, address, _ in operations()}

    assert len(routes) == len(urls.urlpatterns), "a nested map needs a look here"
    assert routes <= described


def test_every_example_is_of_its_schema() -> None:
    checked = 0
    for name, response in responses():
        for content in response.get("content", {}).values():
            references = content.get("examples", {}).values()
            named = [
                openapi_document()["components"]["examples"][ref["$ref"].rpartition("/")[2]][
                    "value"
                ]
                for ref in references
            ]
            for example in [*named, *([content["example"]] if "example" in content else [])]:
                errors = list(validator(content["schema"]).iter_errors(example))
                assert not errors, f"{name}: {errors[0].message}"
                checked += 1
    assert checked > 60


def test_the_bodies_shown_are_bodies_that_the_server_takes() -> None:
    acquire = read_body(json.dumps(examples.acquire_body()).encode(), AcquireBody)
    heartbeat = read_body(json.dumps(examples.heartbeat_body()).encode(), HeartbeatBody)

    assert acquire.hardware_id == "laptop-7"
    assert heartbeat.known_kid is not None


def test_every_problem_is_an_answer_of_some_operation() -> None:
    shown = {
        reference["$ref"].rpartition("/")[2]
        for _, response in responses()
        for content in response.get("content", {}).values()
        for reference in content.get("examples", {}).values()
    }

    unseen = {kind for kind in PROBLEMS if example_name(kind) not in shown}

    # These answer calls that are in no document; another such is a 404 like many.
    assert unseen == {MethodNotAllowed, HeadTooLarge}


def test_the_example_of_a_problem_is_the_problem_that_callers_get() -> None:
    shown = openapi_document()["components"]["examples"]["no_seat_free"]["value"]

    assert shown == json.loads(rendered(_kind("seats_exhausted")).body)
    assert shown["retry_after_seconds"] > 0


def test_license_data_has_ten_members_and_never_another() -> None:
    schema = openapi_document()["components"]["schemas"]["LicenseData"]

    assert len(schema["required"]) == 10
    assert schema["required"] == list(schema["properties"])
    assert schema["additionalProperties"] is False


def test_metadata_of_five_levels_is_against_the_document_and_the_server() -> None:
    schema = openapi_document()["components"]["schemas"]["AcquireBody"]
    four = {"a": {"b": [{"c": 1}]}}
    five: dict[str, Any] = {"a": {"b": [{"c": []}]}}

    assert validator(schema).is_valid({**examples.acquire_body(), "metadata": four})
    assert not validator(schema).is_valid({**examples.acquire_body(), "metadata": five})
    read_body(json.dumps({**examples.acquire_body(), "metadata": four}).encode(), AcquireBody)


def test_only_named_operations_need_no_credential() -> None:
    free = {op["operationId"] for _, _, op in operations() if op["security"] == []}

    assert free == FREE


def test_a_call_that_both_planes_describe_is_a_mistake() -> None:
    document: dict[str, Any] = {"paths": {"/health/": {"get": {}}}, "components": {}}

    with pytest.raises(ValueError, match="described twice"):
        add_declared_operations(document)


def test_a_view_of_the_control_plane_appears_by_itself() -> None:
    class Products(APIView):
        @extend_schema(operation_id="list_products", responses={200: OpenApiTypes.OBJECT})
        def get(self, _request: Request) -> Response:
            return Response({})

    patterns = [path("api/v1/products/", Products.as_view())]
    generator = cast("Any", SchemaGenerator)(patterns=patterns)

    paths = generator.get_schema(request=None, public=True)["paths"]
    assert paths["/api/v1/products/"]["get"]["operationId"] == "list_products"
    assert paths["/api/v1/licenses/acquire/"]["post"]["operationId"] == "acquire_seat"


def test_the_committed_snapshot_is_fresh() -> None:
    call_command("openapi", "--check")


def test_a_stale_snapshot_fails_the_check_and_shows_how(tmp_path: Path) -> None:
    with override_settings(REPOSITORY=tmp_path):
        call_command("openapi", stdout=StringIO())
        kept = tmp_path / "docs/api/openapi.yaml"
        kept.write_text(kept.read_text().replace("acquire_seat", "take_seat"))

        with pytest.raises(CommandError, match="is stale") as stale:
            call_command("openapi", "--check")

    assert "-      operationId: take_seat" in str(stale.value)
    assert "+      operationId: acquire_seat" in str(stale.value)
    assert snapshot.difference(tmp_path / "nowhere.yaml").startswith("--- nowhere.yaml")


def _kind(code: str) -> type[Exception]:
    return next(kind for kind, row in PROBLEMS.items() if row.code == code)
