"""What exit codes mean; the table is part of --help."""

from typing import Final

from coditect_license_sdk.errors import (
    ClockSuspect,
    ConfigurationError,
    LicenseError,
    ServerBusy,
    ServerFault,
    ServerUnreachable,
    VerificationFailed,
)

OK: Final = 0
REFUSED: Final = 1
USAGE: Final = 2
NETWORK: Final = 3
VERIFICATION: Final = 4
NOT_EXECUTABLE: Final = 126  # as every shell has it
NOT_FOUND: Final = 127
SIGNALED: Final = 128  # plus the number of the signal

TABLE: Final = """\
exit codes:
  0    done
  1    refused: no seat free, license refused, credential refused, lease over
  2    usage or settings
  3    the server cannot be reached, is busy, or answers nonsense
  4    a signature, a file or the clock cannot be trusted
  run  the command's own code; 128 + n when signal n ended it; 126 and 127 as in a shell"""

_CODES: Final = (
    (ConfigurationError, USAGE),
    (ServerUnreachable, NETWORK),
    (ServerBusy, NETWORK),
    (ServerFault, NETWORK),
    (VerificationFailed, VERIFICATION),
    (ClockSuspect, VERIFICATION),
)


def exit_code_of(error: LicenseError) -> int:
    """Give the exit code of an error; what is in no other group was refused."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), REFUSED)
