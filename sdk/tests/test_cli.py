"""The command line, called as a function."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from coditect_license_sdk._cli import main
from coditect_license_sdk._cli.exits import NETWORK, OK, REFUSED, USAGE, VERIFICATION
from coditect_license_sdk.testing import FakeLicenseServer, Forgery
from coditect_license_token import (
    KeySet,
    KeySetEntry,
    KeyStatus,
    Revocations,
    seal_keyset,
    seal_revocations,
)
from coditect_license_token.testing import InMemorySigner

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def server() -> Iterator[FakeLicenseServer]:
    """The commands live by the machine's clock, so this server does too."""
    with FakeLicenseServer(seats=2) as running:
        yield running


@pytest.fixture
def call(
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Call:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_a_seat_taken_by_one_command_is_shown_and_given_back_by_others(
    call: Call, server: FakeLicenseServer
) -> None:
    assert call("status")[0] == REFUSED

    code, out, _ = call("acquire")
    assert (code, server.seats_in_use) == (OK, 1)
    assert "session id" in out
    assert server.session_ids[0] in out

    code, out, _ = call("status")
    assert (code, "held" in out) == (OK, True)

    assert call("release")[0] == OK
    assert server.seats_in_use == 0
    assert call("status")[0] == REFUSED


def test_a_program_that_comes_and_goes_leaves_the_seat_of_acquire_alone(
    call: Call, server: FakeLicenseServer
) -> None:
    call("acquire")

    assert call("run", "--", "true")[0] == OK

    assert server.seats_in_use == 1
    assert call("status")[0] == OK
    call("release")
    assert server.seats_in_use == 0


def test_acquire_again_renews_the_same_seat(call: Call, server: FakeLicenseServer) -> None:
    first = json.loads(call("acquire", "--json")[1])

    again = json.loads(call("acquire", "--json")[1])

    assert again["session_id"] == first["session_id"]
    call("release")
    assert server.seats_in_use == 0


def test_release_without_a_seat_is_no_error(call: Call) -> None:
    assert call("release")[0] == OK


def test_a_seat_the_server_forgot_is_as_good_as_released(
    call: Call, server: FakeLicenseServer
) -> None:
    call("acquire")
    server.forget_sessions()

    assert call("release")[0] == OK


def test_a_damaged_seat_file_is_as_good_as_none(call: Call, environment: dict[str, str]) -> None:
    file = Path(environment["CODITECT_LICENSE_CACHE"]) / "cli" / "seat.json"
    file.parent.mkdir(parents=True)
    file.write_text('{"session_id": 1, "other": []}')

    assert call("release")[0] == OK
    assert call("acquire")[0] == OK
    assert file.stat().st_mode & 0o777 == 0o600


def test_what_acquire_prints_as_json_verifies(call: Call, tmp_path: Path) -> None:
    lease = tmp_path / "lease.json"
    lease.write_text(call("acquire", "--json")[1])

    code, out, _ = call("verify", str(lease), "--json", "--hardware-id", "device-1")

    assert code == OK
    assert json.loads(out)["verified"] is True
    assert call("verify", str(lease), "--hardware-id", "device-2")[0] == VERIFICATION
    assert call("verify", str(lease), "--audience", "other")[0] == VERIFICATION


@pytest.fixture
def whole_answer(server: FakeLicenseServer) -> dict[str, Any]:
    """What a program without this package gets: both proofs."""
    body = {"license_key": server.license_key, "hardware_id": "device-1"}
    response = httpx.post(f"{server.url}/api/v1/licenses/acquire/", json=body, trust_env=False)
    document: dict[str, Any] = response.json()
    return document


def test_both_kinds_of_proof_verify_alone_and_together(
    call: Call, whole_answer: dict[str, Any], tmp_path: Path
) -> None:
    file = tmp_path / "proof.json"
    for document in (
        whole_answer,
        whole_answer["license_data"],
        {"license_data": whole_answer["license_data"]},
    ):
        file.write_text(json.dumps(document))
        assert call("verify", str(file))[0] == OK


def key_news(server: FakeLicenseServer, *, min_profile: int, revoked: tuple[str, ...]) -> str:
    """Write what a server answers about its keys."""
    now, root = int(server.clock.wall_seconds()), server.mint.root
    common: dict[str, Any] = {
        "issuer": server.issuer,
        "version": 2,
        "issued_at": now - 60,
        "expires_at": now + 3_600,
    }
    entry = KeySetEntry(key=root.public_key, status=KeyStatus.ACTIVE, not_before=1)
    keyset = seal_keyset(KeySet(min_profile=min_profile, entries=(entry,), **common), root=root)
    listed = seal_revocations(Revocations(session_ids=revoked, **common), root=root)
    edition = {"kid": root.key_id, "keyset": keyset, "revocations": listed}
    return json.dumps({"keyset": keyset, "editions": [edition], "links": []})


def test_what_was_revoked_since_verifies_no_more_offline(
    call: Call, whole_answer: dict[str, Any], server: FakeLicenseServer, tmp_path: Path
) -> None:
    proof, statement, keys = (tmp_path / name for name in ("proof", "statement", "keys"))
    proof.write_text(json.dumps(whole_answer))
    statement.write_text(json.dumps(whole_answer["license_data"]))

    def codes(min_profile: int, *revoked: str) -> list[int]:
        keys.write_text(key_news(server, min_profile=min_profile, revoked=revoked))
        return [call("verify", str(file), "--keys", str(keys))[0] for file in (proof, statement)]

    assert codes(1) == [OK, OK]
    assert codes(1, whole_answer["session_id"]) == [VERIFICATION, VERIFICATION]
    assert codes(2) == [VERIFICATION, VERIFICATION]  # license_data counts no more
    keys.write_text('{"keyset": "a.b.c"}')
    assert call("verify", str(proof), "--keys", str(keys))[0] == VERIFICATION


@pytest.mark.parametrize(
    "spoil",
    [
        lambda document: document | {"license_data": document["license_data"] | {"tier": "max"}},
        lambda document: document | {"license_data": None},
        lambda document: document | {"license_token": document["delegation"]},
        lambda document: document | {"delegation": ""},
        lambda _document: {"hello": "world"},
        lambda document: [document],
    ],
)
def test_a_file_that_does_not_hold_is_refused(
    call: Call, whole_answer: dict[str, Any], tmp_path: Path, spoil: Callable[[Any], object]
) -> None:
    file = tmp_path / "proof.json"
    file.write_text(json.dumps(spoil(whole_answer)))

    assert call("verify", str(file))[0] == VERIFICATION


@pytest.mark.parametrize("text", ["", "{", '{"a": 1, "a": 2}', "[" * 50_000])
def test_a_file_that_is_no_json_is_refused(call: Call, tmp_path: Path, text: str) -> None:
    (tmp_path / "file").write_text(text)

    assert call("verify", str(tmp_path / "file"))[0] == VERIFICATION


def test_a_file_that_is_not_there_is_a_mistake_of_usage(call: Call) -> None:
    assert call("verify", "/no/such/file")[0] == USAGE


def test_a_proof_of_another_root_is_refused(
    call: Call, whole_answer: dict[str, Any], tmp_path: Path, other_root: InMemorySigner
) -> None:
    (tmp_path / "other.pem").write_text(other_root.public_key.pem())
    (tmp_path / "proof.json").write_text(json.dumps(whole_answer))

    code, _, err = call(
        "verify", str(tmp_path / "proof.json"), "--roots", str(tmp_path / "other.pem")
    )

    assert (code, "not pinned" in err) == (VERIFICATION, True)


def test_the_device_is_named(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    named = json.loads(call("hardware-id", "--json")[1])
    monkeypatch.delenv("CODITECT_LICENSE_HARDWARE_ID")
    derived = json.loads(call("hardware-id", "--json")[1])

    assert named == {"hardware_id": "device-1", "source": "settings"}
    assert len(derived["hardware_id"]) == 64


def test_exit_codes_tell_refusal_network_and_forgery_apart(
    call: Call, server: FakeLicenseServer
) -> None:
    server.seats = 0
    assert call("acquire")[0] == REFUSED
    server.seats = 2
    server.forge_next(Forgery.NONCE)
    assert call("acquire")[0] == VERIFICATION
    server.forget_sessions()
    with server.unreachable():
        assert call("acquire")[0] == NETWORK
        assert call("acquire", "--url", "nonsense")[0] == USAGE


def test_errors_are_json_too(call: Call, server: FakeLicenseServer) -> None:
    server.seats = 0

    code, out, err = call("acquire", "--json")

    assert (code, json.loads(out)["error"], err) == (REFUSED, "no_seat_available", "")


def test_no_output_ever_holds_the_license_key(call: Call, server: FakeLicenseServer) -> None:
    for command in ("acquire", "status", "doctor", "hardware-id", "release"):
        for more in ((), ("--json",)):
            _, out, err = call(command, *more)
            assert server.license_key not in out + err


def test_the_doctor_finds_the_published_root_pinned(call: Call) -> None:
    code, out, _ = call("doctor", "--json")
    findings = {one["check"]: one["code"] for one in json.loads(out)["findings"]}

    assert code == USAGE
    assert findings.pop("roots") == "configuration"
    assert set(findings.values()) == {None}
    assert {"server", "clock", "key set", "cache", "device", "proxy", "versions"} <= set(findings)


def test_the_doctor_is_content_with_a_well_kept_machine(
    environment: dict[str, str],
    call: Call,
    other_root: InMemorySigner,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    (tmp_path / "other.pem").write_text(other_root.public_key.pem())
    monkeypatch.setenv("CODITECT_LICENSE_ROOTS", str(tmp_path / "other.pem"))
    with FakeLicenseServer(root=other_root) as server:
        monkeypatch.setenv("CODITECT_LICENSE_URL", server.url)

        code, out, _ = call("doctor")

    assert code == OK
    assert "FAIL" not in out


def test_the_doctor_names_what_is_wrong(
    call: Call, server: FakeLicenseServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("CODITECT_LICENSE_CACHE", str(tmp_path / "file" / "cache"))

    with server.unreachable():
        _, out, _ = call("doctor", "--json")

    wrong = {one["check"] for one in json.loads(out)["findings"] if one["code"]}
    assert wrong == {"cache", "roots", "server"}


def test_the_doctor_examines_a_machine_without_any_settings(
    call: Call, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in environment:
        if name.startswith("CODITECT_LICENSE_") and name != "CODITECT_LICENSE_CACHE":
            monkeypatch.delenv(name)

    code, out, _ = call("doctor")

    assert code == USAGE
    assert "CODITECT_LICENSE_ROOTS" in out


@pytest.mark.parametrize("arguments", [(), ("run",), ("run", "--")])
def test_too_little_is_a_mistake_of_usage(call: Call, arguments: tuple[str, ...]) -> None:
    assert call(*arguments)[0] == USAGE


def test_help_shows_examples_and_exit_codes(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--help"])

    text = capsys.readouterr().out
    assert caught.value.code == OK
    assert "examples:" in text
    assert "exit codes:" in text


@pytest.mark.parametrize(
    "command", ["run", "acquire", "status", "release", "verify", "hardware-id", "doctor"]
)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([command, "--help"])

    assert caught.value.code == OK
    assert "--json" in capsys.readouterr().out
