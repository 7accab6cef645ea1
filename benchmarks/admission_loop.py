"""``python -m benchmarks.admission_loop ROUNDS``: the loops of ``admission.py``; prints JSON."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

import django
import msgspec

django.setup()

from leasing.http.admission import Admission, Quotas  # noqa: E402
from leasing.store import Acquire, Caller, Heartbeat  # noqa: E402
from soft_state.allowances import Allowances  # noqa: E402

_CALLS: Final = 200_000
_SESSIONS: Final = 8_000
_MANY: Final = 1_000_000_000


class _Answer:
    """A lease as far as admission reads it."""

    class terms:  # noqa: N801  as the field is called
        tenant_id = license_id = "an-id"
        seats = 50_000


class _AtOnce:
    """An engine without work."""

    async def acquire(self, _call: Acquire) -> Any:
        return _Answer

    async def renew(self, _call: Heartbeat) -> Any:
        return _Answer

    release = inspect = renew


async def _seconds(ask: Callable[[Any], Awaitable[Any]], calls: list[Any]) -> float:
    began_at = time.perf_counter()
    for number in range(_CALLS):
        await ask(calls[number % len(calls)])
    return time.perf_counter() - began_at


async def _costs_us(per_tenant: int, kind: str, calls: list[Any], rounds: int) -> list[float]:
    quotas = Quotas(per_license=_MANY, per_session=_MANY, per_tenant=per_tenant)
    bare: Any = _AtOnce()
    counted: Any = Admission(bare, Allowances(is_shared=True), quotas)
    costs = []
    for _ in range(rounds):
        without = await _seconds(getattr(bare, kind), calls)
        costs.append((await _seconds(getattr(counted, kind), calls) - without) / _CALLS * 1e6)
    return costs


async def _all(rounds: int) -> dict[str, list[float]]:
    caller = Caller("user:benchmark", tenant_id="a-tenant")
    beats = [Heartbeat(caller, f"session-{number:028}") for number in range(_SESSIONS)]
    acquires = [Acquire(caller, ("0" * 64,), f"device-{number}") for number in range(_SESSIONS)]
    return {
        "heartbeat": await _costs_us(0, "renew", beats, rounds),
        "acquire": await _costs_us(0, "acquire", acquires, rounds),
        "heartbeat, tenant limit": await _costs_us(_MANY, "renew", beats, rounds),
    }


if __name__ == "__main__":
    figures = asyncio.run(_all(int(sys.argv[1])))
    sys.stdout.write(msgspec.json.encode(figures).decode() + "\n")
