"""``python -m benchmarks.load.flood``: five times what a server carries, of every kind of call.

A job as JSON in, samples as JSON out. First the mix is sent as fast as it is answered: that is what
the server carries. Then it is offered at more than five times that rate, each call over a
connection of its own and whatever becomes of the others. Then it ends.
"""

import asyncio
import gc
import itertools
import sys
import time
from collections import deque
from random import Random
from typing import Final

import msgspec
import uvloop
from msgspec import Struct

from benchmarks import calls
from benchmarks.load.samples import Sample, Samples
from benchmarks.once import ask_once
from benchmarks.prepared import Ledger
from benchmarks.scripts import DEVICE, SESSION

MIX: Final = {"acquire": 9, "release": 4, "read": 5, "control": 4, "export": 2}
OFFERED: Final = 5.3
"""Times what was carried."""

_PROBES: Final = 100
_NOBODY: Final = "00000000-0000-4000-8000-000000000000"


class FloodJob(Struct, frozen=True):
    """Where to, and how long: nothing, then what is carried, then the flood."""

    port: int
    ledger: Ledger
    wait_seconds: float
    carried_seconds: float
    flood_seconds: float


class Flood:
    """Sends the mix and notes every call."""

    def __init__(self, job: FloodJob) -> None:
        self._job = job
        self._random = Random(1)
        self._numbers = itertools.count(10**15)
        self._held: deque[str] = deque()
        self._acquire = calls.acquire(job.ledger, job.ledger.license_keys[0], DEVICE.decode())
        self._release = calls.release(job.ledger)
        bearer = job.ledger.bearer
        self._fixed = {
            "read": calls.call("GET", f"/api/v1/licenses/sessions/{_NOBODY}/", bearer),
            "control": calls.call("GET", "/api/v1/licenses/", bearer),
            "export": calls.call("GET", "/api/v1/usage/", bearer),
        }
        self.samples = Samples()

    async def run(self) -> Samples:
        """Do the job and return what was seen."""
        await asyncio.sleep(self._job.wait_seconds)
        self.samples.mark("carried")
        until = time.monotonic() + self._job.carried_seconds
        await asyncio.gather(*(self._probe(until) for _ in range(_PROBES)))
        self.samples.mark("flood")
        rate = OFFERED * self.samples.rate(set(MIX), "carried", "flood")
        await self._offer(rate, round(rate * self._job.flood_seconds))
        self.samples.mark("end")
        return self.samples

    async def _probe(self, until: float) -> None:
        while time.monotonic() < until:
            await self._call(time.monotonic())

    async def _offer(self, rate: float, number: int) -> None:
        began_at = time.monotonic()
        under_way = []
        for due_at in (began_at + place / rate for place in range(number)):
            if (early := due_at - time.monotonic()) > 0:
                await asyncio.sleep(early)
            under_way.append(asyncio.ensure_future(self._call(due_at)))
        self.samples.mark("over")
        await asyncio.gather(*under_way)

    async def _call(self, due_at: float) -> None:
        kind, request = self._next()
        status, body = await ask_once(self._job.port, request)
        if kind == "acquire" and status == 201:
            self._held.append(msgspec.json.decode(body)["session_id"])
        took_ms = (time.monotonic() - due_at) * 1_000
        self.samples.calls.append(Sample(kind, due_at, status, took_ms))

    def _next(self) -> tuple[str, bytes]:
        (kind,) = self._random.choices([*MIX], [*MIX.values()])
        if kind == "release" and self._held:
            return kind, self._release.replace(SESSION, self._held.popleft().encode())
        if kind in self._fixed:
            return kind, self._fixed[kind]
        device = str(next(self._numbers)).encode()
        return "acquire", self._acquire.replace(DEVICE, device)


def main() -> None:
    """Read a job from standard input, do it, write the samples to standard output."""
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=FloodJob)
    gc.disable()
    sys.stdout.buffer.write(msgspec.json.encode(uvloop.run(Flood(job).run())))


if __name__ == "__main__":
    main()
