"""Runs an image's files as Kubernetes would run its container, with nothing but util-linux.

Process 1 of namespaces of its own for processes, mounts, names and messages; the file system is
read-only but for the folder of data; uid and gid, command, folder and settings are those the image
names; no capability, and none to be had. Not like there: the network is this machine's, and there
is no seccomp profile and no cgroup.
"""

import os
import shlex
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Self

from deploy.built_image.buildah import BuiltImage

from tests.support.waiting import until

DATA: Final = "/var/lib/license"
_SECONDS: Final = 120
_STARTED: Final = "Application startup complete."
# $1 is the root, then come folders as INSIDE=OUTSIDE; what follows -- is run in there.
_ENTER: Final = """
set -e
root=$1
shift
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
while [ "$1" != -- ]; do
	mount --bind "${1#*=}" "$root${1%%=*}"
	shift
done
shift
exec /usr/sbin/chroot "$root" "$@"
"""
_FLAGS: Final = ("--clear-groups", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all")
# A new uid forgets who is to be outlived, so it is said again.
_TIED: Final = "--pdeathsig=KILL"


class Container:
    """One run of the image; ``output`` is every line that was written, by either stream.

    ``folders`` are mounted beside the one of data, by their places in there. A context manager that
    kills what still runs.
    """

    def __init__(
        self,
        image: BuiltImage,
        data: Path,
        settings: Mapping[str, str],
        folders: Mapping[str, Path] | None = None,
    ) -> None:
        self._image = image
        self._folders = {DATA: data} | dict(folders or {})
        own = dict(one.partition("=")[::2] for one in image.config["Env"])
        self._settings = own | dict(settings)
        self.output: list[str] = []
        self.process: subprocess.Popen[str]
        self._reader: threading.Thread

    def start(self, *arguments: str) -> Self:
        """Run the image's command, with other arguments than its own where some are given."""
        words = [*self._image.config["Entrypoint"], *(arguments or self._image.config["Cmd"])]
        namespaces = ["--mount", "--pid", "--ipc", "--uts", "--fork"]
        folders = [f"{inside}={outside}" for inside, outside in self._folders.items()]
        enter = ["/bin/sh", "-c", _ENTER, "sh", str(self._image.root), *folders, "--"]
        self.process = subprocess.Popen(
            ["unshare", *namespaces, *enter, *self._as_its_user(), *words],
            env={"PATH": os.defpath},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def serving(self) -> Self:
        """Return when the server answers. Raises AssertionError when it ends or does not."""
        until(
            lambda: self._has_said(_STARTED) or self.process.poll() is not None,
            seconds=_SECONDS,
            failure="the server did not start",
        )
        assert self._has_said(_STARTED), "".join(self.output)
        return self

    def wait(self) -> int:
        """Return the exit status."""
        status = self.process.wait(_SECONDS)
        self._reader.join(_SECONDS)
        return status

    def signal(self, name: str) -> None:
        """Send its process 1 a signal, as an engine does."""
        os.kill(self.pid, signal.Signals[name])

    @property
    def pid(self) -> int:
        """Its process 1, by the number it has on this machine."""
        number = self.process.pid
        children = Path(f"/proc/{number}/task/{number}/children").read_text().split()
        return int(children[0])

    def facts(self) -> dict[str, str]:
        """Return what the kernel says of process 1: uids, capabilities and so on."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}

    def run(self, words: Sequence[str]) -> "subprocess.CompletedProcess[str]":
        """Run another command in it, as its user: what a health check is."""
        enter = ["nsenter", "--target", str(self.pid), "--mount", "--pid", "--root"]
        return subprocess.run(
            [*enter, *self._as_its_user(), *words],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            os.kill(self.pid, signal.SIGKILL)  # and with process 1 all of its namespace
        self.wait()

    def _as_its_user(self) -> list[str]:
        user, _, group = self._image.config["User"].partition(":")
        settings = [f"{name}={value}" for name, value in self._settings.items()]
        ids = [f"--reuid={user}", f"--regid={group}", *_FLAGS, _TIED]
        folder = self._image.config["WorkingDir"]
        return ["/usr/bin/setpriv", *ids, "/usr/bin/env", "-i", "-C", folder, *settings]

    def _has_said(self, words: str) -> bool:
        return any(words in line for line in self.output)

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                self.output.append(line)


def health_check(image: BuiltImage) -> list[str]:
    """Return the words of the image's health check."""
    kind, *words = image.config["Healthcheck"]["Test"]
    assert kind == "CMD", shlex.join(words)
    return list(words)
