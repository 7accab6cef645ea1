"""Every SQL statement of the SQLite store, by the call it serves (as in stores/sql).

Django makes the tables: ids are 32 hexadecimal digits and instants are UTC text without an
offset. Statements that read many values answer one JSON array, which is decoded into typed
values in one step: a row at a time would hand the interpreter lock over at each row. Those that
change many rows take them as JSON as well (rows.py).
"""

from leasing.stores.sqlite.statements.acquire import (
    BEGIN_SESSIONS,
    COUNT_OTHER_INSTANCES,
    COUNT_SEATS_OF_PERSON,
    FORGET_LAPSED_INSTANCES,
    HOLDINGS_OF_DEVICES,
    PUT_HOLDERS,
    RELEASED_SEATS,
    SEAT,
)
from leasing.stores.sqlite.statements.audit import (
    DENIALS,
    RECORDS,
)
from leasing.stores.sqlite.statements.borrow import LEND, LOAN
from leasing.stores.sqlite.statements.census import (
    CENSUS_PAGE,
)
from leasing.stores.sqlite.statements.extend import (
    EXTEND_INSTANCES,
    EXTENSION_PAGE,
    FORGET_TOKENS,
)
from leasing.stores.sqlite.statements.heartbeat import (
    HOLDINGS,
    NOTE_TOKENS,
    PUT_INSTANCES,
    RAISE_SEATS,
    RAISE_SESSIONS,
    RENEW_ALL_INSTANCES,
    RENEW_SEATS,
)
from leasing.stores.sqlite.statements.honored import (
    END_HONORED,
    HONOR,
    HONORED,
)
from leasing.stores.sqlite.statements.occupancy import (
    COUNT_SEATS,
    SEATS_ENDING,
    SEATS_LAPSED,
)
from leasing.stores.sqlite.statements.reap import (
    LAPSED_ANYWHERE,
)
from leasing.stores.sqlite.statements.release import (
    END_SESSIONS,
    FORGET_ALL_INSTANCES,
    FORGET_INSTANCES,
    FREE_SEATS,
    SEATS_OF_SESSIONS,
)
from leasing.stores.sqlite.statements.session_state import (
    LIVE_INSTANCES,
    SESSION,
)
from leasing.stores.sqlite.statements.state import (
    HOLD,
    READ_STATE,
    STAMP,
)
from leasing.stores.sqlite.statements.terms import (
    LICENSES_OF_KEYS,
    TERMS,
    TERMS_OF_LICENSES,
)

__all__ = [
    "BEGIN_SESSIONS",
    "CENSUS_PAGE",
    "COUNT_OTHER_INSTANCES",
    "COUNT_SEATS",
    "COUNT_SEATS_OF_PERSON",
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
    "HOLD",
    "HOLDINGS",
    "HOLDINGS_OF_DEVICES",
    "HONOR",
    "HONORED",
    "LAPSED_ANYWHERE",
    "LEND",
    "LICENSES_OF_KEYS",
    "LIVE_INSTANCES",
    "LOAN",
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
    "SEAT",
    "SEATS_ENDING",
    "SEATS_LAPSED",
    "SEATS_OF_SESSIONS",
    "SESSION",
    "STAMP",
    "TERMS",
    "TERMS_OF_LICENSES",
]
