"""The operator's tool on what is sold: products, tiers, and licenses as their tier says."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.operating import admin, answer, deed, make_license

POLICY = ("--ttl-seconds", 900, "--heartbeat-seconds", 60, "--offline-seconds", 86_400)
TERMS = ("--seats", 7, "--entitlement", "export", "--overdraft-seats", 2, "--key-auth", *POLICY)
SAID = {
    "seats": 7,
    "entitlements": ["export"],
    "overdraft_seats": 2,
    "key_auth": True,
    "ttl_seconds": 900,
    "heartbeat_interval_seconds": 60,
    "offline_seconds": 86_400,
}


@pytest.fixture(params=["acme", "acme_on_postgres"], ids=["sqlite", "postgres"])
def anywhere(request: pytest.FixtureRequest) -> dict[str, Any]:
    made: dict[str, Any] = request.getfixturevalue(request.param)
    return made


def tier(verb: str, *words: object) -> Any:
    return answer("tier", verb, *words, "--tenant", "acme")


def product(verb: str, *words: object) -> Any:
    return answer("product", verb, *words, "--tenant", "acme")


def said_of(shown: dict[str, Any]) -> dict[str, Any]:
    return {name: shown[name] for name in SAID}


def actions(prefix: str) -> list[str]:
    rows = answer("audit", "list", "--tenant", "acme", "--action", prefix)
    return [row["action"] for row in reversed(rows)]


def test_a_tenant_begins_with_four_tiers(acme: dict[str, Any]) -> None:
    assert [row["code"] for row in tier("list")] == ["free", "pro", "team", "enterprise"]
    assert tier("show", "pro")["offline_seconds"] == 86_400


def test_a_tier_is_made_shown_changed_archived_and_sold_again(anywhere: dict[str, Any]) -> None:
    made = tier("create", "studio-annual", "--name", "Studio, a year", *TERMS)
    assert said_of(made) == SAID
    assert tier("show", made["id"]) == {**made, "licenses": 0}

    changed = tier("change", "studio-annual", "--no-entitlements", "--key-auth", "off")
    assert said_of(changed) == {**SAID, "entitlements": [], "key_auth": False}
    assert tier("archive", "studio-annual")["archived_at"] is not None
    assert admin(*SALE, "--tier", "studio-annual").status == 3
    assert tier("unarchive", "studio-annual")["archived_at"] is None
    assert answer(*SALE, "--tier", "studio-annual")["seats"] == 7

    assert tier("show", "studio-annual")["licenses"] == 1
    assert actions("tier.") == [f"tier.{deed}" for deed in (*DEEDS, "archived", "unarchived")]


DEEDS = ("created", "changed")
SALE = ("license", "create", "--tenant", "acme", "--product", "studio", "--days", 30)


def test_what_a_sale_does_not_say_is_as_the_tier_says(acme: dict[str, Any]) -> None:
    tier("create", "studio-annual", "--name", "Studio, a year", *TERMS)

    plain = answer(*SALE, "--tier", "studio-annual")
    own = answer(
        *(*SALE, "--tier", "studio-annual", "--name", "Order 4711", "--seats", 9),
        *("--no-entitlements", "--key-auth", "off", "--overdraft-seats", 0),
        *("--ttl-seconds", 600, "--heartbeat-seconds", 30, "--offline-seconds", 60),
        *("--seats-per-person", 2),
    )

    assert said_of(plain) == SAID
    assert (plain["name"], plain["seats_per_person"]) == ("", None)
    assert said_of(own) == {
        "seats": 9,
        "entitlements": [],
        "overdraft_seats": 0,
        "key_auth": False,
        "ttl_seconds": 600,
        "heartbeat_interval_seconds": 30,
        "offline_seconds": 60,
    }
    assert (own["name"], own["seats_per_person"]) == ("Order 4711", 2)


def test_a_sold_license_keeps_what_its_tier_said(acme: dict[str, Any]) -> None:
    sold = make_license("--tier", "team")

    tier("change", "team", "--seats", 99, "--offline-seconds", 0)

    assert deed("show", sold["id"])["offline_seconds"] == 3 * 86_400


@pytest.mark.parametrize(
    ("noun", "words"),
    [
        ("tier", ("create", "new", "--name", "New", "--seats", 1)),
        ("tier", ("change", "pro", "--seats", 9)),
        ("tier", ("archive", "pro")),
        ("product", ("create", "other", "--name", "Other")),
        ("product", ("rename", "studio", "--name", "Workshop")),
        ("product", ("archive", "studio")),
        ("license", (*SALE[1:2], "--product", "studio", "--days", 30, "--tier", "pro")),
    ],
    ids=lambda words: words if isinstance(words, str) else str(words[0]),
)
def test_a_dry_run_of_the_catalogue_changes_nothing(
    acme: dict[str, Any], noun: str, words: tuple[object, ...]
) -> None:
    def all_there_is() -> list[Any]:
        return [
            answer(one, "list", "--tenant", "acme")
            for one in ("tier", "product", "license", "audit")
        ]

    before = all_there_is()

    ended = admin(noun, *words, "--tenant", "acme", "--dry-run", "--json")

    assert (ended.status, ended.err) == (0, "dry run: nothing was changed\n")
    assert "license_key" not in ended.answer
    assert all_there_is() == before


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("show", "nothing"), 3),
        (("change", "pro"), 1),
        (("change", "pro", "--name", ""), 1),
        (("change", "pro", "--ttl-seconds", 5), 1),
        (("change", "pro", "--entitlement", "a", "--no-entitlements"), 2),
        (("create", "pro", "--name", "Twice", "--seats", 1), 1),
        (("create", "No Slug", "--name", "x", "--seats", 1), 1),
        (("create", "new", "--name", "x" * 201, "--seats", 1), 1),
        (("create", "new", "--name", "x", "--seats", -1), 1),
        (("create", "new", "--name", "x"), 2),
        (("archive", "00000000-0000-4000-8000-000000000000"), 3),
    ],
)
def test_a_tier_that_cannot_be_is_refused(
    acme: dict[str, Any], words: tuple[object, ...], status: int
) -> None:
    before = tier("list")

    ended = admin("tier", *words, "--tenant", "acme")

    assert (ended.status, ended.out) == (status, "")
    assert "Traceback" not in ended.err
    assert tier("list") == before


def test_s11_a_tier_and_a_product_are_found_under_their_own_tenant_alone(
    anywhere: dict[str, Any],
) -> None:
    answer("tenant", "create", "other", "--name", "Other")
    pro, studio = tier("show", "pro")["id"], product("show", "studio")["id"]

    for words in (("tier", "archive", pro), ("product", "archive", studio)):
        assert admin(*words, "--tenant", "other").status == 3
    assert admin("product", "rename", "studio", "--name", "x", "--tenant", "other").status == 3

    assert tier("show", "pro")["archived_at"] is None


def test_a_product_is_renamed_archived_and_sold_again(anywhere: dict[str, Any]) -> None:
    assert product("rename", "studio", "--name", "Workshop")["name"] == "Workshop"
    assert product("archive", "studio")["archived_at"] is not None
    refused = admin(*SALE, "--tier", "pro")
    assert (refused.status, refused.err) == (1, "error: the product is sold no more\n")
    assert product("unarchive", "studio")["archived_at"] is None
    assert answer(*SALE, "--tier", "pro")["product"] == "studio"

    assert [row["code"] for row in product("list", "--search", "WORK")] == ["studio"]
    assert product("list", "--search", "nothing") == []
    assert actions("product.") == [
        f"product.{deed}" for deed in ("created", "renamed", "archived", "unarchived")
    ]


@pytest.mark.parametrize(
    ("words", "finds"),
    [
        (("--search", "4711"), True),
        (("--search", "nothing"), False),
        (("--tier", "pro"), True),
        (("--tier", "team"), False),
        (("--product", "studio"), True),
        (("--product", "other"), False),
        (("--expires-before", "2999-01-01"), True),
        (("--expires-from", "2999-01-01"), False),
    ],
)
def test_licenses_are_looked_for(acme: dict[str, Any], words: tuple[str, ...], finds: bool) -> None:
    made = make_license("--name", "Order 4711")

    found = answer("license", "list", "--tenant", "acme", *words)

    assert [row["id"] for row in found] == ([made["id"]] if finds else [])


@pytest.fixture
def ending(acme: dict[str, Any]) -> Callable[..., Any]:
    made = make_license()
    return lambda *words: deed(*words[:1], made["id"], *words[1:])


def test_a_change_may_end_a_license_and_a_renewal_only_moves_it_on(
    ending: Callable[..., Any],
) -> None:
    now = ending("change", "--until", "2020-01-01", "--seats", 4)
    assert (now["expires_at"], now["seats"]) == ("2020-01-01T00:00:00.000000+00:00", 4)
    back = ending("renew", "--days", 30)

    ended = admin("license", "renew", back["id"], "--tenant", "acme", "--days", 29)

    assert (ended.status, ended.err) == (1, "error: a renewal moves the end on\n")
    assert ending("show")["expires_at"] == back["expires_at"]
