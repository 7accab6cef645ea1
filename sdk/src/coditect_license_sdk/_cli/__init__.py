"""The command `coditect-license`. Each group of commands is a module; `parser` lists them all."""

from collections.abc import Sequence

from coditect_license_sdk._cli.exits import USAGE, exit_code_of
from coditect_license_sdk._cli.output import Output
from coditect_license_sdk._cli.parser import build_parser
from coditect_license_sdk.errors import LicenseError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code (see `coditect-license --help`).

    Raises SystemExit for --help and for arguments that make no sense.
    """
    parser = build_parser()
    chosen = parser.parse_args(arguments)
    if chosen.command is None:
        parser.print_help()
        return USAGE
    output = Output(as_json=chosen.as_json)
    try:
        return int(chosen.command(chosen, output))
    except LicenseError as error:
        output.fail(error)
        return exit_code_of(error)
    except KeyboardInterrupt:
        return 130
