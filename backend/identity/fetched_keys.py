"""Issuers' keys, remembered: fresh as the issuer says, there while it is away, calm in floods."""

import logging
import threading
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from foundation.clock import monotonic_seconds
from foundation.metrics import counter
from identity.errors import IssuerUnavailable, KeysNotFetched
from identity.jose import IssuerKey
from identity.key_address import FetchedKeySet, KeyAddress

_log = logging.getLogger(__name__)

MOST_SECONDS_BELIEVED: Final = 86_400
"""How long keys are believed after they were last fetched, while the issuer does not answer."""

SECONDS_BETWEEN_FETCHES: Final = 30
"""How soon after one fetch another may begin, whatever asks for it."""

EARLY: Final = 0.8
"""The part of their fresh time after which keys are fetched anew beside the calls."""

MOST_WAITING: Final = 4
"""Calls that wait for one fetch; further ones are answered from what is known (S17)."""

LONGEST_WAIT_SECONDS: Final = 6.0

_count = counter("license_issuer_key_fetches_total", "Fetches of issuers' keys.", "outcome")
_FETCHED, _FAILED = _count("fetched"), _count("failed")

Fetch = Callable[[KeyAddress], FetchedKeySet]
Start = Callable[[Callable[[], None]], None]


def in_thread(work: Callable[[], None]) -> None:
    """Do work in a thread of its own, which holds up no shutdown."""
    threading.Thread(target=work, name="issuer-keys", daemon=True).start()


class FetchedKeys:
    """The keys of one address. Safe for threads; one fetch at a time, 30 seconds apart at least.

    A key that is known and fresh costs a look-up. In the last fifth of their fresh time the keys
    are fetched beside the calls; when they are stale, or a key id is unknown, the call waits for
    the fetch. While the issuer is away, known keys are believed for 24 hours.
    """

    def __init__(
        self,
        address: KeyAddress,
        fetch: Fetch,
        *,
        clock: Callable[[], float] = monotonic_seconds,
        start: Start = in_thread,
    ) -> None:
        self._address = address
        self._fetch = fetch
        self._clock = clock
        self._start = start
        self._keys: Mapping[str, IssuerKey] = MappingProxyType({})
        self._fetched_at: float | None = None
        self._fresh_seconds = 0.0
        self._tried_at: float | None = None
        self._flight: threading.Event | None = None
        self._waiting = 0
        self._lock = threading.Lock()

    def get(self, key_id: str, /) -> IssuerKey | None:
        """Return a key, or None for one that the issuer does not have.

        May wait six seconds for the issuer. Raises IssuerUnavailable where no keys are known, or
        only such as are older than 24 hours.
        """
        age = self._age()
        if key_id in self._keys and age < self._fresh_seconds:
            if age >= self._fresh_seconds * EARLY:
                self._take_off()
            return self._keys[key_id]
        self._wait_for(self._take_off())
        if self._age() >= MOST_SECONDS_BELIEVED:
            raise IssuerUnavailable(
                "no keys of the issuer are known", retry_after_seconds=SECONDS_BETWEEN_FETCHES
            )
        return self._keys.get(key_id)

    def _age(self) -> float:
        fetched_at = self._fetched_at
        return float("inf") if fetched_at is None else self._clock() - fetched_at

    def _take_off(self) -> threading.Event | None:
        """Begin a fetch, or return the one under way, or None when the last was a moment ago."""
        with self._lock:
            if self._flight is not None:
                return self._flight
            now, tried_at = self._clock(), self._tried_at
            if tried_at is not None and now - tried_at < SECONDS_BETWEEN_FETCHES:
                return None
            self._tried_at = now
            flight = self._flight = threading.Event()
        self._start(lambda: self._fly(flight))
        return flight

    def _fly(self, flight: threading.Event) -> None:
        try:
            fetched = self._fetch(self._address)
        except KeysNotFetched as failure:
            _FAILED()
            _log.warning("the keys of %s were not fetched: %s", self._address.issuer, failure)
        else:
            _FETCHED()
            self._keys, self._fresh_seconds = fetched.keys, fetched.fresh_seconds
            self._fetched_at = self._clock()
        finally:
            with self._lock:
                self._flight = None
            flight.set()

    def _wait_for(self, flight: threading.Event | None) -> None:
        with self._lock:
            if flight is None or self._waiting >= MOST_WAITING:
                return
            self._waiting += 1
        try:
            flight.wait(LONGEST_WAIT_SECONDS)
        finally:
            with self._lock:
                self._waiting -= 1


class KeySources:
    """The remembered keys of every address in use; they outlive a new reading of the issuers."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._by_address: dict[KeyAddress, FetchedKeys] = {}
        self._adding = threading.Lock()

    def keys_of(self, address: KeyAddress) -> FetchedKeys:
        """Return the keys of an address, which are not fetched yet when it is new."""
        with self._adding:
            if address not in self._by_address:
                self._by_address[address] = FetchedKeys(address, self._fetch)
            return self._by_address[address]
