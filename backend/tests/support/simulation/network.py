"""The network of a run: it loses, doubles and delays requests and replies."""

import asyncio
from functools import partial
from random import Random

from leasing.errors import Overloaded, StoreUnavailable
from leasing.store import Call, Outcome
from tests.support.simulation.promises import PromiseBroken
from tests.support.simulation.server import Answering, Server
from tests.support.simulation.site import Site

_Exchange = asyncio.Future[Outcome | None]


class Network:
    """What lies between programs and server. ``calls`` counts those that reached the engine."""

    def __init__(self, site: Site, server: Server, random: Random) -> None:
        self._site = site
        self._server = server
        self._random = random
        self._cut_until = 0.0
        self._last_call = 0
        self._answering: dict[_Exchange, Answering] = {}
        self.calls = 0

    def stop_after(self, calls: int) -> None:
        """Have the loop stop when so many calls have reached the engine."""
        self._last_call = calls

    def cut_for(self, seconds: float) -> None:
        """Let nothing through for a time."""
        self._cut_until = self._site.loop.time() + seconds

    async def ask(self, call: Call) -> Outcome | None:
        """Return the first reply to a call, or None when none came in time.

        The server notices now and then that a caller hung up.
        """
        exchange: _Exchange = self._site.loop.create_future()
        for _ in range(self._site.weather.copies(self._random)):
            if not self._is_lost():
                delay = self._site.weather.delay(self._random)
                self._site.loop.after(delay, self._arrive, call, exchange)
        self._site.loop.after(self._site.weather.patience_seconds, self._hang_up, exchange)
        return await exchange

    def _arrive(self, call: Call, exchange: _Exchange) -> None:
        task = self._server.handle(call, partial(self._reply, call, exchange))
        if task is None:
            self._site.loop.after(0.001, _settle, exchange, StoreUnavailable("refused"))
            return
        self._answering[exchange] = task
        self.calls += 1
        if self.calls == self._last_call:
            self._site.loop.stop()

    def _reply(self, call: Call, exchange: _Exchange, task: Answering) -> None:
        if task.cancelled():  # the server died: its connections are reset
            self._site.loop.after(0.001, _settle, exchange, StoreUnavailable("reset"))
            return
        self._answering.pop(exchange, None)
        outcome = self._told(call, task)
        self._site.judge.forget(call, outcome)
        if not self._is_lost():
            delay = self._site.weather.delay(self._random)
            self._site.loop.after(delay, _settle, exchange, outcome)

    def _hang_up(self, exchange: _Exchange) -> None:
        _settle(exchange, None)
        task = self._answering.pop(exchange, None)
        if task is not None and self._random.random() < 0.5:
            task.cancel()

    def _told(self, call: Call, task: Answering) -> Outcome:
        try:
            outcome = task.result()
        except TypeError as mixed_up:
            raise PromiseBroken("answer", str(mixed_up), license="*") from mixed_up
        if not isinstance(outcome, StoreUnavailable | Overloaded):
            self._site.judge.check_told(call, outcome)
        return outcome

    def _is_lost(self) -> bool:
        is_cut = self._site.loop.time() < self._cut_until
        return is_cut or self._site.weather.is_lost(self._random)


def _settle(exchange: _Exchange, outcome: Outcome | None) -> None:
    if not exchange.done():
        exchange.set_result(outcome)
