"""Many server processes on one PostgreSQL ledger: stores that know nothing of each other."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from random import Random

import psycopg
import pytest

from foundation.clock import utc_now
from leasing.errors import LeaseLost, SeatsExhausted, StoreUnavailable
from leasing.models import LicenseSession
from leasing.store import Call, Lease, Outcome, Released
from leasing.stores.postgres import PostgresStore, statements
from tests.support.backups import back_up
from tests.support.customer import Customer
from tests.support.ledger import contradictions, live_seats
from tests.support.meanwhile import happening
from tests.support.postgres import as_leasing
from tests.support.telling import tell

STORES = 10
ROUNDS = 30


@pytest.fixture
def stores(postgres_db: str) -> Iterator[list[PostgresStore]]:
    opened = [PostgresStore(as_leasing(postgres_db)) for _ in range(STORES)]
    yield opened
    for store in opened:
        store.close()


def at_once(stores: Sequence[PostgresStore], batches: Sequence[list[Call]]) -> list[list[Outcome]]:
    """Have every store apply its batch at the same moment; return their outcomes in order."""
    ready = threading.Barrier(len(stores))

    def apply(store: PostgresStore, batch: list[Call]) -> list[Outcome]:
        ready.wait()
        return store.apply(batch)

    with ThreadPoolExecutor(len(stores)) as pool:
        return list(pool.map(apply, stores, batches))


def test_s1_ten_processes_race_for_the_seats_of_one_license(stores: list[PostgresStore]) -> None:
    customer = Customer("alice", seats=25)

    outcomes = at_once(
        stores, [[customer.acquire(f"{place}-{n}") for n in range(10)] for place in range(STORES)]
    )

    leases = [one for many in outcomes for one in many if isinstance(one, Lease)]
    denials = [one for many in outcomes for one in many if isinstance(one, SeatsExhausted)]
    assert (len(leases), len(denials)) == (25, 75)
    assert sorted(lease.in_use or 0 for lease in leases) == list(range(1, 26))
    assert live_seats(customer, utc_now()) == 25
    assert contradictions(customer) == []


def test_s4_ten_processes_race_for_the_seat_of_one_device(stores: list[PostgresStore]) -> None:
    customer = Customer("alice", seats=25)

    outcomes = at_once(
        stores, [[customer.acquire("laptop", f"program-{place}")] for place in range(STORES)]
    )

    leases = [one for (one,) in outcomes if isinstance(one, Lease)]
    assert len({lease.session_id for lease in leases}) == 1
    assert sum(lease.is_new for lease in leases) == 1
    assert sorted(lease.seq or 0 for lease in leases) == list(range(1, STORES + 1))
    assert live_seats(customer, utc_now()) == 1


def test_s6_racing_heartbeats_of_one_session_count_their_tokens_apart(
    stores: list[PostgresStore],
) -> None:
    customer = Customer("alice", seats=1)
    (lease,) = stores[0].apply([customer.acquire("laptop")])
    assert isinstance(lease, Lease)

    outcomes = at_once(
        stores, [[customer.heartbeat(lease.session_id, wants_token=True)] * 2] * STORES
    )

    seqs = [one.seq or 0 for many in outcomes for one in many if isinstance(one, Lease)]
    assert sorted(seqs) == list(range(2, 2 + 2 * STORES))


def test_s5_a_release_races_its_own_repetitions(stores: list[PostgresStore]) -> None:
    customer = Customer("alice", seats=1)
    (lease,) = stores[0].apply([customer.acquire("laptop")])
    assert isinstance(lease, Lease)

    outcomes = at_once(stores, [[customer.release(lease.session_id)]] * STORES)

    assert outcomes == [[Released()]] * STORES
    assert contradictions(customer) == []


def test_s2_a_seat_is_handed_back_while_other_programs_of_the_device_come_to_share_it(
    stores: list[PostgresStore],
) -> None:
    customer, kept = Customer("alice", seats=1), 0

    for _ in range(ROUNDS):
        (lease,) = stores[0].apply([customer.acquire("laptop", wants_token=False)])
        assert isinstance(lease, Lease)
        back = customer.release(lease.session_id, unless_joined_since=0)
        wanted: list[list[Call]] = [[customer.acquire("laptop", wants_token=False)] for _ in stores]
        _, *outcomes = at_once(stores, [[back], *wanted[1:]])

        joined = {one.session_id for (one,) in outcomes if isinstance(one, Lease)}
        beats = stores[0].apply([customer.heartbeat(session) for session in joined])
        assert len(joined) == 1
        assert all(isinstance(one, Lease) for one in beats), beats
        kept += joined == {lease.session_id}
        stores[0].apply([customer.release(session) for session in joined])

    tell(f"{kept} of {ROUNDS} seats were joined before they could be handed back")


def test_s1_s15_ten_processes_bring_lost_sessions_back_while_others_want_their_seats(
    postgres_db: str,
) -> None:
    customer = Customer("alice", seats=5)
    backup = back_up(postgres_db)
    before = PostgresStore(postgres_db)
    lost = [lease_of(before.apply([customer.acquire(f"device-{n}")])[0]) for n in range(5)]
    before.close()
    backup.restore()
    stores = [PostgresStore(postgres_db, was_restored=True) for _ in range(STORES)]

    outcomes = at_once(
        stores,
        [
            [*(customer.come_back(lease) for lease in lost), customer.acquire(f"newcomer-{place}")]
            for place in range(STORES)
        ],
    )
    for store in stores:
        store.close()

    comers = [lease_of(one) for many in outcomes for one in many[:5]]
    newcomers = [many[5] for many in outcomes if isinstance(many[5], Lease)]
    back = {str(one.id) for one in LicenseSession.across_tenants.filter(ended_at__isnull=True)}
    assert {lease.session_id for lease in comers} == {lease.session_id for lease in lost}
    assert len(back & {lease.session_id for lease in lost}) == 5 - len(newcomers)
    assert live_seats(customer, utc_now()) == 5
    assert contradictions(customer) == []


def lease_of(outcome: Outcome) -> Lease:
    assert isinstance(outcome, Lease), outcome
    return outcome


def test_s3_a_change_of_ones_own_does_not_hide_one_of_another_process_before_it(
    stores: list[PostgresStore],
) -> None:
    customer = Customer("alice", seats=3)
    (held,) = stores[0].apply([customer.acquire("laptop")])
    assert isinstance(held, Lease)

    stores[1].apply([customer.acquire("desktop")])
    stores[0].apply([customer.release(held.session_id)])
    (granted,) = stores[0].apply([customer.acquire("tablet")])

    assert isinstance(granted, Lease)
    assert granted.in_use == 2


class Crowd:
    """Programs on the same few devices, each served by another process; several share a device."""

    def __init__(self, customers: Sequence[Customer]) -> None:
        self._customers = {str(one.tenant.id): one for one in customers}
        self._held: dict[tuple[int, str, str], str] = {}
        self._random = Random(20_300_101)

    def decide(self, place: int) -> list[tuple[str, str, Call]]:
        """Return what the programs of one process want now, with tenant and device."""
        return [self._one(place) for _ in range(6)]

    def learn(self, place: int, tenant: str, device: str, outcome: Outcome) -> None:
        """Take a reply to heart."""
        assert isinstance(outcome, Lease | Released | SeatsExhausted | LeaseLost), outcome
        if isinstance(outcome, Lease):
            self._held[place, tenant, device] = outcome.session_id

    def _one(self, place: int) -> tuple[str, str, Call]:
        tenant = self._random.choice(list(self._customers))
        device, chance = f"device-{self._random.randrange(8)}", self._random.random()
        customer, session = self._customers[tenant], self._held.get((place, tenant, device))
        if session is None or chance < 0.3:
            return tenant, device, customer.acquire(device)
        if chance < 0.65:
            return tenant, device, customer.heartbeat(session)
        return tenant, device, customer.release(session)


def test_s1_s4_s15_seats_change_hands_between_processes_for_a_while(
    stores: list[PostgresStore],
) -> None:
    customers = [Customer(name, seats=4) for name in ("alice", "bob")]
    crowd, granted = Crowd(customers), 0

    for _ in range(ROUNDS):
        wanted = [crowd.decide(place) for place in range(STORES)]
        outcomes = at_once(stores, [[call for _, _, call in one] for one in wanted])
        for place, (asked, answers) in enumerate(zip(wanted, outcomes, strict=True)):
            for (tenant, device, _), outcome in zip(asked, answers, strict=True):
                crowd.learn(place, tenant, device, outcome)
                granted += isinstance(outcome, Lease) and outcome.is_new
        for customer in customers:
            assert live_seats(customer, utc_now()) <= 4
            assert contradictions(customer) == []

    tell(f"{granted} seats granted by {STORES} stores, none twice")
    assert granted > ROUNDS


def let_lapse(database: str, session: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute(
            "UPDATE seat SET lease_expires_at = clock_timestamp() - interval '1 second'"
            " WHERE session_id = %s",
            [session],
        )


def test_s3_a_lapsed_seat_released_by_another_process_meanwhile_is_granted(
    stores: list[PostgresStore], postgres_db: str
) -> None:
    customer = Customer("alice", seats=1)
    (late,) = stores[0].apply([customer.acquire("laptop")])
    assert isinstance(late, Lease)
    let_lapse(postgres_db, late.session_id)
    happening(
        stores[1],
        statements.SEAT,
        lambda: stores[0].apply([customer.release(late.session_id)]),
    )

    (granted,) = stores[1].apply([customer.acquire("desktop")])

    assert isinstance(granted, Lease)
    assert granted.gen == late.gen + 1
    assert contradictions(customer) == []


def test_s2_a_seat_renewed_by_another_process_meanwhile_is_not_taken(
    stores: list[PostgresStore], postgres_db: str
) -> None:
    customer = Customer("alice", seats=1)
    (held,) = stores[0].apply([customer.acquire("laptop")])
    assert isinstance(held, Lease)
    let_lapse(postgres_db, held.session_id)

    def commit_a_renewal_that_was_decided_in_time() -> None:
        with psycopg.connect(postgres_db) as connection:
            connection.execute(
                "UPDATE seat SET lease_expires_at = clock_timestamp() + interval '300 seconds'"
            )

    happening(stores[1], statements.SEAT, commit_a_renewal_that_was_decided_in_time)

    (denied,) = stores[1].apply([customer.acquire("desktop")])

    assert isinstance(denied, SeatsExhausted)
    assert isinstance(stores[0].apply([customer.heartbeat(held.session_id)])[0], Lease)


def test_s8_a_connection_that_is_cut_costs_one_answer_and_nothing_else(
    stores: list[PostgresStore], postgres_db: str
) -> None:
    customer = Customer("alice", seats=1)

    def cut() -> None:
        with psycopg.connect(postgres_db, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'license-leasing' AND state = 'idle in transaction'"
            )

    happening(stores[0], statements.PUT_HOLDERS, cut)

    (lost,) = stores[0].apply([customer.acquire("laptop")])
    (granted,) = stores[0].apply([customer.acquire("laptop")])

    assert isinstance(lost, StoreUnavailable)
    assert isinstance(granted, Lease)
    assert granted.is_new
    assert contradictions(customer) == []


def test_s17_a_license_locked_for_long_is_an_answer_and_not_a_hang(
    stores: list[PostgresStore], postgres_db: str
) -> None:
    customer = Customer("alice", seats=1)
    running = Customer("bob", seats=1)
    (lease,) = stores[0].apply([running.acquire("laptop")])
    assert isinstance(lease, Lease)

    with psycopg.connect(postgres_db) as holder:
        holder.execute("SELECT 1 FROM license WHERE id = %s FOR UPDATE", [customer.license.id])
        blocked, renewed = stores[0].apply(
            [customer.acquire("laptop"), running.heartbeat(lease.session_id)]
        )

    assert isinstance(blocked, StoreUnavailable)
    assert isinstance(renewed, Lease)
    assert isinstance(stores[0].apply([customer.acquire("laptop")])[0], Lease)
