"""What a batch changes in PostgreSQL: the seats, and the version of what others know of them."""

from typing import Final

import msgspec

from leasing.occupancy import Occupancy
from leasing.stores.postgres import statements
from leasing.stores.sql.changes import ENCODER, Changes
from leasing.stores.sql.dialect import Connection
from leasing.stores.sql.rows import End, Grant

_VERSIONS: Final = msgspec.json.Decoder(list[tuple[str, int]])


class Known:
    """What one process knows by heart of the seats of licenses, and at which version of them."""

    def __init__(self) -> None:
        self.occupancies: dict[str, Occupancy] = {}
        self._versions: dict[str, int] = {}

    def is_at(self, license: str, version: int) -> None:
        """Learn the version that stands; what is known of another one is forgotten."""
        if self._versions.get(license) != version:
            self.occupancies.pop(license, None)
        self._versions[license] = version

    def moved_to(self, license: str, version: int) -> None:
        """Learn the version that a change of our own led to."""
        if self._versions.get(license) != version - 1:  # another process came in between
            self.occupancies.pop(license, None)
        self._versions[license] = version

    def forget_all(self) -> None:
        """Forget everything, as after a rollback."""
        self.occupancies.clear()
        self._versions.clear()


class PostgresChanges(Changes):
    """Changes that count a version for each license whose seats change hands.

    The versions are counted last, in the order of their key, so that processes that change many
    licenses wait for each other and never in a circle.
    """

    def __init__(self, connection: Connection, known: Known) -> None:
        super().__init__(connection, statements)
        self._known = known
        self._touched: set[tuple[str, str]] = set()

    def end(self, end: End) -> None:
        """End a session."""
        super().end(end)
        self._touched.add((end.tenant, end.license))

    def grant(self, grant: Grant) -> None:
        """Begin a session."""
        super().grant(grant)
        self._touched.add((grant.tenant, grant.license))

    def write(self) -> None:
        """Write what was gathered, then count the versions."""
        super().write()
        if not self._touched:
            return
        rows = ENCODER.encode(sorted(self._touched)).decode()
        self._touched.clear()
        (counted,) = self._connection.execute(statements.COUNT_VERSIONS, {"rows": rows}).fetchone()
        for license_, version in _VERSIONS.decode(counted):
            self._known.moved_to(license_, version)
