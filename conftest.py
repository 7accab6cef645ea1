"""What must be so before any test module is read.

``tests`` is one name for two folders, backend/tests and what crosses packages in tests/. Imported
here, before pytest comes to either of them, it is the namespace of both; else it would be the
folder of whichever conftest.py happens to be read first.

gRPC must leave forks alone. Tests run servers and clients of gRPC and start children in between;
with gRPC's fork handlers 71 of 2,580 such children lost file descriptors or crashed before
their program began, without them none of 9,600. The setting is read when gRPC is first used.

No process has more than the 1,024 open files that most shells allow: what forgets to close them is
noticed on machines that allow more.
"""

import os
import resource

import tests  # noqa: F401

os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "0"  # noqa: TID251  gRPC reads no other setting

_USUAL = 1_024
_soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
if _soft == resource.RLIM_INFINITY or _soft > _USUAL:
    resource.setrlimit(resource.RLIMIT_NOFILE, (_USUAL, _hard))
