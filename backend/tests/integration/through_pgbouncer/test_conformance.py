"""The calls of the conformance suite and the races of ten stores, through pgbouncer."""

from types import ModuleType

from tests.concurrency import test_many_stores
from tests.integration.store_conformance import (
    test_acquire,
    test_batches,
    test_heartbeat,
    test_inspect,
    test_release,
    test_same_batch,
)

MODULES = (
    test_acquire,
    test_batches,
    test_heartbeat,
    test_inspect,
    test_many_stores,
    test_release,
    test_same_batch,
)


def of(module: ModuleType) -> dict[str, object]:
    """Return the tests of a module under names that tell the modules apart."""
    room = module.__name__.rpartition(".")[2]
    return {
        f"{room}_{name.removeprefix('test_')}": test
        for name, test in vars(module).items()
        if name.startswith("test_") and callable(test)
    }


for one in MODULES:
    globals().update(of(one))
