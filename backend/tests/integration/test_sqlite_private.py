"""The ledger's file is its owner's alone from its first byte, in whatever folder it is made."""

import stat
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
