"""Two tenants on one ledger: Bob has something to hide, and Alice pries.

Alice uses ids of Bob's in all her calls. What she asks for is written down once (``Ask``) and can
be asked twice: with Bob's ids, and with ids that nobody ever had in their place. Nobody may be able
to tell the one from the other by an answer, nor by what is stored afterwards.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID, uuid5

from django.apps import apps
from django.db.models import Model
from msgspec import Struct

from leasing.models import LicenseSession
from leasing.rules import UNNAMED
from leasing.store import Acquire, Call, Caller, Heartbeat, Inspect, Release, Store
from tests.support.clock import ManualClock
from tests.support.customer import HASHER, Customer
from tests.support.world import Address, OpenStore, World

_NOBODYS: Final = UUID("00000000-0000-4000-8000-000000000000")
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b[0-9a-f]{32}\b")
_ROOMS: Final = ("leasing", "licenses", "audit", "tenants")
_UNKNOWN_KEY: Final = HASHER.candidates("CDT1-00000-00000-00000-00000-00000-00000")

Rows = dict[str, list[tuple[Any, ...]]]
"""Every row of one tenant, by table."""


class Ask(NamedTuple):
    """A call before its ids are filled in: who asks what, of which session or for which device."""

    who: str
    verb: str
    target: str
    instance: str = UNNAMED


class Neighbours:
    """Both tenants, with a past: sessions that live, with and without programs, ended and lapsed.

    Made on a migrated ledger, which is left closed, to be copied.
    """

    def __init__(self, database: Address, open_store: OpenStore) -> None:
        world = World(database, open_store=open_store)
        self.alice = Customer("alices", seats=3, key_auth=True)
        self.bob = Customer("bob", seats=4, key_auth=True)
        lapsed = world.acquire("old", customer=self.bob)
        mine = world.acquire("old", customer=self.alice)
        world.pass_time(400)
        ended = world.acquire("phone", customer=self.bob)
        world.release(ended, customer=self.bob)
        laptop = world.acquire("laptop", "editor", customer=self.bob)
        world.acquire("laptop", "renderer", customer=self.bob)
        desktop = world.acquire("desktop", customer=self.bob)
        own = world.acquire("laptop", customer=self.alice)
        self.now = world.now
        world.close()
        self.targets = {
            "live": desktop.session_id,
            "shared": laptop.session_id,
            "ended": ended.session_id,
            "lapsed": lapsed.session_id,
            "license": str(self.bob.license.id),
            "tenant": str(self.bob.tenant.id),
            "product": str(self.bob.product.id),
        }
        self.of_alice = {"own": own.session_id, "own lapsed": mine.session_id}
        self._known = {
            *map(UUID, (*self.targets.values(), *self.of_alice.values())),
            *(UUID(str(one.id)) for who in (self.alice, self.bob) for one in _belongings(who)),
        }

    def every_prying_ask(self) -> Iterator[Ask]:
        """Return each kind of call with each of Bob's ids, as a person and by a key of Alice's."""
        for who in ("alice", "alice's key"):
            for device in ("laptop", "stranger"):
                yield Ask(who, "acquire by bob's key", device, "editor")
            for verb in ("heartbeat", "release", "inspect"):
                for target in self.targets:
                    for instance in (UNNAMED, "editor", "nobody"):
                        yield Ask(who, verb, target, instance)

    def open(self, database: Address, open_store: OpenStore) -> Store:
        """Open the store on a copy of the ledger, at the moment when it was left."""
        return open_store(database, ManualClock(self.now))

    def call(self, ask: Ask, *, with_bobs_ids: bool) -> Call:
        """Return the call with Bob's ids where Alice names one, or with nobody's."""
        caller = self._caller(ask.who)
        if ask.verb == "acquire":
            key = HASHER.candidates((self.bob if ask.who.startswith("bob") else self.alice).key)
            return Acquire(caller, key, ask.target, ask.instance)
        if ask.verb == "acquire by bob's key":
            key = HASHER.candidates(self.bob.key) if with_bobs_ids else _UNKNOWN_KEY
            return Acquire(caller, key, ask.target, ask.instance)
        session = self._session(ask, with_bobs_ids=with_bobs_ids)
        if ask.verb == "inspect":
            return Inspect(caller, session)
        kind = Heartbeat if ask.verb == "heartbeat" else Release
        return kind(caller, session, ask.instance)

    def _caller(self, who: str) -> Caller:
        customer = self.bob if who.startswith("bob") else self.alice
        return customer.key_holder if who.endswith("key") else customer.user

    def _session(self, ask: Ask, *, with_bobs_ids: bool) -> str:
        if ask.target in self.of_alice:
            return self.of_alice[ask.target]
        if with_bobs_ids or ask.who.startswith("bob"):
            return self.targets[ask.target]
        return str(uuid5(_NOBODYS, ask.target))

    def rows(self, customer: Customer) -> Rows:
        """Return every row of a tenant as it is stored, in any of its tables."""
        tenant = customer.tenant.id
        return {model._meta.db_table: _rows_of(model, tenant) for model in _models()}

    def without_new_ids(self, thing: object) -> str:
        """Return how a thing reads when ids made since are named by what they stand for."""
        sessions = {
            UUID(str(session.id)): f"session of slot {session.slot}, gen {session.gen}"
            for session in LicenseSession.across_tenants.all()
        }

        def name(found: re.Match[str]) -> str:
            identifier = UUID(found[0])
            if identifier in self._known:
                return found[0]
            return sessions.get(identifier, "new id")

        if isinstance(thing, dict):  # sorted by what is named: new ids come in any order
            named = {
                table: sorted(_UUID.sub(name, repr(row)) for row in rows)
                for table, rows in thing.items()
            }
            return repr(named)
        return _UUID.sub(name, readable(thing))


def readable(thing: object) -> str:
    """Return everything that an outcome says."""
    if isinstance(thing, Exception):
        return f"{type(thing).__name__}{thing.args}{sorted(vars(thing).items())}"
    assert isinstance(thing, Struct)
    return repr(thing)


def _belongings(customer: Customer) -> Sequence[Any]:
    return (customer.tenant, customer.product, customer.license)


def _models() -> list[type[Model]]:
    found = [model for room in _ROOMS for model in apps.get_app_config(room).get_models()]
    return [model for model in found if model._meta.db_table != "ledger_state"]


def _rows_of(model: type[Model], tenant: object) -> list[tuple[Any, ...]]:
    columns = [field.attname for field in model._meta.concrete_fields if field.column]
    owner = "tenant_id" if "tenant_id" in columns else "id"
    everybodys = getattr(model, "across_tenants", model._default_manager)
    found = everybodys.filter(**{owner: tenant}).values_list(*columns)
    return sorted(found, key=repr)
