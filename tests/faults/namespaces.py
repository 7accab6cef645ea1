"""Mounts and networks that nobody else sees and that end with this process (Linux, root)."""

import ctypes
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final

_NEW_MOUNTS: Final = 0x0002_0000  # CLONE_NEWNS, unshare(2)
_NEW_NETWORK: Final = 0x4000_0000  # CLONE_NEWNET
_NOWHERE: Final = "02:00:00:00:00:01"
"""A link address that no machine has: what is sent to it is lost without a word."""


@cache
def why_none_of_our_own() -> str:
    """Enter namespaces of our own, once; return why that cannot be, or nothing.

    The thread that calls this and whatever it starts from then on see mounts and a network of
    their own, and nothing of them is left when they end.
    """
    if sys.platform != "linux" or os.geteuid() != 0:
        return "only root on Linux may make namespaces"
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_NEW_MOUNTS | _NEW_NETWORK) != 0:
        return f"namespaces are forbidden here: {os.strerror(ctypes.get_errno())}"
    try:
        _run("mount", "--make-rprivate", "/")
        _run("ip", "link", "set", "lo", "up")
    except (OSError, subprocess.CalledProcessError) as error:
        return f"namespaces cannot be used here: {error}"
    return ""


@contextmanager
def small_disk(folder: Path, *, megabytes: int) -> Iterator[None]:
    """Put a file system of a few megabytes on an empty folder."""
    folder.mkdir(exist_ok=True)
    _run("mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0700", "tmpfs", str(folder))
    try:
        yield
    finally:
        _run("umount", "--lazy", str(folder))


class Link:
    """A cable between here and another network; ``ours`` and ``theirs`` are its two addresses."""

    def __init__(self, network: str, number: int) -> None:
        self.ours, self.theirs = f"10.77.{number}.1", f"10.77.{number}.2"
        self._network = network
        self._ends = f"near{number}", f"far{number}"
        near, far = self._ends
        _run("ip", "link", "add", near, "type", "veth", "peer", "name", far, "netns", network)
        _run("ip", "addr", "add", f"{self.ours}/30", "dev", near)
        _run("ip", "link", "set", near, "up")
        self._there("addr", "add", f"{self.theirs}/30", "dev", far)
        self._there("link", "set", far, "up")

    def part(self) -> None:
        """Lose whatever either side sends; neither is told."""
        near, far = self._ends
        lost = ("nud", "permanent")
        _run("ip", "neigh", "replace", self.theirs, "lladdr", _NOWHERE, "dev", near, *lost)
        self._there("neigh", "replace", self.ours, "lladdr", _NOWHERE, "dev", far, *lost)

    def heal(self) -> None:
        near, far = self._ends
        _run("ip", "neigh", "del", self.theirs, "dev", near)
        self._there("neigh", "del", self.ours, "dev", far)

    def _there(self, *words: str) -> None:
        _run("ip", "-n", self._network, *words)


@contextmanager
def other_network(name: str) -> Iterator[list[str]]:
    """Make a network apart from ours; yield the words that run a command in it."""
    _run("ip", "netns", "add", name)
    try:
        _run("ip", "-n", name, "link", "set", "lo", "up")
        yield ["ip", "netns", "exec", name]
    finally:
        _run("ip", "netns", "del", name)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=20)
