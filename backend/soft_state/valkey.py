"""The one door to Valkey and Redis: no type or error of the client library leaves this file.

Nothing is repeated and nothing waits longer than a deadline. After any failure the connections are
thrown away, so no late answer is taken for another's. A peer that is no Valkey makes the library
stumble with errors of every type, so each way in and out takes all of them for one: it is away.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any, Final

import redis
import redis.asyncio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.retry import Retry

from foundation.clock import monotonic_seconds
from soft_state import counts
from soft_state.address import Address
from soft_state.errors import ValkeyUnavailable
from soft_state.notices import Topic
from soft_state.rules import MOST_DEBT_SECONDS

_log = logging.getLogger(__name__)

COMMAND_SECONDS: Final = 0.05
CONNECT_SECONDS: Final = 0.5
SILENCE_SECONDS: Final = 5.0

CHANNEL: Final = "license:notices"
_LIMIT_KEY: Final = "{license-limits}:"  # in braces: one slot, so a cluster takes the script
_SULK_SECONDS: Final = 5.0
_MICROSECONDS: Final = 1_000_000
_LONGEST_REASON: Final = 200
_COUNT_UNANNOUNCED: Final = counts.errors("announcements")

_ADD_DEBTS: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local most = tonumber(ARGV[1])
local debts = {}
for i, key in ipairs(KEYS) do
  local due = redis.pcall('GET', key)
  due = type(due) == 'string' and tonumber(due) or now
  if not (due > now) then due = now end
  local debt = math.min(due + tonumber(ARGV[i + 1]) - now, most)
  redis.call('SET', key, string.format('%.0f', now + debt), 'PX', math.ceil(debt / 1000) + 1000)
  debts[i] = debt
end
return debts
"""
"""Adds to the debt of each limit, in microseconds on Valkey's clock, and returns what it is then.

A key that holds something else starts anew. Every key ends a second after its quota is whole.
"""


class Valkey:
    """Valkey for an event loop. Every method raises ValkeyUnavailable.

    After ``silence_seconds`` without a notice it asks whether anybody is there.
    """

    def __init__(self, address: Address, *, silence_seconds: float = SILENCE_SECONDS) -> None:
        self._silence_seconds = silence_seconds
        self._commands = _asyncio_client(address)
        self._notices = _asyncio_client(address)
        self._is_connected = False

    async def add_debts(self, used: dict[str, float]) -> dict[str, float]:
        """Add the seconds that each subject used to what all processes used; return the sums."""
        keys = [_LIMIT_KEY + subject for subject in used]
        costs = [round(seconds * _MICROSECONDS) for seconds in used.values()]
        most = round(MOST_DEBT_SECONDS * _MICROSECONDS)
        answer = await self._answer("EVAL", _ADD_DEBTS, len(keys), *keys, most, *costs)
        return dict(zip(used, _seconds(answer, len(keys)), strict=True))

    async def hear(self) -> AsyncIterator[Topic | None]:
        """Yield None once notices can be heard, then the topic of each.

        What is no notice is passed over. Ends with ValkeyUnavailable, also for long silence.
        """
        pubsub = self._notices.pubsub()
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await pubsub.subscribe(CHANNEL)
            async for message in _messages(pubsub, self._silence_seconds):
                if message["type"] == "subscribe":
                    yield None
                elif message["type"] == "message" and (topic := _topic(message["data"])):
                    yield topic
        except Exception as error:
            raise _unavailable(error) from error
        finally:
            await _dismiss(pubsub.aclose())  # type: ignore[no-untyped-call]

    async def close(self) -> None:
        """Let go of all connections."""
        await _dismiss(self._commands.aclose())
        await _dismiss(self._notices.aclose())

    async def _answer(self, *command: str | int) -> object:
        try:
            async with asyncio.timeout(COMMAND_SECONDS if self._is_connected else CONNECT_SECONDS):
                ask = self._commands.execute_command(*command)  # type: ignore[no-untyped-call]
                answer: object = await ask
        except Exception as error:
            self._is_connected = False
            await _dismiss(self._commands.connection_pool.disconnect())
            raise _unavailable(error) from error
        self._is_connected = True
        return answer


class Publisher:
    """Takes notices of any thread to Valkey; what cannot be delivered is lost and logged once.

    It waits half a second at most, and after a failure sends nothing for five seconds.
    """

    def __init__(self, address: Address) -> None:
        self._address = address
        self._silent_until = 0.0

    def __call__(self, topic: Topic, about: str) -> None:
        """Publish one notice. Never raises."""
        if monotonic_seconds() < self._silent_until:
            return
        try:
            with self._connection() as client:
                client.publish(CHANNEL, f"{topic.value} {about}")
        except Exception as error:  # noqa: BLE001  the change is committed: nothing may fail it now
            self._silent_until = monotonic_seconds() + _SULK_SECONDS
            _COUNT_UNANNOUNCED()
            _log.warning("a notice was not delivered: %s", _unavailable(error))

    @contextmanager
    def _connection(self) -> Iterator[redis.Redis]:
        client = redis.Redis(
            **_options(self._address), retry=Retry(NoBackoff(), 0), socket_timeout=CONNECT_SECONDS
        )
        try:
            yield client
        finally:
            client.close()


async def _messages(
    pubsub: redis.asyncio.client.PubSub, silence_seconds: float
) -> AsyncIterator[dict[str, Any]]:
    """Yield every message; raise TimeoutError when not even a ping is answered."""
    is_asked = False
    while True:
        message = await pubsub.get_message(timeout=silence_seconds)
        if message is not None:
            is_asked = False
            yield message
        elif is_asked:
            raise TimeoutError("no word")
        else:
            is_asked = True
            async with asyncio.timeout(CONNECT_SECONDS):
                await pubsub.ping()


async def _dismiss(closing: Any) -> None:
    """Close what may be broken already: only that it is gone matters."""
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            await closing
    except Exception as error:  # noqa: BLE001  any: see above
        _log.debug("a connection did not close: %s", error)


def _asyncio_client(address: Address) -> redis.asyncio.Redis:
    retry = AsyncRetry(NoBackoff(), 0)
    return redis.asyncio.Redis(**_options(address), retry=retry, socket_timeout=None)


def _options(address: Address) -> dict[str, Any]:
    options: dict[str, Any] = {
        "host": address.host,
        "port": address.port,
        "db": address.database,
        "username": address.username,
        "password": address.password,
        "socket_connect_timeout": CONNECT_SECONDS,
        "protocol": 2,  # RESP2 is spoken by every server, and by pooling proxies
        "decode_responses": True,
        "encoding_errors": "replace",
        "driver_info": None,
    }
    if address.is_tls:
        options |= {"ssl": True, "ssl_cert_reqs": "required", "ssl_check_hostname": True}
        options["ssl_ca_certs"] = address.ca_file
    return options


def _topic(data: object) -> Topic | None:
    try:
        return Topic(str(data).partition(" ")[0])
    except ValueError:
        return None


def _seconds(answer: object, expected: int) -> list[float]:
    """Return debts as seconds. Raises ValkeyUnavailable for anything else than was asked for."""
    if not isinstance(answer, list) or len(answer) != expected:
        raise ValkeyUnavailable("an answer of another form")
    if not all(isinstance(debt, int) for debt in answer):
        raise ValkeyUnavailable("an answer of another form")
    return [min(max(debt / _MICROSECONDS, 0.0), MOST_DEBT_SECONDS) for debt in answer]


def _unavailable(error: Exception) -> ValkeyUnavailable:
    reason = str(error).partition("\n")[0][:_LONGEST_REASON] or "no answer in time"
    return ValkeyUnavailable(f"{type(error).__name__}: {reason}")
