"""Notices: hints that something was changed, so that what is remembered of it is read again.

A notice says a topic and nothing else that anybody acts on. Whoever hears one reads the ledger
anew; a false one costs a read. Losing one costs the time limit of what is remembered
(docs/architecture.md, "What Valkey may lose").
"""

import enum
import logging
from collections.abc import Callable
from functools import partial
from uuid import UUID

from django.db import transaction

_log = logging.getLogger(__name__)

Listener = Callable[[], None]
Publish = Callable[["Topic", str], None]


class Topic(enum.Enum):
    """What was changed."""

    KEY_SET = "key_set"
    ISSUERS = "issuers"
    LICENSES = "licenses"
    CREDENTIALS = "credentials"


class Board:
    """Where one process hangs up notices. Listeners are quick, and safe to call in any thread.

    ``publish`` takes notices of this process to the others; it must not raise.
    """

    def __init__(self) -> None:
        self._listeners: dict[Topic, tuple[Listener, ...]] = {}
        self.publish: Publish | None = None

    def listen(self, topic: Topic, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` at each notice of a topic; return how to end that."""
        self._listeners[topic] = (*self._listeners.get(topic, ()), listener)
        return partial(self._forget, topic, listener)

    def deliver(self, topic: Topic) -> None:
        """Tell the listeners of this process."""
        for listener in self._listeners.get(topic, ()):
            listener()

    def announce(self, topic: Topic, about: UUID | str) -> None:
        """Tell this process and all others once the running transaction is committed.

        ``about`` is an opaque id for people who watch, or empty; nothing secret.
        """
        transaction.on_commit(partial(self._spread, topic, str(about)))

    def _spread(self, topic: Topic, about: str) -> None:
        self.deliver(topic)
        if self.publish is not None:
            self.publish(topic, about)

    def _forget(self, topic: Topic, listener: Listener) -> None:
        kept = [other for other in self._listeners.get(topic, ()) if other != listener]
        self._listeners[topic] = tuple(kept)


BOARD = Board()
"""The board of this process."""
