"""The SQLite store on a real file against the reference model, driven by hypothesis.

Every outcome must be the model's. After every step: no seat too many, the counts exact, one
audit record for each change, every denial counted. ``HYPOTHESIS_PROFILE=thorough`` runs longer.
"""

import tempfile
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from leasing.store import Call, Caller, Lease
from licenses.errors import RevokedForGood
from tenants.current import tenant_transaction
from tests.support.answers import disagreement
from tests.support.backups import Backup
from tests.support.cast import invite
from tests.support.customer import Customer
from tests.support.databases import use_database
from tests.support.ledger import contradictions, denials, live_seats, seat_records
from tests.support.patience import patience
from tests.support.reinstating_model import Copy, ReinstatingModel
from tests.support.world import World

DEVICES = st.sampled_from(["laptop", "desktop", "tablet"])
INSTANCES = st.sampled_from(["", "", "editor", "renderer"])
PLACES = st.integers(0, 11)
LOANS = st.sampled_from([1, 200, 400, 401, 2_000])
CUSTOMERS = st.integers(0, 2)
VERBS = ("heartbeat", "release", "force_release", "inspect")


class StoreAgainstModel(RuleBasedStateMachine):
    """Three tenants' programs and vendors, time, restarts and silences, in any order."""

    migrated: Path

    @initialize()
    def open(self) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="license-model-")
        database = Path(self.folder.name) / "license.sqlite3"
        database.write_bytes(self.migrated.read_bytes())
        use_database(database)
        self.world = World(database, seats=2)
        self.people = invite(self.world)
        for customer in (self.people.alice, self.people.bob, self.people.charlie):
            customer.lend(2_000)
        self.customers = (self.people.alice, self.people.bob, self.people.charlie)
        self.model = ReinstatingModel(self.world.clock, *self.customers)
        self.keys_ever: list[Caller] = [self.people.bob.key_holder, self.people.charlie.key_holder]
        self.left_by_shrinking: Counter[str] = Counter()
        self.tokens: list[Lease] = []
        self.backup: tuple[Backup, Copy, dict[str, str]] | None = None

    @rule(who=CUSTOMERS, device=DEVICES, instance=INSTANCES)
    def acquire(self, who: int, device: str, instance: str) -> None:
        self.both(self.customers[who].acquire(device, instance))

    @rule(who=CUSTOMERS, owner=CUSTOMERS, device=DEVICES)
    def acquire_with_the_key_of_anybody(self, who: int, owner: int, device: str) -> None:
        self.both(self.customers[owner].acquire(device, caller=self.customers[who].user))

    @rule(key=PLACES, device=DEVICES)
    def acquire_by_showing_a_key(self, key: int, device: str) -> None:
        self.both(self.people.bob.acquire(device, caller=self.key(key)))

    @rule(place=PLACES, instance=INSTANCES)
    def heartbeat(self, place: int, instance: str) -> None:
        self.both(self.owner(place).heartbeat(self.session(place), instance))

    @rule(place=PLACES, instance=INSTANCES)
    def release(self, place: int, instance: str) -> None:
        self.both(self.owner(place).release(self.session(place), instance))

    @rule(place=PLACES)
    def force_release(self, place: int) -> None:
        self.both(self.owner(place).force_release(self.session(place)))

    @rule(place=PLACES, seconds=LOANS)
    def borrow(self, place: int, seconds: int) -> None:
        until = self.world.now + timedelta(seconds=seconds)
        self.both(self.owner(place).borrow(self.session(place), until))

    @rule(place=PLACES)
    def break_a_loan(self, place: int) -> None:
        self.both(self.owner(place).force_release(self.session(place), even_if_borrowed=True))

    @rule(who=CUSTOMERS, seconds=st.sampled_from([0, 400, 2_000]))
    def lend(self, who: int, seconds: int) -> None:
        if self.customers[who].license.status != "revoked":
            self.customers[who].lend(seconds)

    @rule(who=CUSTOMERS, place=PLACES, verb=st.sampled_from(VERBS))
    def reach_for_any_session(self, who: int, place: int, verb: str) -> None:
        self.both(self.say(verb, place, self.customers[who].user))

    @rule(key=PLACES, place=PLACES, verb=st.sampled_from(["heartbeat", "release", "inspect"]))
    def reach_for_a_session_with_a_key(self, key: int, place: int, verb: str) -> None:
        self.both(self.say(verb, place, self.key(key)))

    @rule(
        devices=st.lists(st.tuples(CUSTOMERS, DEVICES, INSTANCES), max_size=4),
        beats=st.lists(st.tuples(PLACES, INSTANCES, st.booleans()), max_size=4),
        ends=st.lists(st.tuples(PLACES, INSTANCES), max_size=2),
        order=st.randoms(use_true_random=False),
    )
    def many_at_once(
        self,
        devices: list[tuple[int, str, str]],
        beats: list[tuple[int, str, bool]],
        ends: list[tuple[int, str]],
        order: Random,
    ) -> None:
        calls: list[Call] = [self.customers[who].acquire(*rest) for who, *rest in devices]
        calls += [
            self.owner(place).heartbeat(self.session(place), it, wants_token=token)
            for place, it, token in beats
        ]
        calls += [self.owner(place).release(self.session(place), it) for place, it in ends]
        order.shuffle(calls)
        self.both(*calls)

    @rule(seconds=st.sampled_from([0.000_001, 1, 11, 59, 119, 121, 180, 359, 360, 361, 800]))
    def time_passes(self, seconds: float) -> None:
        self.world.pass_time(seconds)
        self.model.was_alive()

    @rule(seconds=st.sampled_from([36, 143, 144, 360, 1_000]))
    def the_ledger_is_away(self, seconds: int) -> None:
        self.world.be_away(seconds)
        self.model.tick()

    @rule(who=CUSTOMERS, seats=st.integers(0, 4))
    def resize(self, who: int, seats: int) -> None:
        customer = self.customers[who]
        if customer.license.status == "revoked":  # stays as it is
            return
        self.left_by_shrinking[customer.name] = self.model.in_use(customer)
        customer.resize(seats)

    @rule(who=CUSTOMERS, seats=st.sampled_from([None, 0, 1, 2]))
    def cap_persons(self, who: int, seats: int | None) -> None:
        if self.customers[who].license.status != "revoked":
            self.customers[who].cap_persons(seats)

    @rule(who=CUSTOMERS, name=st.sampled_from(["carol", "dave"]), device=DEVICES)
    def acquire_as_another_person(self, who: int, name: str, device: str) -> None:
        customer = self.customers[who]
        self.both(customer.acquire(device, caller=customer.person(name)))

    @rule(who=CUSTOMERS, deed=st.sampled_from([Customer.suspend, Customer.revoke]))
    def refuse(self, who: int, deed: Callable[[Customer], None]) -> None:
        customer = self.customers[who]
        if customer.license.status != "revoked":  # that is for good
            deed(customer)

    @rule(who=CUSTOMERS)
    def reinstate(self, who: int) -> None:
        self.customers[who].put_right()

    @rule(who=CUSTOMERS, days=st.sampled_from([0, 0.003, 365]))
    def move_expiry(self, who: int, days: float) -> None:
        if self.customers[who].license.status != "revoked":
            self.customers[who].move_expiry(self.world.now + timedelta(days=days))

    @rule(who=CUSTOMERS)
    def rotate_key(self, who: int) -> None:
        if self.customers[who].license.status == "revoked":
            with pytest.raises(RevokedForGood):
                self.customers[who].rotate_key()
            return
        self.customers[who].rotate_key()
        self.keys_ever.append(self.customers[who].key_holder)

    @rule()
    def reap(self) -> None:
        assert self.world.store.reap(1_000) == self.model.reap()

    @rule()
    def restart(self) -> None:
        self.world.restart()
        self.model.tick()

    @rule()
    def back_up(self) -> None:
        keys = {customer.name: customer.key for customer in self.customers}
        self.backup = self.world.back_up(), self.model.copied(), keys

    @precondition(lambda self: self.backup is not None)
    @rule(seconds=st.sampled_from([1, 60, 400]))
    def restore(self, seconds: int) -> None:
        assert self.backup is not None
        ledger, known, keys = self.backup
        self.world.pass_time(seconds)
        self.world.restore(ledger)
        assert self.model.restore(known) is None
        for customer in self.customers:
            with tenant_transaction(customer.tenant.id):
                customer.license.refresh_from_db()
            customer.key = keys[customer.name]
            self.left_by_shrinking[customer.name] = self.model.in_use(customer)

    @precondition(lambda self: self.tokens)
    @rule(who=st.one_of(st.none(), CUSTOMERS), place=PLACES, instance=INSTANCES)
    def come_back(self, who: int | None, place: int, instance: str) -> None:
        self.both(self.comeback(who, place, instance))

    @precondition(lambda self: self.tokens)
    @rule(comers=st.lists(st.tuples(PLACES, INSTANCES), min_size=2, max_size=5))
    def come_back_together(self, comers: list[tuple[int, str]]) -> None:
        self.both(*[self.comeback(None, *comer) for comer in comers])

    @invariant()
    def s1_s12_no_seat_too_many(self) -> None:
        for customer in self.customers:
            live = live_seats(customer, self.world.now)
            left = min(self.left_by_shrinking[customer.name], self.model.in_use(customer))
            self.left_by_shrinking[customer.name] = left
            assert live <= max(customer.license.seats, left)
            assert live <= self.model.in_use(customer)

    @invariant()
    def s15_one_record_for_each_change(self) -> None:
        for customer in self.customers:
            assert Counter(seat_records(customer)) == Counter(self.model.records_of(customer))
            assert denials(customer) == self.model.denials_of(customer)
            assert contradictions(customer) == []

    def both(self, *calls: Call) -> None:
        """Ask the model and the store the same; they must agree on every call."""
        answers, outcomes = self.model.apply(*calls), self.world.apply(*calls)
        for call, answer, outcome in zip(calls, answers, outcomes, strict=True):
            difference = disagreement(answer, outcome)
            assert difference is None, f"{call}: {difference}"
            if isinstance(outcome, Lease) and outcome.seq is not None:
                self.tokens.append(outcome)

    def comeback(self, who: int | None, place: int, instance: str) -> Call:
        """Return the call of a program that shows a token: its own, or one of anybody."""
        lease = self.tokens[-1 - place % len(self.tokens)]
        owner = next(one for one in self.customers if str(one.tenant.id) == lease.terms.tenant_id)
        caller = owner.user if who is None else self.customers[who].user
        return owner.come_back(lease, instance, caller=caller)

    def say(self, verb: str, place: int, caller: Caller) -> Call:
        customer = self.owner(place)
        calls: dict[str, Callable[..., Call]] = {
            "heartbeat": customer.heartbeat,
            "release": customer.release,
            "force_release": customer.force_release,
            "inspect": customer.inspect,
        }
        return calls[verb](self.session(place), caller=caller)

    def session(self, place: int) -> str:
        """Return the id of a session, the latest first, or of one that never was."""
        sessions = self.model.sessions
        return sessions[-1 - place].id if place < len(sessions) else str(self.people.bob.tenant.id)

    def owner(self, place: int) -> Customer:
        sessions = self.model.sessions
        return sessions[-1 - place].customer if place < len(sessions) else self.people.alice

    def key(self, place: int) -> Caller:
        return self.keys_ever[place % len(self.keys_ever)]

    def teardown(self) -> None:
        self.world.close()
        self.folder.cleanup()


def test_s1_to_s12_and_s15_the_store_is_its_model(migrated_database: Path) -> None:
    StoreAgainstModel.migrated = migrated_database

    run_state_machine_as_test(StoreAgainstModel, settings=patience())
