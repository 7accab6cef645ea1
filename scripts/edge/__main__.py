"""``python -m scripts.edge``: the edge on loopback, or its files for a host of one's own."""

import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from types import FrameType

from scripts.edge.asked import parsed, wishes_of_host, wishes_of_loopback
from scripts.edge.configuration import write
from scripts.edge.packages import NotInstalled, Packages
from scripts.edge.running import Failed, run
from scripts.edge.wishes import Wishes, WrongWish


def main(words: list[str]) -> int:
    """Run until Ctrl-C and return 0, or write files; 1 where something is wrong, and say what."""
    asked = parsed(words)
    try:
        if asked.command == "write":
            _write(wishes_of_host(asked))
        else:
            _run(wishes_of_loopback(asked, os.environ))
    except (Failed, WrongWish) as failure:
        sys.stderr.write(f"error: {failure}\n")
        return 1
    except NotInstalled as missing:
        sys.stderr.write(str(missing))
        return 1
    return 0


def _run(wishes: Wishes) -> None:
    packages = _packages(wishes)
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell's background job ignores the first
        signal.signal(number, _interrupt)
    try:
        with ExitStack() as started:
            run(wishes, packages, started)
    except KeyboardInterrupt:
        sys.stdout.write("stopped\n")


def _write(wishes: Wishes) -> None:
    packages = _packages(wishes)
    configuration = write(wishes, packages)
    command = [packages.nginx, "-t", "-q", "-e", "stderr", "-c", str(configuration)]
    if subprocess.run(command, check=False).returncode != 0:  # noqa: S603  Debian's nginx
        raise Failed("nginx does not take these files; what it said is above")
    sys.stdout.write(f"{configuration}\n")


def _packages(wishes: Wishes) -> Packages:
    search = os.environ.get("PATH", "") + os.pathsep + "/usr/sbin"
    return Packages.found(search=search, needs_countries=wishes.countries_file is not None)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
