"""A crowd of devices that acquire, beat and release over HTTP, and what they could see of it."""

import base64
import http.client
import json
import threading
import time
from random import Random
from types import TracebackType
from typing import Any, Final, Self

from tests.support.history_events import Event, Kind, OutcomeWord

TTL_MS: Final = 360_000
_API: Final = "/api/v1/licenses"
_REPLY_SECONDS: Final = 10
_RETRY_SECONDS: Final = 0.02
_WORDS: Final[dict[tuple[Kind, int], OutcomeWord]] = {
    ("acquire", 200): "held",
    ("acquire", 201): "held",
    ("acquire", 409): "denied",
    ("heartbeat", 200): "held",
    ("heartbeat", 410): "lost",
    ("release", 204): "done",
}


class Crowd:
    """Devices on threads of their own, from ``with`` to its end.

    ``events`` is the history that they saw; ``surprises`` are answers that no correct server
    gives. Calls refused because nobody listens are not part of the history: nothing was sent.
    """

    def __init__(self, port: int, key: str, *, devices: int, seats: int, seed: int) -> None:
        self.events = [Event("license", seats=seats, ttl_ms=TTL_MS)]
        self.surprises: list[str] = []
        self._answered = threading.Condition()
        self._stop = threading.Event()
        self._devices = [
            _Device(self, f"device-{number}", port, key, Random(seed + number))
            for number in range(devices)
        ]

    def __enter__(self) -> Self:
        for device in self._devices:
            device.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        for device in self._devices:
            device.join(2 * _REPLY_SECONDS)

    @property
    def is_over(self) -> bool:
        return self._stop.is_set()

    def milliseconds(self) -> int:
        """Return what the crowds' clock says; one clock, so that their histories join."""
        return round(time.monotonic() * 1000)

    def pause(self) -> None:
        """Let a device wait a moment before it tries again."""
        self._stop.wait(_RETRY_SECONDS)

    def add(self, event: Event) -> None:
        with self._answered:
            self.events.append(event)
            self._answered.notify_all()

    def wait_for_calls(self, more: int) -> None:
        """Return when so many more calls were answered."""
        with self._answered:
            goal = len(self.events) + more
            assert self._answered.wait_for(lambda: len(self.events) >= goal, 30), "no answers"


class _Device(threading.Thread):
    def __init__(self, crowd: Crowd, name: str, port: int, key: str, random: Random) -> None:
        super().__init__(name=name, daemon=True)
        self._crowd = crowd
        self._random = random
        self._key = key
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_REPLY_SECONDS)
        self._session = ""
        self._gen = 0

    def run(self) -> None:
        while not self._crowd.is_over:
            if not self._session:
                self._acquire()
            elif self._random.random() < 0.3:
                self._release()
            else:
                self._heartbeat()
        self._connection.close()

    def _acquire(self) -> None:
        body = {
            "license_key": self._key,
            "hardware_id": self.name,
            "proofs": ["license_token"],
        }
        answer = self._call("acquire", "POST", f"{_API}/acquire/", body)
        if answer is None:
            self._crowd.pause()

    def _heartbeat(self) -> None:
        path = f"{_API}/sessions/{self._session}/heartbeat/"
        self._call("heartbeat", "PATCH", path, {"license_key": self._key})

    def _release(self) -> None:
        self._call("release", "DELETE", f"{_API}/sessions/{self._session}/", None)

    def _call(self, kind: Kind, method: str, path: str, body: object) -> dict[str, Any] | None:
        sent_ms = self._crowd.milliseconds()
        headers = {"Content-Type": "application/json", "Authorization": f"License {self._key}"}
        try:
            self._connection.request(method, path, json.dumps(body) if body else None, headers)
            reply = self._connection.getresponse()
            status, content = reply.status, reply.read()
        except ConnectionRefusedError:
            self._connection.close()
            self._crowd.pause()
            return None
        except (OSError, http.client.HTTPException):
            self._connection.close()
            self._note(kind, sent_ms, "unknown", {})
            return None
        word = _WORDS.get((kind, status))
        if word is None:
            self._crowd.surprises.append(f"{kind}: {status} {content!r}")
            self._crowd.pause()
            return None
        answer: dict[str, Any] = json.loads(content) if content else {}
        self._note(kind, sent_ms, word, answer)
        return answer if word == "held" else None

    def _note(self, kind: Kind, sent_ms: int, word: OutcomeWord, answer: dict[str, Any]) -> None:
        if kind == "acquire" and word == "held":
            self._session = answer["session_id"]
            self._gen = _claims(answer["license_token"])["gen"]
        self._crowd.add(
            Event(
                kind,
                device=self.name,
                sent_ms=sent_ms,
                replied_ms=self._crowd.milliseconds(),
                outcome=word,
                session=self._session,
                gen=self._gen if word == "held" else 0,
                lease_ms=TTL_MS if word == "held" else 0,
            )
        )
        if kind == "release" or word == "lost":
            self._session = ""


def _claims(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=="))
    return claims
