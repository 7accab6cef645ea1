"""The ledger's file is its owner's alone from its first byte, in whatever folder it is made."""

import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

from django.db import connections

from leasing.stores.gated_sqlite.base import DatabaseWrapper


def test_a_ledger_in_a_folder_that_others_may_read_is_not_theirs_to_read(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    settings = {**connections["default"].settings_dict, "NAME": tmp_path / "license.sqlite3"}
    database = DatabaseWrapper(settings)
    try:
        with database.cursor() as cursor:
            cursor.execute("CREATE TABLE seat (slot INTEGER)")
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    finally:
        database.close()

    assert "license.sqlite3-wal" in modes
    assert set(modes.values()) == {0o600}


def test_s14_a_connection_of_django_leaves_the_stores_locks_in_place(tmp_path: Path) -> None:
    ledger = tmp_path / "license.sqlite3"
    store = sqlite3.connect(ledger)
    store.execute("PRAGMA journal_mode = WAL")
    store.execute("CREATE TABLE seat (slot INTEGER)")
    store.commit()
    database = DatabaseWrapper({**connections["default"].settings_dict, "NAME": ledger})
    try:
        with database.cursor() as cursor:
            cursor.execute("SELECT 1")
        another = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('SELECT * FROM seat')"
        subprocess.run([sys.executable, "-c", another, str(ledger)], check=True, timeout=60)

        store.execute("INSERT INTO seat VALUES (7)")
        store.commit()

        with sqlite3.connect(ledger) as newcomer:
            assert newcomer.execute("SELECT slot FROM seat").fetchall() == [(7,)]
        newcomer.close()
    finally:
        database.close()
        store.close()
