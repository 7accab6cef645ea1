"""Sessions as their last heartbeat left them, so that the next one need not read them."""

from typing import Generic, NamedTuple, TypeVar

_Row = TypeVar("_Row")


class _Kept(NamedTuple, Generic[_Row]):
    tenant: str
    instance: str
    row: _Row


class Remembered(Generic[_Row]):
    """What is known by heart of up to ``most`` sessions, the last instance to call of each.

    It may only be kept where nobody else writes to the ledger, or where their commits are noticed
    and answered with :meth:`clear`. Whatever changes a session forgets it. When it is full, those
    in it stay: sessions come in turns, and the oldest would always go just before its own.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: dict[str, _Kept[_Row]] = {}

    def find(self, *, tenant: str, session: str, instance: str) -> _Row | None:
        """Return the row of a tenant's session, as a heartbeat of this instance would read it."""
        kept = self._kept.get(session)
        if kept is None or kept.tenant != tenant or kept.instance != instance:
            return None
        return kept.row

    def keep(self, row: _Row, *, tenant: str, session: str, instance: str) -> None:
        """Remember a row as it will be once the transaction has committed."""
        if len(self._kept) < self._most:
            self._kept[session] = _Kept(tenant, instance, row)

    def forget(self, session: str) -> None:
        """Have the next heartbeat of a session read it again."""
        self._kept.pop(session, None)

    def clear(self) -> None:
        """Forget everything: somebody else wrote, or what was decided did not commit."""
        self._kept.clear()
