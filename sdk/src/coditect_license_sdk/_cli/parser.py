"""The map of all commands and their arguments."""

import argparse
from typing import TYPE_CHECKING, Final

from coditect_license_sdk._cli import doctor, run, seat, verify, verify_audit
from coditect_license_sdk._cli.exits import TABLE
from coditect_license_sdk._cli.settings import settings_parser

_EPILOG: Final = f"""\
examples:
  coditect-license run -- make simulation      hold a seat while make runs
  coditect-license run --wait 600 -- pytest    wait up to ten minutes for a seat
  coditect-license acquire --json > lease.json && coditect-license verify lease.json
  coditect-license doctor                      what is wrong with this machine

{TABLE}"""


def build_parser() -> argparse.ArgumentParser:
    """Describe the whole command line."""
    parser = argparse.ArgumentParser(
        prog="coditect-license",
        description="Hold a floating license seat from a shell.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(command=None, as_json=False)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    settings = settings_parser()
    for add in (_add_run, _add_seat, _add_verify, _add_doctor):
        add(commands, settings)
    return parser


if TYPE_CHECKING:
    _Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001  has no other name


def _add_run(commands: "_Commands", settings: argparse.ArgumentParser) -> None:
    parser = _command(commands, settings, "run", "hold a seat while a command runs", run.run)
    parser.usage = "coditect-license run [settings] [--wait SECONDS] -- COMMAND [ARGUMENT ...]"
    _add_wait(parser)
    parser.add_argument(
        "--on-lost",
        choices=("warn", "terminate"),
        default="warn",
        help="what to do when the lease is lost while the command runs (warn)",
    )
    parser.add_argument("words", nargs=argparse.REMAINDER, metavar="-- COMMAND")


def _add_seat(commands: "_Commands", settings: argparse.ArgumentParser) -> None:
    words = "take a seat until its lease ends, or release; again renews"
    _add_wait(_command(commands, settings, "acquire", words, seat.acquire))
    words = "show the lease of this device, without asking the server"
    _command(commands, settings, "status", words, seat.status)
    _command(commands, settings, "release", "give back what acquire took", seat.release)


def _add_verify(commands: "_Commands", settings: argparse.ArgumentParser) -> None:
    words = "verify license_data, or license_token with delegation, offline"
    parser = _command(commands, settings, "verify", words, verify.verify)
    parser.add_argument("file", metavar="FILE", help="a JSON file, or - for standard input")
    said = "the answer of GET /api/v1/licenses/keys/, for keys added and revoked since"
    parser.add_argument("--keys", metavar="FILE", help=said)
    words = "verify an export of the audit against checkpoints that you kept, offline"
    parser = _command(commands, settings, "verify-audit", words, verify_audit.verify_audit)
    parser.add_argument("file", metavar="FILE", help="the export, JSON Lines")
    parser.add_argument(
        "--audit-key",
        dest="audit_keys",
        metavar="KEY",
        action="append",
        required=True,
        help="name+hash+key of the checkpoints, as your vendor told you once; may be given again",
    )
    parser.add_argument(
        "--kept",
        metavar="FILE",
        action="append",
        default=[],
        help="a checkpoint that you kept; may be given again",
    )
    words = "show what names this device"
    _command(commands, settings, "hardware-id", words, verify.show_hardware_id)


def _add_doctor(commands: "_Commands", settings: argparse.ArgumentParser) -> None:
    words = "check server, clock, roots, cache, proxy and versions"
    _command(commands, settings, "doctor", words, doctor.doctor)


def _command(
    commands: "_Commands",
    settings: argparse.ArgumentParser,
    name: str,
    words: str,
    function: object,
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=words, description=words, parents=[settings]
    )
    parser.add_argument("--json", dest="as_json", action="store_true", help="for scripts")
    parser.set_defaults(command=function)
    return parser


def _add_wait(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--wait",
        type=float,
        default=0.0,
        metavar="SECONDS",
        help="how long to wait for a free seat (0)",
    )
