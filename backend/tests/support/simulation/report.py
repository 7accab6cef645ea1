"""What many runs print: progress, and of each failure all that is needed to repeat it."""

from collections.abc import Callable, Sequence
from pathlib import Path

from tests.support.simulation.regressions import keep_seed
from tests.support.simulation.run import Verdict
from tests.support.simulation.runs import Order


class Report:
    """Takes verdicts in the order of their orders, and keeps the seeds that failed.

    A seed that failed with a planted bug is not kept: it says nothing about what ships.
    """

    def __init__(
        self,
        orders: Sequence[Order],
        *,
        keep_in: Path,
        say: Callable[[str], None],
        seconds: Callable[[], float],
    ) -> None:
        self._orders = {order.seed: order for order in orders}
        self._keep_in = keep_in
        self._say = say
        self._seconds = seconds
        self._began_at = seconds()
        self._operations = 0
        self._done = 0
        self._failed = 0

    def take(self, verdict: Verdict) -> None:
        """Print what came of one run."""
        self._done += 1
        self._operations += verdict.operations
        if verdict.broken:
            self._failed += 1
            self._complain(verdict)
        self._say(
            f"{self._done}/{len(self._orders)} seed {verdict.seed}: {verdict.broken or 'kept'}, "
            f"{verdict.operations} operations in {verdict.virtual_seconds:.0f} virtual seconds, "
            f"digest {verdict.digest}"
        )

    def status(self) -> int:
        """Print the sum; return the exit status."""
        seconds = self._seconds() - self._began_at
        self._say(
            f"{self._operations} operations in {seconds:.0f} s, "
            f"{self._failed} of {self._done} seeds broke a promise"
        )
        return int(self._failed > 0)

    def _complain(self, verdict: Verdict) -> None:
        order = self._orders[verdict.seed]
        self._say(failure(order, verdict))
        if not order.bug:
            keep_seed(order, verdict.broken or "", self._keep_in)
            self._say(f"kept in {self._keep_in}")


def failure(order: Order, verdict: Verdict) -> str:
    """Return what to know of a run that broke a promise, ending with how to repeat it."""
    repeat = f"make simulate SEEDS=1 FIRST={order.seed} OPS={order.operations}"
    bug = f' BUG="{order.bug}"' if order.bug else ""
    return f"{verdict.about}\nseed {order.seed} broke {verdict.broken}; repeat it: {repeat}{bug}"
