"""A create that is repeated is done once, and answered as it was."""

import threading
from datetime import timedelta

import httpx
import pytest
from django.test import override_settings

from licenses.models import Product
from management_api.models import KeptAnswer
from tenants.current import tenant_transaction
from tests.support.office import PRODUCTS, Office, People
from tests.support.plane import problem

STUDIO = {"code": "studio", "name": "Studio"}
KEY = "9b2f6c0e-4c53-4c6e-9b57-2f9a6f1b8c11"


def create(
    office: Office,
    who: dict[str, str],
    key: str = KEY,
    body: dict[str, str] | None = None,
) -> httpx.Response:
    headers = {"idempotency-key": key}
    return office.call("POST", PRODUCTS, who, json=body or STUDIO, headers=headers)


def test_a_repeat_gets_the_first_answer_and_does_nothing(either_office: Office) -> None:
    alice = either_office.tenant("alice")

    first, again = create(either_office, alice.admin), create(either_office, alice.admin)

    assert first.status_code == again.status_code == 201
    assert first.content == again.content
    for header in ("etag", "location"):
        assert first.headers[header] == again.headers[header]
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert Product.across_tenants.filter(tenant_id=alice.tenant_id).count() == 1


def test_the_order_of_members_makes_no_other_request(office: Office, alice: People) -> None:
    first = create(office, alice.admin)

    again = create(office, alice.admin, body=dict(reversed(STUDIO.items())))

    assert first.content == again.content


def test_the_same_key_over_another_request_is_refused(office: Office, alice: People) -> None:
    create(office, alice.admin)

    answer = create(office, alice.admin, body={"code": "second", "name": "Second"})

    assert problem(answer) == (422, "idempotency_key_reused")
    assert Product.across_tenants.count() == 1


def test_a_key_is_its_callers_own(office: Office, alice: People, charlie: People) -> None:
    create(office, alice.admin)

    colleague = create(office, alice.owner)
    stranger = create(office, charlie.admin)

    assert problem(colleague) == (409, "already_exists")
    assert stranger.status_code == 201
    assert stranger.json()["id"] != Product.across_tenants.get(tenant_id=alice.tenant_id).id.hex


def test_a_refusal_is_not_kept(office: Office, alice: People) -> None:
    create(office, alice.admin, key="another")
    refused = create(office, alice.admin)
    with tenant_transaction(alice.tenant_id):
        Product.objects.all().delete()

    again = create(office, alice.admin)

    assert problem(refused) == (409, "already_exists")
    assert again.status_code == 201
    assert "idempotency-replayed" not in again.headers


def test_who_may_not_create_is_not_told_what_was(office: Office, alice: People) -> None:
    create(office, alice.admin)

    answer = create(office, alice.viewer)

    assert problem(answer) == (403, "forbidden")


def test_after_24_hours_the_key_is_forgotten(office: Office, alice: People) -> None:
    create(office, alice.admin)
    kept = KeptAnswer.across_tenants.get()
    assert kept.expires_at - kept.created_at >= timedelta(hours=23, minutes=59)
    KeptAnswer.across_tenants.update(expires_at=kept.created_at)

    answer = create(office, alice.admin, body={"code": "second", "name": "Second"})

    assert answer.status_code == 201
    assert KeptAnswer.across_tenants.count() == 1


@pytest.mark.parametrize("key", ["", "white space", "k" * 256, "ключ"])
def test_a_key_of_another_form_is_refused(office: Office, alice: People, key: str) -> None:
    credential = alice.admin["authorization"].encode()
    headers = [(b"authorization", credential), (b"idempotency-key", key.encode())]

    answer = httpx.post(office.base_url + PRODUCTS, json=STUDIO, headers=headers)

    assert problem(answer) == (400, "invalid_request")
    assert answer.json()["errors"][0]["field"] == "Idempotency-Key"


def test_what_is_kept_tells_neither_answer_nor_key(office: Office, alice: People) -> None:
    create(office, alice.admin, body={"code": "studio", "name": "Canary of the answers"})

    kept = KeptAnswer.across_tenants.get()
    stored = b" ".join(
        str(value).encode() if not isinstance(value, bytes) else value
        for value in kept.__dict__.values()
    )
    assert b"Canary" not in stored
    assert KEY.encode() not in stored
    assert kept.sealed


def test_an_answer_sealed_under_another_secret_is_not_made_up(
    office: Office, alice: People
) -> None:
    create(office, alice.admin)

    with override_settings(SECRET_KEY="another secret of the installation"):
        answer = create(office, alice.admin)

    assert problem(answer) == (409, "answer_not_kept")
    assert Product.across_tenants.count() == 1


def test_of_calls_at_once_one_is_done_and_all_get_its_answer(either_office: Office) -> None:
    alice = either_office.tenant("alice")
    answers: list[httpx.Response] = []
    together = threading.Barrier(6)

    def call() -> None:
        together.wait()
        answers.append(create(either_office, alice.admin))

    threads = [threading.Thread(target=call) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {(answer.status_code, answer.content) for answer in answers} == {
        (201, answers[0].content)
    }
    assert sum("idempotency-replayed" in answer.headers for answer in answers) == 5
    assert Product.across_tenants.filter(tenant_id=alice.tenant_id).count() == 1
