"""The verifiers of the how-to, as they stand there, take every good vector and no other."""

import base64
import itertools
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import pytest

REPOSITORY: Final = Path(__file__).resolve().parents[2]
HOW_TO: Final = (REPOSITORY / "docs/how-to/verify-offline.md").read_text()
VECTORS: Final = REPOSITORY / "token/vectors"
NOW: Final = 1_767_000_000
DURING_THE_LEASE: Final = "2025-12-29T09:21:00+00:00"
SPELLED_OTHERWISE: Final = {"in another order, with spaces", "with an escaped letter"}
"""The good license data that the shell refuses, as the how-to says: not in the one spelling."""

Case = dict[str, Any]


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", HOW_TO, re.DOTALL | re.MULTILINE)


def load(kind: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((VECTORS / f"{kind}.json").read_text())
    return document


DATA, TOKEN, DELEGATION = load("license_data"), load("license_token"), load("delegation")
PEMS: Final = {name: key["pem"] for name, key in DATA["keys"].items()}
TRUE_CLAIMS: Final = TOKEN["cases"][0]["claims"]
TRUE_DEVICE: Final = json.loads(DATA["cases"][0]["document"])["hardware_id"]


def expected(cases: list[Case]) -> list[str]:
    return [case["name"] for case in cases if case["expect"] == "valid"]


def data_calls() -> Iterator[dict[str, Any]]:
    """Give what each case of the license data is verified with; what it leaves out is true."""
    for case in DATA["cases"]:
        given = case["parameters"]
        raw = case.get("document_base64")
        moment = datetime.fromisoformat(given.get("now", DURING_THE_LEASE)).astimezone(UTC)
        yield {
            "name": case["name"],
            "document": raw or base64.b64encode(case["document"].encode()).decode(),
            "pems": [PEMS[name] for name in given["roots"]],
            "now": moment.isoformat(timespec="microseconds"),
            "hardware_id": given.get("hardware_id", TRUE_DEVICE),
        }


def token_calls() -> Iterator[dict[str, Any]]:
    """Give what each case of the license token is verified with."""
    for case in TOKEN["cases"]:
        given = case["parameters"]
        claims = case.get("claims", TRUE_CLAIMS)
        now = given.get("now")
        yield {
            "name": case["name"],
            "token": case["token"],
            "delegation": TOKEN["delegations"][given["delegation"]],
            "pems": [PEMS["root"]],
            "now": NOW if now is None else now,
            "leeway": given.get("leeway_seconds", 300),
            "audience": given.get("audience", claims["aud"]),
            "hardware_id": given.get("hardware_id", TRUE_DEVICE),
            **{
                name: given[name]
                for name in ("issuer", "nonce", "tenant_id", "license_id")
                if name in given
            },
        }


def delegation_calls() -> Iterator[dict[str, Any]]:
    """Give what each case of the delegation is verified with; its issuer is compared later."""
    for case in DELEGATION["cases"]:
        given = case["parameters"]
        now = given.get("now")
        if "issuer" not in given:
            yield {
                "name": case["name"],
                "delegation": case["token"],
                "pems": [PEMS[name] for name in given["roots"]],
                "now": NOW if now is None else now,
                "leeway": given.get("leeway_seconds", 300),
            }


CALLS: Final = {
    "data": list(data_calls()),
    "token": list(token_calls()),
    "delegation": list(delegation_calls()),
}
GOOD: Final = {
    "data": expected(DATA["cases"]),
    "token": expected(TOKEN["cases"]),
    "delegation": expected([c for c in DELEGATION["cases"] if "issuer" not in c["parameters"]]),
}


@pytest.fixture(scope="module")
def python() -> SimpleNamespace:
    module: dict[str, Any] = {}
    for block in blocks("python")[:3]:
        exec(compile(block, "verify-offline.md", "exec"), module)
    return SimpleNamespace(**module)


def in_python(module: Any, kind: str, call: dict[str, Any]) -> object:
    options = {name: value for name, value in call.items() if name not in {"name", "pems"}}
    options["roots"] = module.trusted_roots(*(pem.encode() for pem in call["pems"]))
    if kind == "data":
        options["document"] = base64.b64decode(options["document"])
        options["now"] = datetime.fromisoformat(options["now"])
    verify: Callable[..., object] = {
        "data": module.verify_license_data,
        "token": module.verify_license_token,
        "delegation": module.verify_delegation,
    }[kind]
    return verify(**options)


@pytest.mark.parametrize("kind", CALLS)
def test_in_python_the_good_and_no_other_are_taken(python: SimpleNamespace, kind: str) -> None:
    taken = []
    for call in CALLS[kind]:
        try:
            in_python(python, kind, call)
        except python.Refused:
            continue
        taken.append(call["name"])

    assert taken == GOOD[kind]


def test_the_use_in_python_runs(
    python: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    call, data = CALLS["token"][0], CALLS["data"][0]
    given = vars(python) | {
        "root_pem": PEMS["root"].encode(),
        "license_token": call["token"],
        "delegation": call["delegation"],
        "license_data": base64.b64decode(data["document"]),
        "now": datetime.fromisoformat(DURING_THE_LEASE),
    }
    use = blocks("python")[3].replace("device-1", TRUE_DEVICE)

    exec(compile(use, "verify-offline.md", "exec"), given)

    assert capsys.readouterr().out == "enterprise enterprise\n"


DRIVER: Final = """
import * as license from "./license.mjs";
import { readFileSync } from "node:fs";

const calls = JSON.parse(readFileSync(0));
const verify = {
  data: (call, roots) => license.verifyLicenseData(Buffer.from(call.document, "base64"), {
    roots, now: new Date(call.now), hardwareId: call.hardware_id }),
  token: (call, roots) => license.verifyLicenseToken(call.token, call.delegation, {
    ...call, roots, hardwareId: call.hardware_id,
    tenantId: call.tenant_id, licenseId: call.license_id }),
  delegation: (call, roots) => license.verifyDelegation(call.delegation, { ...call, roots }),
};
const taken = {};
for (const [kind, cases] of Object.entries(calls)) {
  taken[kind] = cases.filter((call) => {
    const roots = license.trustedRoots(...call.pems);
    try { return Boolean(verify[kind](call, roots)); } catch (error) {
      if (error instanceof Error) return false;
      throw error;
    }
  }).map((call) => call.name);
}
console.log(JSON.stringify(taken));
"""


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Run a program of JavaScript beside the how-to's module."""
    found = shutil.which("node")
    if found is None:
        pytest.skip("NODE NOT FOUND: the JavaScript of verify-offline.md is not run here")
    folder = tmp_path_factory.mktemp("javascript")
    (folder / "license.mjs").write_text("\n".join(blocks("javascript")[:3]))

    def run(program: str, given: str = "", **files: bytes) -> str:
        (folder / "program.mjs").write_text(program)
        for name, content in files.items():
            (folder / name.replace("_json", ".json").replace("_pem", ".pem")).write_bytes(content)
        done = subprocess.run(
            [found, "program.mjs"],
            cwd=folder,
            input=given,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_in_javascript_the_good_and_no_other_are_taken(node: Callable[..., str]) -> None:
    taken = json.loads(node(DRIVER, json.dumps(CALLS)))

    assert taken == GOOD


def test_the_use_in_javascript_runs_and_refuses_what_ended(node: Callable[..., str]) -> None:
    call, data = CALLS["token"][0], CALLS["data"][0]
    moment = f'new Date("{DURING_THE_LEASE}")'
    use = blocks("javascript")[3].replace("device-1", TRUE_DEVICE)
    use = use.replace("new Date()", moment).replace("Date.now()", f"{moment}.getTime()")
    files = {
        "root_pem": PEMS["root"].encode(),
        "license_data_json": base64.b64decode(data["document"]),
        "answer_json": json.dumps(
            {"license_token": call["token"], "delegation": call["delegation"]}
        ).encode(),
    }

    assert node(use, **files) == "enterprise enterprise\n"
    with pytest.raises(AssertionError, match="refused: the lease has ended"):
        node(use.replace(moment, "new Date()", 1), **files)


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Callable[[dict[str, Any]], bool]:
    """Tell whether the how-to's script takes what a call gives, under one of its roots."""
    if shutil.which("openssl") is None:
        pytest.skip("OPENSSL NOT FOUND: the shell script of verify-offline.md is not run here")
    folder = tmp_path_factory.mktemp("shell")
    script, number = folder / "verify-license-data", itertools.count()
    script.write_text(blocks("sh")[0])
    for name, pem in PEMS.items():
        (folder / f"{name}.pem").write_text(pem)
    names = {pem: name for name, pem in PEMS.items()}

    def takes(call: dict[str, Any]) -> bool:
        document = folder / f"{next(number)}.json"
        document.write_bytes(base64.b64decode(call["document"]))
        return any(
            run(
                "sh",
                script,
                folder / f"{names[pem]}.pem",
                document,
                call["hardware_id"],
                call["now"],
            )
            for pem in call["pems"]
        )

    return takes


def run(*command: str | Path) -> bool:
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, timeout=60, check=False
    )
    verified = done.stdout == "verified\n"
    assert (done.returncode, verified) in {(0, True), (1, False)}, done.stderr
    assert verified or done.stderr.startswith("refused: "), done.stderr
    return verified


def test_in_the_shell_the_good_of_one_spelling_and_no_other_are_taken(
    shell: Callable[[dict[str, Any]], bool],
) -> None:
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        outcomes = pool.map(shell, CALLS["data"])
    taken = [call["name"] for call, taken in zip(CALLS["data"], outcomes, strict=True) if taken]

    assert taken == [name for name in GOOD["data"] if name not in SPELLED_OTHERWISE]


@pytest.mark.skipif(shutil.which("jq") is None, reason="JQ NOT FOUND: its line is not tried here")
def test_the_line_of_jq_is_the_one_spelling(shell: Callable[[dict[str, Any]], bool]) -> None:
    calls = [call for call in CALLS["data"] if call["name"] in SPELLED_OTHERWISE]
    for call in calls:
        answer = b'{"license_data":' + base64.b64decode(call["document"]) + b"}"
        line = subprocess.run(
            ["jq", "-cS", ".license_data"], input=answer, capture_output=True, check=True
        ).stdout

        assert shell({**call, "document": base64.b64encode(line).decode()})
    assert len(calls) == len(SPELLED_OTHERWISE)


def test_the_how_to_has_the_blocks_these_tests_know() -> None:
    counts = {language: len(blocks(language)) for language in ("python", "javascript", "sh")}

    assert counts == {"python": 4, "javascript": 4, "sh": 1}


def test_every_link_leads_to_a_file() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)", HOW_TO)

    assert links
    assert all((REPOSITORY / "docs/how-to" / link).exists() for link in links)
