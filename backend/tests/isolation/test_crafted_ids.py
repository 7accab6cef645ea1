"""No id that a caller makes up or gets hold of crosses from one tenant to another (S11).

A batch mixes tenants. Alice asks with Bob's ids, alone and in one batch with his own calls; an id
of Bob's must be to her as one that nobody ever had, and he must not notice that she asked.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import product, zip_longest
from pathlib import Path
from typing import NamedTuple

import pytest
from django.db import connections
from hypothesis import given
from hypothesis import strategies as st

from coditect_license.private_postgres import PrivatePostgres
from leasing.stores.sqlite import statements as sql
from tests.support.databases import use_database
from tests.support.neighbours import Ask, Neighbours
from tests.support.patience import patience
from tests.support.planted_bugs import rewriting
from tests.support.postgres import copy_of, django_on
from tests.support.world import STORES, Address, OpenStore

WHO = ("alice", "alice's key")
Copied = Callable[[], AbstractContextManager[Address]]


class Street(NamedTuple):
    """The neighbours, how to open their store, and how to have their ledger in a copy."""

    neighbours: Neighbours
    open_store: OpenStore
    copied: Copied


@pytest.fixture(params=STORES)
def street(request: pytest.FixtureRequest, tmp_path: Path) -> Street:
    if request.param == "sqlite":
        return on_sqlite(request.getfixturevalue("db"), tmp_path)
    return on_postgres(
        request.getfixturevalue("postgres_db"), request.getfixturevalue("postgres_server")
    )


def on_sqlite(original: Path, folder: Path, open_store: OpenStore = STORES["sqlite"]) -> Street:
    neighbours = Neighbours(original, STORES["sqlite"])
    connections["default"].close()
    content = original.read_bytes()

    @contextmanager
    def copied() -> Iterator[Address]:
        copy = folder / "copy.sqlite3"
        for left in folder.glob("copy.sqlite3*"):
            left.unlink()
        copy.write_bytes(content)
        use_database(copy)
        yield copy
        connections["default"].close()

    return Street(neighbours, open_store, copied)


def on_postgres(original: str, server: PrivatePostgres) -> Street:
    neighbours = Neighbours(original, STORES["postgres"])
    connections["default"].close()
    template = original.partition("@/")[2].partition("?")[0]

    @contextmanager
    def copied() -> Iterator[Address]:
        with copy_of(template, server) as url, django_on(url):
            yield url

    return Street(neighbours, STORES["postgres"], copied)


class Seen(NamedTuple):
    """What both tenants could see of a run: their answers, and then their rows."""

    answers: list[list[str]]
    of_alice: str
    of_bob: str


def run(street: Street, batches: Sequence[Sequence[Ask]], *, with_bobs_ids: bool) -> Seen:
    """Apply batches to a copy of the ledger; return what was to be seen, without new ids."""
    neighbours = street.neighbours
    with street.copied() as database:
        store = neighbours.open(database, street.open_store)
        outcomes = [
            store.apply([neighbours.call(ask, with_bobs_ids=with_bobs_ids) for ask in batch])
            for batch in batches
        ]
        store.close()
        return Seen(
            [[neighbours.without_new_ids(one) for one in batch] for batch in outcomes],
            neighbours.without_new_ids(neighbours.rows(neighbours.alice)),
            neighbours.without_new_ids(neighbours.rows(neighbours.bob)),
        )


BOBS_OWN = [
    Ask("bob", "heartbeat", "live"),
    Ask("bob's key", "heartbeat", "shared", "renderer"),
    Ask("bob", "release", "shared", "editor"),
    Ask("bob", "inspect", "ended"),
    Ask("bob", "acquire", "tablet", "editor"),
    Ask("bob's key", "acquire", "desktop"),
    Ask("bob", "release", "ended"),
    Ask("bob", "heartbeat", "lapsed"),
]
ALICES_OWN = [
    Ask("alice", "acquire", "laptop"),
    Ask("alice's key", "acquire", "desktop", "editor"),
    Ask("alice", "heartbeat", "own"),
    Ask("alice", "release", "own lapsed"),
    Ask("alice", "inspect", "own"),
]


def assert_nothing_crosses(street: Street, batches: Sequence[Sequence[Ask]]) -> Seen:
    """Check that neither sees whether the ids were Bob's; return what they saw."""
    seen = run(street, batches, with_bobs_ids=True)
    assert seen == run(street, batches, with_bobs_ids=False)
    bobs_alone = [[ask for ask in batch if ask.who.startswith("bob")] for batch in batches]
    assert seen.of_bob == run(street, bobs_alone, with_bobs_ids=True).of_bob
    return seen


def test_s11_alone_no_id_of_bobs_tells_alice_anything(street: Street) -> None:
    prying = list(street.neighbours.every_prying_ask())

    seen = assert_nothing_crosses(street, [[ask] for ask in prying])

    kinds = {
        (ask.who, ask.verb): re.split(r"\W", answer)[0]
        for ask, (answer,) in zip(prying, seen.answers, strict=True)
    }
    sessions = dict.fromkeys(product(WHO, ("heartbeat", "release", "inspect")), "SessionUnknown")
    assert kinds == sessions | {
        ("alice", "acquire by bob's key"): "LicenseUnknown",
        ("alice's key", "acquire by bob's key"): "Lease",  # her own: the credential counts
    }


def test_s11_in_one_batch_with_his_own_calls_bob_does_not_notice_alice(street: Street) -> None:
    prying = list(street.neighbours.every_prying_ask())
    batch = [ask for three in zip_longest(prying, BOBS_OWN, ALICES_OWN) for ask in three if ask]

    seen = assert_nothing_crosses(street, [batch])

    of_bob = [
        re.split(r"\W", answer)[0]
        for ask, answer in zip(batch, seen.answers[0], strict=True)
        if ask.who.startswith("bob")
    ]
    assert of_bob == [
        *("Lease", "Lease", "Released", "SessionState"),
        *("Lease", "Lease", "Released", "LeaseLost"),
    ]


def test_s11_nothing_crosses_in_any_batches(street: Street) -> None:
    asks = st.sampled_from([*street.neighbours.every_prying_ask(), *(BOBS_OWN * 5), *ALICES_OWN])

    @patience(most=25)
    @given(st.lists(st.lists(asks, min_size=1, max_size=12), min_size=1, max_size=4))
    def nothing_crosses(batches: list[list[Ask]]) -> None:
        assert_nothing_crosses(street, batches)

    nothing_crosses()


FORGETFUL = {
    "inspects and tells how a session ended": (sql.SESSION, "n.tenant_id = :tenant AND", ""),
    "renews": (sql.HOLDINGS, "AND s.tenant_id = w.tenant", ""),
    "releases": (sql.SEATS_OF_SESSIONS, "AND s.tenant_id = w.tenant", ""),
    "sells": (sql.TERMS, "l.tenant_id = w.tenant)", "w.tenant IS NOT NULL)"),
}


@pytest.mark.parametrize("deed", FORGETFUL)
def test_a_store_that_forgets_the_tenant_when_it_does_this_is_noticed(
    deed: str, db: Path, tmp_path: Path
) -> None:
    street = on_sqlite(db, tmp_path, rewriting(FORGETFUL[deed]))

    with pytest.raises(AssertionError):
        assert_nothing_crosses(street, [[ask] for ask in street.neighbours.every_prying_ask()])
