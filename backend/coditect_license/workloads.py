"""Which part of an installation a process is (docs/adr/0035)."""

from enum import StrEnum
from typing import Final

from foundation import env


class Workload(StrEnum):
    """What a process does, and so which secrets it needs.

    ``server`` does everything; the others share that, each as a program of its own from the same
    code. ``migrate`` stands for commands that need the database alone.
    """

    SERVER = "server"
    LEASING = "leasing"
    CONSOLE = "console"
    WORKER = "worker"
    MIGRATE = "migrate"

    @property
    def leases(self) -> bool:
        """Whether it answers the leasing plane's calls."""
        return self in {Workload.SERVER, Workload.LEASING}

    @property
    def manages(self) -> bool:
        """Whether it answers the control plane's calls, and so signs sessions of the staff."""
        return self in {Workload.SERVER, Workload.CONSOLE}

    @property
    def seals(self) -> bool:
        """Whether it seals the audit, and so holds the key of its checkpoints."""
        return self in {Workload.SERVER, Workload.WORKER}

    @property
    def answers(self) -> bool:
        """Whether it answers calls at all."""
        return self.leases or self.manages


_NAMES: Final = ", ".join(Workload)


def workload_from_environment() -> Workload:
    """Return what ``LICENSE_WORKLOAD`` names; ``server`` where it is not set.

    Raises EnvironmentMistake for anything else.
    """
    named = env.text("LICENSE_WORKLOAD", Workload.SERVER)
    if named not in {*Workload}:
        raise env.EnvironmentMistake(f"LICENSE_WORKLOAD must be one of: {_NAMES}")
    return Workload(named)
