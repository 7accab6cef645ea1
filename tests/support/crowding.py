"""How much longer things take than they would on a machine that does nothing else."""

import time
from typing import Final

_ROUNDS: Final = 2_000_000  # some 0.1 s of CPU


def crowding() -> float:
    """Return by how much work takes longer now than its CPU time: 1 on an idle machine."""
    began, began_cpu = time.monotonic(), time.process_time()
    sum(range(_ROUNDS))
    sum(range(_ROUNDS))
    return max(1.0, (time.monotonic() - began) / (time.process_time() - began_cpu))
