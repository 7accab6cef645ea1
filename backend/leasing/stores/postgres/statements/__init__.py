"""Every SQL statement of the PostgreSQL store, by the call it serves (as in stores/sql).

What each is for is said at its namesake in ``sqlite/statements``. Values go in and come out as
there: ids as hexadecimal digits and instants as UTC text, or one JSON array of arrays. Rows that a
batch decides about are locked before they are read (``LOCKED_FIRST``), so each statement reads what
the last holder of the lock left.
"""

from typing import Final

from leasing.stores.postgres.statements.acquire import (
    BEGIN_SESSIONS,
    COUNT_OTHER_INSTANCES,
    COUNT_SEATS_OF_PERSON,
    FORGET_LAPSED_INSTANCES,
    HOLDINGS_OF_DEVICES,
    LOCK_SEATS_OF_DEVICES,
    PUT_HOLDERS,
    RELEASED_SEATS,
    SEAT,
)
from leasing.stores.postgres.statements.audit import (
    DENIALS,
    RECORDS,
)
from leasing.stores.postgres.statements.borrow import LEND, LOAN
from leasing.stores.postgres.statements.census import (
    CENSUS_PAGE,
    STANDING,
)
from leasing.stores.postgres.statements.extend import (
    EXTEND_INSTANCES,
    EXTENSION_PAGE,
    FORGET_TOKENS,
)
from leasing.stores.postgres.statements.heartbeat import (
    HELD,
    HOLDINGS,
    LOCK_SEATS_OF_SESSIONS,
    NOTE_TOKENS,
    PUT_INSTANCES,
    RAISE_SEATS,
    RAISE_SESSIONS,
    RENEW_ALL_INSTANCES,
    RENEW_SEATS,
    RENEW_SEATS_AT,
)
from leasing.stores.postgres.statements.honored import (
    END_HONORED,
    HONOR,
    HONORED,
)
from leasing.stores.postgres.statements.occupancy import (
    CHANGES_SINCE,
    COUNT_SEATS,
    COUNT_VERSIONS,
    KEEP_CHANGES,
    SEATS_AT_A_VERSION,
    SEATS_ENDING,
    SEATS_LAPSED,
)
from leasing.stores.postgres.statements.reap import (
    LAPSED_ANYWHERE,
    WALK,
)
from leasing.stores.postgres.statements.release import (
    END_SESSIONS,
    FORGET_ALL_INSTANCES,
    FORGET_INSTANCES,
    FREE_SEATS,
    SEATS_OF_SESSIONS,
)
from leasing.stores.postgres.statements.session_state import (
    LIVE_INSTANCES,
    SESSION,
)
from leasing.stores.postgres.statements.state import (
    BEGIN,
    BEGIN_SNAPSHOT,
    COMMIT,
    HOLD,
    READ_STATE,
    STAMP,
    WITHIN_SESSION,
    WITHIN_TRANSACTION,
)
from leasing.stores.postgres.statements.terms import (
    LICENSES_OF_KEYS,
    LOCK_LICENSES,
    LOCK_LICENSES_BY_ID,
    TERMS,
    TERMS_OF_LICENSES,
)

LOCKED_FIRST: Final = {
    TERMS: LOCK_LICENSES,
    TERMS_OF_LICENSES: LOCK_LICENSES_BY_ID,
    HOLDINGS: LOCK_SEATS_OF_SESSIONS,
    HELD: LOCK_SEATS_OF_SESSIONS,
    HOLDINGS_OF_DEVICES: LOCK_SEATS_OF_DEVICES,
    SEATS_OF_SESSIONS: LOCK_SEATS_OF_SESSIONS,
}
"""What locks the rows that a statement answers; run before it with the same values."""

__all__ = [
    "BEGIN",
    "BEGIN_SESSIONS",
    "BEGIN_SNAPSHOT",
    "CENSUS_PAGE",
    "CHANGES_SINCE",
    "COMMIT",
    "COUNT_OTHER_INSTANCES",
    "COUNT_SEATS",
    "COUNT_SEATS_OF_PERSON",
    "COUNT_VERSIONS",
    "DENIALS",
    "END_HONORED",
    "END_SESSIONS",
    "EXTEND_INSTANCES",
    "EXTENSION_PAGE",
    "FORGET_ALL_INSTANCES",
    "FORGET_INSTANCES",
    "FORGET_LAPSED_INSTANCES",
    "FORGET_TOKENS",
    "FREE_SEATS",
    "HELD",
    "HOLD",
    "HOLDINGS",
    "HOLDINGS_OF_DEVICES",
    "HONOR",
    "HONORED",
    "KEEP_CHANGES",
    "LAPSED_ANYWHERE",
    "LEND",
    "LICENSES_OF_KEYS",
    "LIVE_INSTANCES",
    "LOAN",
    "LOCKED_FIRST",
    "LOCK_LICENSES",
    "LOCK_LICENSES_BY_ID",
    "LOCK_SEATS_OF_DEVICES",
    "LOCK_SEATS_OF_SESSIONS",
    "NOTE_TOKENS",
    "PUT_HOLDERS",
    "PUT_INSTANCES",
    "RAISE_SEATS",
    "RAISE_SESSIONS",
    "READ_STATE",
    "RECORDS",
    "RELEASED_SEATS",
    "RENEW_ALL_INSTANCES",
    "RENEW_SEATS",
    "RENEW_SEATS_AT",
    "SEAT",
    "SEATS_AT_A_VERSION",
    "SEATS_ENDING",
    "SEATS_LAPSED",
    "SEATS_OF_SESSIONS",
    "SESSION",
    "STAMP",
    "STANDING",
    "TERMS",
    "TERMS_OF_LICENSES",
    "WALK",
    "WITHIN_SESSION",
    "WITHIN_TRANSACTION",
]
