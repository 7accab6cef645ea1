"""How close does an acquire with ``license_data`` come to the speed of the signature in it?

Each such answer carries an RSA-4096 signature of the root, made for it alone and verified before
it leaves. Before each round, with the server idle, this process signs with a key of the same size
in one thread, as fast as the library can: that rate is the yardstick, and the target is a share of
it. The server signs in two threads, so on free cores the share may exceed 1.
"""

import time
from typing import Final

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

from benchmarks import calls
from benchmarks.figures import Answer, Row, Target, figure
from benchmarks.rounds import NOOP_ROW, Run, alternate, rate, throughput_row
from benchmarks.scripts import Fresh
from benchmarks.server import running_server

_ROW: Final = "acquire, both proofs"
_MESSAGE: Final = bytes(500)
_TARGET: Final = Target(at_least=0.85)


def answer(run: Run) -> Answer:
    """Measure and return the answer."""
    key = generate_private_key(65_537, 4096)
    signed: list[float] = []
    with running_server(run.prepared, run.ledger) as server:
        outcomes = alternate(
            run,
            server,
            {_ROW: Fresh(calls.fresh_acquires(run.ledger))},
            before_round=lambda: signed.append(signatures_per_second(key, run.seconds)),
        )
    acquires = throughput_row(_ROW, outcomes, unit="acquires", status=201)
    shares = [
        rate(outcome, 201) / yardstick
        for outcome, yardstick in zip(outcomes[_ROW], signed, strict=True)
    ]
    acquires.figures.append(figure("of the library's signing rate", "ratio", shares, _TARGET))
    return Answer(
        "acquire_direct",
        "Acquires with a root-signed license_data each second?",
        [
            throughput_row(NOOP_ROW, outcomes, unit="requests"),
            Row("RSA-4096, one thread", [figure("rate", "signatures/s", signed)]),
            acquires,
        ],
        [],
    )


def signatures_per_second(key: RSAPrivateKey, seconds: float) -> float:
    """Return how many RSA-4096 signatures one thread makes each second of wall time."""
    began_at, made = time.perf_counter(), 0
    while (passed := time.perf_counter() - began_at) < seconds:
        key.sign(_MESSAGE, PKCS1v15(), SHA256())
        made += 1
    return made / passed
