"""What must be so before any test module is read.

``tests`` is one name for two folders, backend/tests and what crosses packages in tests/. Imported
here, before pytest comes to either of them, it is the namespace of both; else it would be the
folder of whichever conftest.py happens to be read first.

gRPC must leave forks alone. Tests run servers and clients of gRPC and start children in between;
with gRPC's fork handlers 71 of 2,580 such children lost file descriptors or crashed before
their program began, without them none of 9,600. The setting is read when gRPC is first used.
"""

import os

import tests  # noqa: F401

os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "0"  # noqa: TID251  gRPC reads no other setting
