"""Apply batches of a seed to a ledger, saying before each what is sent and after it what was done.

Arguments: the file or the URL, a tenant's id, the HMAC of its license key, a seed, and what the
names of its devices begin with, if others have devices too. It runs until killed. A line is
``["sent", [[verb, device], …]]``, or ``["done", [[verb, device, outcome, session, end], …]]`` once
the store has returned: what that line says is acknowledged.
"""

import sys
from pathlib import Path
from random import Random

import msgspec

from leasing.store import Acquire, Call, Caller, Heartbeat, Lease, Outcome, Release, Store
from leasing.stores.postgres import PostgresStore
from leasing.stores.sqlite import SqliteStore
from tests.support.telling import tell

DEVICES = [f"device-{n}" for n in range(8)]


class Programs:
    """One program on each device; it knows no more than its last reply told it."""

    def __init__(self, caller: Caller, key_hmac: str, seed: int, prefix: str) -> None:
        self._caller = caller
        self._key_hmac = key_hmac
        self._random = Random(seed)
        self._devices = [f"{prefix}{device}" for device in DEVICES]
        self._sessions: dict[str, str] = {}

    def decide(self) -> list[tuple[str, Call]]:
        """Return what some of the devices want now."""
        awake = self._random.sample(self._devices, self._random.randint(1, 4))
        return [(device, self._call(device)) for device in awake]

    def learn(self, device: str, outcome: Outcome) -> None:
        """Take a reply to heart."""
        if isinstance(outcome, Lease):
            self._sessions[device] = outcome.session_id
        else:
            self._sessions.pop(device, None)

    def _call(self, device: str) -> Call:
        session = self._sessions.get(device)
        if session is None:
            return Acquire(self._caller, (self._key_hmac,), device)
        if self._random.random() < 0.4:
            return Release(self._caller, session)
        return Heartbeat(self._caller, session)


def main(database: str, tenant_id: str, key_hmac: str, seed: int, prefix: str) -> None:
    store = open_store(database)
    programs = Programs(Caller("user:child", tenant_id), key_hmac, seed, prefix)
    while True:
        wanted = programs.decide()
        say("sent", [(type(call).__name__, device) for device, call in wanted])
        outcomes = store.apply([call for _, call in wanted])
        say("done", [row(*one, outcome) for one, outcome in zip(wanted, outcomes, strict=True)])
        for (device, _), outcome in zip(wanted, outcomes, strict=True):
            programs.learn(device, outcome)


def open_store(database: str) -> Store:
    """Open the store of a file or of a PostgreSQL database."""
    is_postgres = database.startswith("postgresql://")
    return PostgresStore(database) if is_postgres else SqliteStore(Path(database))


def row(device: str, call: Call, outcome: Outcome) -> tuple[str, ...]:
    verb, word = type(call).__name__, type(outcome).__name__
    if isinstance(outcome, Lease):
        return (verb, device, word, outcome.session_id, outcome.lease_expires_at.isoformat())
    return (verb, device, word, "", "")


def say(what: str, rows: list[tuple[str, ...]]) -> None:
    tell(msgspec.json.encode([what, rows]).decode())


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), "".join(sys.argv[5:]))
