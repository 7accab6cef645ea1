"""Before a process says that it is ready it has gone each way once."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from coditect_license.warming import warm_ledger
from leasing.engine import Engine
from leasing.errors import StoreUnavailable
from leasing.store import Inspect
from tests.support.gated_store import GatedStore

_VIEWS = """
import sys
from coditect_license.asgi import application
from coditect_license.warming import warm_control_plane
before = "management_api.licenses" in sys.modules
warm_control_plane()
print(before, "management_api.licenses" in sys.modules)
"""

_LEFT = """
import gc
from coditect_license.asgi import application
from coditect_license.warming import spare_what_stays
print(len(gc.get_objects()))
spare_what_stays()
print(len(gc.get_objects()))
"""


async def warmed(store: GatedStore) -> None:
    engine = Engine(store)
    await engine.start()
    try:
        await warm_ledger(engine)
    finally:
        await engine.stop()


def test_the_ledger_is_asked_once_by_the_writer_itself() -> None:
    store = GatedStore()

    asyncio.run(warmed(store))

    assert [[type(call) for call in batch] for batch in store.batches] == [[Inspect]]


def test_a_ledger_that_went_away_is_no_start() -> None:
    store = GatedStore()
    store.fail_once_with = StoreUnavailable("gone")

    with pytest.raises(StoreUnavailable):
        asyncio.run(warmed(store))


def _printed_by(script: str, data: Path) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={
            "LICENSE_PROFILE": "embedded",
            "LICENSE_DATA_DIR": str(data),
            "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
        },
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return done.stdout.split()


def test_the_views_are_loaded(tmp_path: Path) -> None:
    assert _printed_by(_VIEWS, tmp_path) == ["False", "True"]


def test_what_a_start_leaves_is_no_work_for_the_collector(tmp_path: Path) -> None:
    left_before, left = map(int, _printed_by(_LEFT, tmp_path))
    assert left_before > 50_000
    assert left < 1_000
