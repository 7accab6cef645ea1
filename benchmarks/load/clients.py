"""The clients of all scenarios: devices that lease as programs do, and note what they saw."""

import itertools
import time
from typing import Any, ClassVar, Final

import msgspec
from locust import FastHttpUser, events

from benchmarks.load.samples import UNANSWERED, Sample, Samples, read_job
from tests.support.history_events import Event, Kind, OutcomeWord

JOB: Final = read_job()
SEEN: Final = Samples(events=[Event("license", seats=JOB.seats, ttl_ms=JOB.ttl_seconds * 1_000)])
_LEASING: Final = "/api/v1/licenses"
_PATIENCE_SECONDS: Final = 10.0
_WORDS: Final[dict[tuple[str, int], OutcomeWord]] = {
    ("acquire", 200): "held",
    ("acquire", 201): "held",
    ("acquire", 409): "denied",
    ("renew", 200): "held",
    ("renew", 410): "lost",
    ("release", 204): "done",
}
_HISTORY: Final[dict[str, Kind]] = {
    "acquire": "acquire",
    "renew": "heartbeat",
    "release": "release",
}
_numbers = itertools.count(1)


class Client(FastHttpUser):
    """Whoever calls; ``right`` are the statuses that its scenario calls good."""

    abstract = True
    connection_timeout = _PATIENCE_SECONDS
    network_timeout = _PATIENCE_SECONDS
    right: ClassVar[frozenset[int]] = frozenset({200, 201, 204})

    def ask(
        self,
        kind: str,
        method: str,
        path: str,
        *,
        authorization: str | None = None,
        **content: Any,
    ) -> tuple[int, bytes]:
        """Send one call and return status and body; status 0 when no answer came."""
        headers = content.pop("headers", {}) | {
            "authorization": authorization or f"License {JOB.license_key}"
        }
        began = time.monotonic()
        place = len(SEEN.calls)
        SEEN.calls.append(Sample(kind, began, UNANSWERED, 0))
        with self.client.request(
            method, path, name=kind, headers=headers, catch_response=True, **content
        ) as answer:
            status = answer.status_code or 0
            body: bytes = answer.content or b""
            if status in self.right:
                answer.success()
            else:
                answer.failure(f"{status} {body[:200]!r}")
        SEEN.calls[place] = Sample(kind, began, status, (time.monotonic() - began) * 1_000)
        return status, body


class Device(Client):
    """A device that may hold one seat; its history is kept."""

    abstract = True

    def on_start(self) -> None:
        """Be a device nobody has been before."""
        self.device = f"device-{next(_numbers)}"
        self.session = ""

    def acquire(self, *proofs: str) -> int:
        """Take a seat, or come back to one's own; with these proofs."""
        body = {
            "license_key": JOB.license_key,
            "hardware_id": self.device,
            "proofs": proofs or ("license_token",),
        }
        return self._lease("acquire", "POST", f"{_LEASING}/acquire/", json=body)

    def renew(self) -> int:
        """Send a heartbeat."""
        return self._lease("renew", "PATCH", f"{self._address()}heartbeat/")

    def release(self) -> int:
        """Give the seat back."""
        return self._lease("release", "DELETE", self._address())

    def read(self) -> int:
        """Read the state of one's session."""
        return self.ask("read", "GET", self._address())[0]

    def _address(self) -> str:
        return f"{_LEASING}/sessions/{self.session}/"

    def _lease(self, kind: str, method: str, path: str, **content: Any) -> int:
        sent_ms = _now_ms()
        status, body = self.ask(kind, method, path, **content)
        word = _WORDS.get((kind, status), "refused" if status in {429, 503} else "unknown")
        if kind == "acquire" and word == "held":
            self.session = msgspec.json.decode(body)["session_id"]
        if self.session:
            self._note(kind, sent_ms, word)
        if word in {"done", "lost"}:
            self.session = ""
        return status

    def _note(self, kind: str, sent_ms: int, word: OutcomeWord) -> None:
        SEEN.events.append(
            Event(
                _HISTORY[kind],
                device=self.device,
                sent_ms=sent_ms,
                replied_ms=_now_ms(),
                outcome=word,
                session=self.session,
                lease_ms=JOB.ttl_seconds * 1_000 if word == "held" else 0,
            )
        )


def _now_ms() -> int:
    return round(time.monotonic() * 1_000)


@events.quitting.add_listener
def keep_samples(environment: Any, **_: Any) -> None:
    """Write everything down at the end; whether it was good is judged by who reads it."""
    with open(JOB.keep, "wb") as file:  # noqa: PTH123  gevent has patched what a Path would use
        file.write(msgspec.json.encode(SEEN))
    environment.process_exit_code = 0
