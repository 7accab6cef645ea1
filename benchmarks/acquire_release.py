"""How many seats a second does one server hand out, with the license token as the only proof?

Closed loop, 48 connections, over 20 licenses of 50,000 seats. Rows:

- *acquire*: every request is an acquire for a device nobody had before (201, a seat newly
  granted, its audit record, a signed token). Counted are acquires. Nothing is given back.
- *acquire and release*: each connection acquires for a fresh device and gives the seat back at
  once. Counted are **pairs**, that is releases answered 204; the acquires are as many again.
"""

from typing import Final

from benchmarks import calls
from benchmarks.figures import Answer, Target
from benchmarks.rounds import NOOP_ROW, Run, Script, alternate, throughput_row
from benchmarks.scripts import Fresh, Pairs
from benchmarks.server import running_server

_TOKEN_ONLY: Final[dict[str, object]] = {"proofs": ["license_token"]}
_TARGETS: Final = {"rate": Target(at_least=3_500)}
_ACQUIRE: Final = "acquire"
_PAIR: Final = "acquire and release"


def answer(run: Run) -> Answer:
    """Measure and return the answer."""
    templates = calls.fresh_acquires(run.ledger, _TOKEN_ONLY)
    scripts: dict[str, Script] = {
        _ACQUIRE: Fresh(templates),
        _PAIR: Pairs(templates, calls.release(run.ledger)),
    }
    with running_server(run.prepared, run.ledger) as server:
        outcomes = alternate(run, server, scripts)
    return Answer(
        "acquire_release",
        "Seats handed out each second, license_token only?",
        [
            throughput_row(NOOP_ROW, outcomes, unit="requests"),
            throughput_row(_ACQUIRE, outcomes, unit="acquires", status=201, targets=_TARGETS),
            throughput_row(_PAIR, outcomes, unit="pairs", status=204),
        ],
        ["the no-op ratio of a pair compares two calls with one no-op"],
    )
