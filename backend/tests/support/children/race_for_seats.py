"""Ask for seats of one license, all in one batch, when a line comes in; say what came of each.

Arguments: the URL, a tenant's id, the HMAC of its license key, what the names of the devices begin
with, how many there are. The lines are ``ready`` and a JSON array of the words for the outcomes.
"""

import sys

import msgspec

from leasing.store import Acquire, Caller
from leasing.stores.postgres import PostgresStore
from tests.support.telling import tell


def main(database: str, tenant_id: str, key_hmac: str, prefix: str, count: int) -> None:
    store, caller = PostgresStore(database), Caller("user:child", tenant_id)
    calls = [Acquire(caller, (key_hmac,), f"{prefix}{number}") for number in range(count)]
    tell("ready")
    sys.stdin.readline()
    words = [type(outcome).__name__ for outcome in store.apply(calls)]
    tell(msgspec.json.encode(words).decode())
    sys.stdin.readline()
    store.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5]))
