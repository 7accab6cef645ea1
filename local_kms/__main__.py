"""``python -m local_kms``: serve a local Cloud KMS, or say what shall go wrong in one that runs."""

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import grpc

from foundation import env
from local_kms import names
from local_kms.errors import Refusal
from local_kms.faults import ALL_RPCS, TAMPERINGS, Fault, read_faults, written
from local_kms.folder import DataFolder
from local_kms.habits import Habits
from local_kms.server import AddressBusy, FolderBusy, LocalKms, running_kms

_PORT: Final = 9443
_KEY: Final = (
    "projects/local-kms/locations/us-central1/keyRings/coditect-license-keys"
    "/cryptoKeys/license-signing-key-v1"
)
_GREETING: Final = """\
A local Cloud KMS listens on {address} with the keys in {folder}
(for development: whoever can read the folder has the keys).

The key is {version}
Point the license server at it:

{exports}

To administer keys: GOOGLE_APPLICATION_CREDENTIALS={administrator}
To make calls fail: make kms ARGS="fault --help"
Ctrl-C stops it; keys and accounts stay.
"""


def main(arguments: Sequence[str]) -> int:
    """Do what the command line says; return the exit status, 2 for a mistake in it."""
    asked = _parser().parse_args(arguments)
    try:
        asked.run(asked)
    except (AddressBusy, FolderBusy, Refusal, ValueError, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    return 0


def serve(asked: argparse.Namespace) -> None:
    """Serve until Ctrl-C or SIGTERM."""
    names.crypto_key(asked.key)
    habits = Habits(
        generation_seconds=asked.generation_seconds, disable_seconds=asked.disable_seconds
    )
    stops = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, stops)  # before there are threads to take them
    if not (asked.folder / "projects").exists():
        _say("making the keys of this folder (a few seconds, once)\n")
    with running_kms(asked.folder, port=asked.port, habits=habits) as kms:
        settings = _prepared(kms, asked.key)
        if asked.settings:
            _write_settings(asked.settings, settings)
        _say(_greeting(kms, asked.key, settings, asked.folder))
        signal.sigwait(stops)
    _say("stopped\n")


def set_fault(asked: argparse.Namespace) -> None:
    """Write one fault into the file that the running server follows."""
    folder = DataFolder(asked.folder)
    fault = Fault(
        delay_seconds=asked.delay,
        code=asked.code,
        tamper=asked.tamper,
        after=asked.after,
        every=asked.every,
        times=asked.times,
    )
    faults = {**read_faults(folder.path / "faults.json"), asked.rpc: fault}
    _say(f"in force from the next call on: {folder.write('faults.json', written(faults))}\n")


def heal(asked: argparse.Namespace) -> None:
    """Remove the file of faults."""
    DataFolder(asked.folder).remove("faults.json")
    _say("no faults from the next call on\n")


def _prepared(kms: LocalKms, key: str) -> dict[str, str]:
    """Make the key and who signs with it when they are missing; return a server's settings."""
    kms.ensure_signing_key(key)
    signer = kms.service_account("license-server", project=_project_of(key))
    kms.grant("roles/cloudkms.signerVerifier", on=key, to=signer)
    return {
        "LICENSE_SIGNER": "kms",
        "CLOUD_KMS_KEY_VERSION_NAME": f"{key}/cryptoKeyVersions/1",
        "CLOUD_KMS_ENDPOINT": kms.address,
        "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": str(kms.certificate.file),
        "GOOGLE_APPLICATION_CREDENTIALS": str(signer),
    }


def _greeting(kms: LocalKms, key: str, settings: dict[str, str], folder: Path) -> str:
    """Make an administrator when there is none, and say how to use all this."""
    project = _project_of(key)
    administrator = kms.service_account("key-administrator", project=project)
    for role in ("roles/cloudkms.admin", "roles/cloudkms.publicKeyViewer"):
        kms.grant(role, on=f"projects/{project}", to=administrator)
    return _GREETING.format(
        address=kms.address,
        folder=folder.absolute(),
        version=settings["CLOUD_KMS_KEY_VERSION_NAME"],
        exports="\n".join(f"export {name}={value}" for name, value in settings.items()),
        administrator=administrator,
    )


def _write_settings(file: Path, settings: dict[str, str]) -> None:
    """Write the settings, whole or not at all: whoever waits for the file reads it at once."""
    lines = "".join(f"{name}={value}\n" for name, value in settings.items())
    DataFolder(file.parent).write(file.name, lines.encode())


def _project_of(key: str) -> str:
    return key.split("/")[1]


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local_kms", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="serve | fault | heal")
    _describe_serve(commands.add_parser("serve", help="serve the keys of a folder"))
    _describe_fault(commands.add_parser("fault", help="make calls of a running server fail"))
    healing = commands.add_parser("heal", help="end what `fault` began")
    healing.set_defaults(run=heal)
    for command in commands.choices.values():
        command.add_argument(
            "--folder",
            type=Path,
            default=Path(env.text("LOCAL_KMS_DIR", ".local/kms")),
            help="where keys and accounts are kept (default: LOCAL_KMS_DIR or .local/kms)",
        )
    return parser


def _describe_serve(command: argparse.ArgumentParser) -> None:
    command.set_defaults(run=serve)
    command.add_argument("--port", type=int, default=_PORT, help=f"0 for a free one ({_PORT})")
    command.add_argument(
        "--settings", type=Path, help="a file to write a server's settings to, once it listens"
    )
    command.add_argument("--key", default=_KEY, help="the key to make when it is missing")
    command.add_argument(
        "--generation-seconds", type=float, default=0, help="how long new versions are pending"
    )
    command.add_argument(
        "--disable-seconds", type=float, default=0, help="how long disabled versions still sign"
    )


def _describe_fault(command: argparse.ArgumentParser) -> None:
    command.set_defaults(run=set_fault)
    command.add_argument("rpc", help=f"such as AsymmetricSign; {ALL_RPCS} for all")
    command.add_argument("--delay", type=float, default=0, help="seconds before anything else")
    command.add_argument("--code", choices=sorted(grpc.StatusCode.__members__), help="refuse")
    command.add_argument("--tamper", choices=TAMPERINGS, help="change the answer")
    command.add_argument("--after", action="store_true", help="refuse what has been carried out")
    command.add_argument("--every", type=int, default=1, help="hit each n-th call alone")
    command.add_argument("--times", type=int, help="end after so many hits")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
