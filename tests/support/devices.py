"""What the devices of a crowd do: one HTTP connection each, one call at a time."""

from __future__ import annotations

import base64
import http.client
import json
import threading
from abc import ABC, abstractmethod
from random import Random
from typing import TYPE_CHECKING, Any, Final

from tests.support.history_events import Event, Kind, OutcomeWord

if TYPE_CHECKING:
    from support.crowd import Crowd

_API: Final = "/api/v1/licenses"
_REPLY_SECONDS: Final = 10
_RETRY_SECONDS: Final = 0.02
_BACK_OFF_SECONDS: Final = 0.1
_JITTER: Final = 0.1
_OUTAGES: Final = {"store_unavailable", "overloaded"}  # who waits for a slow ledger is shed
_WORDS: Final[dict[tuple[Kind, int], OutcomeWord]] = {
    ("acquire", 200): "held",
    ("acquire", 201): "held",
    ("acquire", 409): "denied",
    ("heartbeat", 200): "held",
    ("heartbeat", 410): "lost",
    ("release", 204): "done",
}


class Device(threading.Thread, ABC):
    """One device; what it does next is for its kind to say."""

    def __init__(self, crowd: Crowd, name: str, random: Random) -> None:
        super().__init__(name=name, daemon=True)
        self.crowd = crowd
        self.random = random
        self.session = ""
        self.lease_end_ms = 0
        self._gen = 0
        self._connection: http.client.HTTPConnection | None = None

    def run(self) -> None:
        while not self.crowd.is_over:
            self.live()
        self._hang_up()

    @abstractmethod
    def live(self) -> None:
        """Do one thing."""

    def acquire(self) -> OutcomeWord:
        body = {
            "license_key": self.crowd.key,
            "hardware_id": self.name,
            "proofs": ["license_token"],
        }
        return self._call("acquire", "POST", f"{_API}/acquire/", body)

    def heartbeat(self) -> OutcomeWord:
        path = f"{_API}/sessions/{self.session}/heartbeat/"
        return self._call("heartbeat", "PATCH", path, {"license_key": self.crowd.key})

    def release(self) -> OutcomeWord:
        return self._call("release", "DELETE", f"{_API}/sessions/{self.session}/", None)

    def _call(self, kind: Kind, method: str, path: str, body: object) -> OutcomeWord:
        """Return the outcome in the history's words, empty when nothing was sent."""
        sent_ms = self.crowd.milliseconds()
        try:
            status, content = self._exchange(method, path, body)
        except ConnectionRefusedError:
            self._hang_up()
            self.crowd.pause(_RETRY_SECONDS)
            return ""
        except (OSError, http.client.HTTPException):
            self._hang_up()
            return self._note(kind, sent_ms, "unknown", {})
        answer: dict[str, Any] = json.loads(content) if content else {}
        if self._is_outage(status, answer):
            return self._note(kind, sent_ms, "unknown", {})
        word = _WORDS.get((kind, status))
        if word is None:
            self.crowd.surprises.append(f"{self.name} {kind}: {status} {content!r}")
            self.crowd.pause(_RETRY_SECONDS)
            return ""
        return self._note(kind, sent_ms, word, answer)

    def _exchange(self, method: str, path: str, body: object) -> tuple[int, bytes]:
        if self._connection is None:
            host, port = self.random.choice(self.crowd.addresses)
            self._connection = http.client.HTTPConnection(host, port, timeout=_REPLY_SECONDS)
        headers = {
            "Content-Type": "application/json",
            "Authorization": f"License {self.crowd.key}",
        }
        content = json.dumps(body) if body else None
        self._connection.request(method, path, content, headers)
        reply = self._connection.getresponse()
        return reply.status, reply.read()

    def _is_outage(self, status: int, answer: dict[str, Any]) -> bool:
        is_outage = status == 503 and answer.get("error") in _OUTAGES
        return self.crowd.habits.may_fail and is_outage

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _note(
        self, kind: Kind, sent_ms: int, word: OutcomeWord, answer: dict[str, Any]
    ) -> OutcomeWord:
        if word == "held":
            self._learn(kind, sent_ms, answer)
        self.crowd.failures += word == "unknown"
        self.crowd.add(
            Event(
                kind,
                device=self.name,
                sent_ms=sent_ms,
                replied_ms=self.crowd.milliseconds(),
                outcome=word,
                session=self.session,
                gen=self._gen if word == "held" else 0,
                lease_ms=self.crowd.ttl_ms if word == "held" else 0,
            )
        )
        if kind == "release" or word == "lost":
            self.session = ""
        return word

    def _learn(self, kind: Kind, sent_ms: int, answer: dict[str, Any]) -> None:
        if kind == "acquire":
            self.session = answer["session_id"]
            self._gen = _claims(answer["license_token"])["gen"]
        self.lease_end_ms = sent_ms + self.crowd.ttl_ms
        end = answer["lease_expires_at"]
        self.crowd.promised[self.session] = max(end, self.crowd.promised.get(self.session, ""))


class Restless(Device):
    """Acquires, beats and releases without a rest, and stands in line where all is taken."""

    def live(self) -> None:
        if not self.session:
            word = self.acquire()
        elif self.random.random() < 0.3:
            word = self.release()
        else:
            word = self.heartbeat()
        if word in {"denied", "unknown", "lost"}:
            self.crowd.pause(_RETRY_SECONDS)
        self.crowd.pause(self.crowd.habits.pace_seconds)


class Faithful(Device):
    """Takes a seat and keeps it, in the rhythm of the SDK.

    It beats at the interval; on failure with full jitter up to half of it; when its lease is over
    it asks for its seat anew. Not to get the same session again is a refusal: the history has no
    outage in which it did not try.
    """

    _tries = 0

    def live(self) -> None:
        before = self.session
        is_sure = self.crowd.milliseconds() < self.lease_end_ms
        word = self.heartbeat() if before and is_sure else self.acquire()
        if before and (word in {"lost", "denied"} or self.session != before):
            self.crowd.refusals.append(f"{self.name}: {word} at {self.crowd.milliseconds()} ms")
        self.crowd.pause(self._pause_seconds(word))

    def _pause_seconds(self, word: OutcomeWord) -> float:
        interval = self.crowd.habits.interval_seconds
        if word == "held":
            self._tries = 0
            return interval * self.random.uniform(1 - _JITTER, 1 + _JITTER)
        if not word:  # nobody listened there: elsewhere, at once
            return _RETRY_SECONDS
        self._tries += 1
        longest: float = min(_BACK_OFF_SECONDS * 2**self._tries, interval / 2)
        return self.random.random() * longest


def _claims(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=="))
    return claims
