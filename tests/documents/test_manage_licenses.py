"""What the how-to says is what happens: its commands are run against a real server, in order."""

import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
from support.server import StartServer

REPOSITORY = Path(__file__).resolve().parents[2]
HOW_TO = (REPOSITORY / "docs/how-to/manage-licenses.md").read_text()
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", HOW_TO, re.MULTILINE | re.DOTALL)
# jq is on few machines; this says what the how-to asks of it: `-r .member` or `.member`.
JQ = """#!{python}
import json, sys
*options, path = [word for word in sys.argv[1:] if not word.endswith(".json")]
files = [word for word in sys.argv[1:] if word.endswith(".json")]
value = json.load(open(files[0]) if files else sys.stdin)[path[1:]]
print(value if options else json.dumps(value))
"""


def test_every_command_of_the_how_to_works(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server()
    (tmp_path / "bin").mkdir()
    jq = tmp_path / "bin" / "jq"
    jq.write_text(JQ.format(python=sys.executable))
    jq.chmod(0o755)
    script = (
        "\n".join(BLOCKS)
        .replace(".local/demo.json", str(server.data_dir / "demo.json"))
        .replace(".venv/bin/python backend/", f"{sys.executable} {REPOSITORY}/backend/")
    )

    done = subprocess.run(
        ["bash", "-eu", "-o", "pipefail", "-c", script],
        cwd=tmp_path,
        env={
            **os.environ,
            "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
            "LICENSE_PROFILE": "embedded",
            "LICENSE_DATA_DIR": str(server.data_dir),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert len(BLOCKS) == 7
    said = done.stdout.splitlines()
    assert said[-1] == "0 expiry notices put into the outbox"
    assert said[-2] == "revoked"
    assert said[-3].startswith("CDT1-")
    token = {"authorization": f"Bearer {server.demo['token']}"}
    query = {"search": "4711", "status": "revoked"}
    listed = httpx.get(f"{server.base_url}/api/v1/licenses/", params=query, headers=token).json()
    (license_,) = listed["results"]
    assert (license_["seats"], license_["tier"]) == (8, "team")
    assert license_["expires_at"] == "2037-12-31T00:00:00.000000+00:00"
