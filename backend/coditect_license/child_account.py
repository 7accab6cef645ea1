"""Who a child process runs as, for programs that refuse to run as root.

As root there are two ways out. Where ``nobody`` can reach the folder and the program, the folder
is given to ``nobody``. Elsewhere (a data folder of mode 0700, an environment under /root) the child
runs in a user namespace of its own, where root goes by the number of ``nobody`` and has no
privileges, while on the outside its files stay root's.
"""

import os
import pwd
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

_ROOT: Final = 0


@dataclass(frozen=True)
class ChildAccount:
    """An account to run a child process as: another user's, or ours with a command in front."""

    uid: int | None = None
    gid: int | None = None
    command: tuple[str, ...] = ()

    @property
    def popen_options(self) -> Mapping[str, Any]:
        """The arguments of :class:`subprocess.Popen` that drop what this account must not have."""
        if self.uid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": ()}

    def give(self, path: Path) -> None:
        """Make the account the owner of a file or folder."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)


def account_for(folder: Path, *, program: Path) -> ChildAccount:
    """Return the account that runs ``program`` on the files of ``folder``, which exists.

    An empty folder of root's may change its owner; afterwards the owner decides. Unless the caller
    is root it is the caller's own account, whoever owns the folder.
    """
    if os.geteuid() != _ROOT:
        return ChildAccount()
    owner = folder.stat()
    if owner.st_uid != _ROOT:
        return ChildAccount(owner.st_uid, owner.st_gid)
    nobody = pwd.getpwnam("nobody")
    if any(folder.iterdir()) or not (_others_reach(folder) and _others_reach(program)):
        return _in_user_namespace(nobody)
    account = ChildAccount(nobody.pw_uid, nobody.pw_gid)
    account.give(folder)
    return account


def _in_user_namespace(nobody: pwd.struct_passwd) -> ChildAccount:
    return ChildAccount(
        command=(
            "unshare",
            "--user",
            f"--map-user={nobody.pw_uid}",
            f"--map-group={nobody.pw_gid}",
        )
    )


def _others_reach(path: Path) -> bool:
    """Return whether every folder above a path lets strangers pass; does not look at ACLs."""
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in path.resolve().parents)
