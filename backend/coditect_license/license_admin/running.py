"""Running a deed: its answer written, its errors as one line and an exit status."""

import argparse
from typing import Final, TextIO

from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, connections

from coditect_license.backups import errors as backups
from coditect_license.license_admin import output
from coditect_license.license_admin.commands import Call
from coditect_license.license_admin.errors import AdminError, NotConfirmed, NotFound
from coditect_license.license_admin.login import operator
from coditect_license.problems import PROBLEMS
from foundation.clock import utc_now
from identity.errors import ApiTokenUnknown, MembershipError, UnusableIssuer
from leasing.errors import LeasingError, LicenseUnknown, SessionUnknown
from licenses.errors import MessageUnknown
from licenses.rules import PolicyMistake
from privacy.errors import NobodyKnown, PrivacyError
from signing.errors import SigningError
from tenants.errors import TenantsError

_REFUSALS: Final = (
    AdminError,
    backups.BackupFailed,
    MembershipError,
    PrivacyError,
    UnusableIssuer,
    LeasingError,
    PolicyMistake,
    SigningError,
    TenantsError,
)
_UNKNOWN: Final = (SessionUnknown, ApiTokenUnknown, LicenseUnknown, MessageUnknown, NobodyKnown)


def run(asked: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Do what was asked for and return the exit status."""
    call = Call(asked, operator(), utc_now, lambda line: _tell(err, line))
    try:
        output.write(asked.deed(call), out, as_json=asked.json)
        if asked.dry_run:
            call.say("dry run: nothing was changed")
    except _REFUSALS as refusal:
        return _refuse(err, str(refusal), _status(refusal))
    except ValidationError as refusal:
        return _refuse(err, _fields(refusal), 1)
    except IntegrityError:
        return _refuse(err, "something of that name is there already", 1)
    except DatabaseError as failure:
        return _refuse(err, f"the database refused: {str(failure).strip()}", 1)
    except Exception as refusal:
        if type(refusal) not in PROBLEMS:  # it has a row for each refusal of a room
            raise
        return _refuse(err, str(refusal), _status(refusal))
    finally:
        connections.close_all()
    return 0


def _status(refusal: Exception) -> int:
    if isinstance(refusal, backups.NotConfirmed):
        return NotConfirmed.status
    if isinstance(refusal, _UNKNOWN):
        return NotFound.status
    return refusal.status if isinstance(refusal, AdminError) else AdminError.status


def _fields(refusal: ValidationError) -> str:
    """Return what is wrong with which field, in one line."""
    if not hasattr(refusal, "error_dict"):
        return " ".join(refusal.messages)
    return "; ".join(f"{name}: {' '.join(told)}" for name, told in refusal.message_dict.items())


def _refuse(err: TextIO, message: str, status: int) -> int:
    _tell(err, f"error: {message.partition(chr(10))[0]}")
    return status


def _tell(err: TextIO, line: str) -> None:
    err.write(f"{line}\n")
    err.flush()
