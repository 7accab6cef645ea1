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

export LICENSE_SIGNER=kms
export CLOUD_KMS_KEY_VERSION_NAME={version}
export CLOUD_KMS_ENDPOINT={address}
export GRPC_DEFAULT_SSL_ROOTS_FILE_PATH={certificate}
export GOOGLE_APPLICATION_CREDENTIALS={signer}

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
        _say(_greeting(kms, asked))
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


def _greeting(kms: LocalKms, asked: argparse.Namespace) -> str:
    """Make the key and two accounts when they are missing, and say how to use them."""
    key = kms.ensure_signing_key(asked.key)
    project = key.split("/")[1]
    signer = kms.service_account("license-server", project=project)
    administrator = kms.service_account("key-administrator", project=project)
    kms.grant("roles/cloudkms.signerVerifier", on=key, to=signer)
    for role in ("roles/cloudkms.admin", "roles/cloudkms.publicKeyViewer"):
        kms.grant(role, on=f"projects/{project}", to=administrator)
    return _GREETING.format(
        address=kms.address,
        folder=Path(asked.folder).absolute(),
        version=f"{key}/cryptoKeyVersions/1",
        certificate=kms.certificate.file,
        signer=signer,
        administrator=administrator,
    )


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
