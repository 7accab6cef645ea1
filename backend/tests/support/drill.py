"""The drill: a few programs, an unreliable network and a crash now and then, in virtual time.

Everything comes from one seed. What the programs see is recorded as a history; what the store
answers is compared with the reference model; at the end the audit trail is counted. Both the
store that ships and every planted bug go through the same drill.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from leasing.errors import LeaseLost, SeatsExhausted, SessionUnknown
from leasing.models import LicenseSession
from leasing.store import Acquire, Call, Heartbeat, Lease, Outcome, Reinstate, Released
from leasing.stores.sqlite import SqliteStore
from tests.support.answers import disagreement
from tests.support.backups import Backup
from tests.support.crashing import crash
from tests.support.customer import Customer
from tests.support.history import check
from tests.support.history_events import Event, Kind, OutcomeWord
from tests.support.ledger import seat_records
from tests.support.reinstating_model import Copy, ReinstatingModel
from tests.support.world import Address, OpenStore, World, open_sqlite

SEATS, TTL_SECONDS, HOLD_MS = 3, 360, 144_000


@dataclass
class Program:
    """One program on one device: it acquires, beats, releases, crashes and comes back."""

    device: str
    instance: str
    wakes_at: float
    session: str = ""
    lease: Lease | None = None
    is_forgotten: bool = False


class Drill:
    """One run. ``findings`` are ids of broken invariants, ``model`` for any other difference.

    ``with_restores`` puts the ledger back to a copy now and then, so that programs come back to it
    with their tokens; ``back_up`` makes the copies.
    """

    def __init__(
        self,
        database: Address,
        *,
        seed: int,
        open_store: OpenStore = open_sqlite,
        with_restores: bool = False,
        back_up: Callable[[World], Backup] = World.back_up,
    ) -> None:
        self._make_backup = back_up
        self._with_restores = with_restores
        self._random = Random(seed)
        self._stranger = Customer("bob", seats=1)
        self._world = World(database, seats=SEATS, open_store=open_store)
        self._alice = self._world.alice
        self._model = ReinstatingModel(self._world.clock, self._alice, self._stranger)
        self._open_store = open_store
        self._programs = [
            Program(device, instance, wakes_at=self._random.uniform(0, 60))
            for device in ("laptop", "desktop", "tablet", "phone", "kiosk")
            for instance in (("editor", "renderer") if device in {"laptop", "desktop"} else ("",))
        ]
        self.events = [Event("license", seats=SEATS, ttl_ms=TTL_SECONDS * 1_000)]
        self.differences: list[str] = []
        self._backup: tuple[Backup, Copy, int] | None = None

    def run(self, steps: int) -> set[str]:
        """Take steps and return the findings."""
        for step in range(steps):
            self._step()
            if step % 20 == 10:
                self._crash()
            if step % 60 == 50:
                self._be_away()
            if self._with_restores and step % 75 == 20:
                self._back_up()
            if self._with_restores and step % 75 == 45:
                self._restore()
        findings = set(check(self.events).broken)
        if self.differences:
            findings.add("model")
        elif Counter(seat_records(self._alice)) != Counter(self._model.records_of(self._alice)):
            findings.add("S15")
        self._world.close()
        return findings

    def _step(self) -> None:
        """Wait for the next program that wakes; it and those that wake with it make a batch."""
        self._programs.sort(key=lambda program: program.wakes_at)
        now_seconds = self._world.clock.milliseconds / 1_000
        self._world.pass_time(max(0.0, self._programs[0].wakes_at - now_seconds))
        self._model.was_alive()
        awake_at = self._programs[0].wakes_at + 5
        awake = [program for program in self._programs if program.wakes_at < awake_at]
        calls = [self._decide(program) for program in awake]
        if self._random.random() < 0.1 and awake[0].session:
            calls.append(self._alice.release(awake[0].session, caller=self._stranger.user))
        sent_ms = self._world.clock.milliseconds
        self._world.clock.advance(self._random.uniform(0.001, 0.04))
        outcomes = self._ask(calls)
        self._world.clock.advance(self._random.uniform(0.001, 0.04))
        for program, call, outcome in zip(awake, calls, outcomes, strict=False):
            self._reply(program, call, outcome, sent_ms)

    def _decide(self, program: Program) -> Call:
        chance = self._random.random()
        if program.session and chance < 0.1:
            program.session, program.is_forgotten = "", False
        if program.session and program.is_forgotten and program.lease:
            return self._alice.come_back(program.lease, program.instance)
        if not program.session or chance < 0.15:
            return self._alice.acquire(program.device, program.instance)
        if chance < 0.3:
            return self._alice.release(program.session, program.instance)
        return self._alice.heartbeat(program.session, program.instance)

    def _ask(self, calls: list[Call]) -> list[Outcome]:
        answers, outcomes = self._model.apply(*calls), self._world.apply(*calls)
        if not self.differences:
            found = [disagreement(*pair) for pair in zip(answers, outcomes, strict=True)]
            self.differences += [difference for difference in found if difference]
        return outcomes

    def _reply(self, program: Program, call: Call, outcome: Outcome, sent_ms: int) -> None:
        """Let a program see its reply, unless it is lost on the way."""
        is_lost = self._random.random() < 0.05
        word: OutcomeWord = "unknown" if is_lost else _word(outcome)
        was_forgotten = program.is_forgotten
        if isinstance(call, Heartbeat) and isinstance(outcome, SessionUnknown) and not is_lost:
            word, program.is_forgotten = "refused", True
        lease = outcome if isinstance(outcome, Lease) and not is_lost else None
        self.events.append(
            Event(
                kind=_kind(call),
                sent_ms=sent_ms,
                replied_ms=self._world.clock.milliseconds,
                device=program.device,
                instance=program.instance,
                outcome=word,
                session=lease.session_id if lease else program.session,
                gen=lease.gen if lease else 0,
                slot=_slot(lease) if lease else None,
                lease_ms=_lease_ms(lease) if lease else 0,
            )
        )
        if word in {"lost", "done"} or _kind(call) == "release":
            program.session = ""
        elif lease:
            program.session, program.lease = lease.session_id, lease
        if was_forgotten and word != "unknown":
            program.is_forgotten = False
        pause_seconds = self._pause_seconds(word)
        program.wakes_at = self._world.clock.milliseconds / 1_000 + pause_seconds

    def _pause_seconds(self, word: OutcomeWord) -> float:
        if word == "held":
            return self._random.choice([2, 60, 115, 115, 120, 120, 125, 800])  # 800: suspended
        return self._random.choice([1, 3, 5, 20] if word == "denied" else [3, 20, 100, 500])

    def _crash(self) -> None:
        """Lose the process and whatever it had not committed; open the ledger again."""
        crash(self._world.store)
        self._world.store = self._open_store(self._world.database, self._world.clock)

    def _be_away(self) -> None:
        """Be down for longer than a lease lives."""
        self._world.be_away(400)
        self._model.tick()
        now_ms = self._world.clock.milliseconds
        self.events.append(Event("hold", sent_ms=now_ms, replied_ms=now_ms + HOLD_MS))

    def _back_up(self) -> None:
        self._backup = (
            self._make_backup(self._world),
            self._model.copied(),
            self._world.clock.milliseconds,
        )

    def _restore(self) -> None:
        """Put the ledger back to the copy; what happened since is known to the programs alone.

        SQLite notices it however quick it was. PostgreSQL has no failover here, so it takes longer.
        """
        assert self._backup is not None
        backup, known, copied_ms = self._backup
        self._world.pass_time(1 if isinstance(self._world.store, SqliteStore) else 40)
        self._world.restore(backup)
        if difference := self._model.restore(known):
            self.differences.append(difference)
        now_ms = self._world.clock.milliseconds
        self.events.append(Event("restore", sent_ms=copied_ms, replied_ms=now_ms))
        self.events.append(Event("hold", sent_ms=now_ms, replied_ms=now_ms + HOLD_MS))


def _kind(call: Call) -> Kind:
    if isinstance(call, Acquire):
        return "acquire"
    return "heartbeat" if isinstance(call, Heartbeat | Reinstate) else "release"


def _word(outcome: Outcome) -> OutcomeWord:
    if isinstance(outcome, Lease):
        return "held"
    if isinstance(outcome, Released):
        return "done"
    if isinstance(outcome, SeatsExhausted):
        return "denied"
    return "lost" if isinstance(outcome, LeaseLost | SessionUnknown) else "refused"


def _lease_ms(lease: Lease) -> int:
    return int((lease.lease_expires_at - lease.now).total_seconds() * 1_000)


def _slot(lease: Lease) -> int | None:
    session = LicenseSession.across_tenants.filter(id=lease.session_id).first()
    return session.slot if session else None
