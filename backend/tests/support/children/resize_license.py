"""Resize a license with Django again and again; say the longest wait in milliseconds.

Arguments: the file, the license's id, how often. It begins when a line comes in.
"""

import sys
from pathlib import Path

import django

from foundation.env import use_settings
from tests.support.telling import tell


def main(database: Path, license_id: str, times: int) -> None:
    use_settings("coditect_license.settings")
    django.setup()
    from tests.support.resizing import longest_resize_seconds  # noqa: PLC0415  after setup

    tell("ready")
    sys.stdin.readline()
    tell(f"{longest_resize_seconds(database, license_id, times) * 1_000}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
