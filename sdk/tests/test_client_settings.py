"""What a client is told before it begins: where, what, and with which credential."""

from collections.abc import Callable
from pathlib import Path

import pytest

from coditect_license_sdk import (
    ConfigurationError,
    LicenseClient,
    NotAuthorized,
    RootsMissing,
)
from coditect_license_sdk.testing import FakeLicenseServer

MakeClient = Callable[..., LicenseClient]


def test_a_bearer_token_is_asked_for_anew_each_time(
    make_client: MakeClient, server: FakeLicenseServer
) -> None:
    asked: list[int] = []

    def source() -> str:
        asked.append(1)
        return f" {server.token}\n"

    with make_client(token=source).acquire():
        pass

    assert len(asked) == 2
    assert {request.authorization for request in server.requests} == {f"Bearer {server.token}"}


def test_a_token_source_that_raises_is_a_typed_error(make_client: MakeClient) -> None:
    def source() -> str:
        raise KeyError("vault")

    with pytest.raises(NotAuthorized, match="KeyError"):
        make_client(token=source).acquire()


@pytest.mark.parametrize("token", ["", " ", "two\nlines", "smuggled\r\nX-Header: 1", "ü"])
def test_a_token_that_is_no_header_is_refused(make_client: MakeClient, token: str) -> None:
    with pytest.raises(NotAuthorized):
        make_client(token=lambda: token).acquire()


def test_a_wrong_key_is_not_authorized(make_client: MakeClient) -> None:
    with pytest.raises(NotAuthorized):
        make_client(license_key="WRONG").acquire()


def test_without_roots_a_client_says_how_to_get_them(server: FakeLicenseServer) -> None:
    with pytest.raises(RootsMissing, match="CODITECT_LICENSE_ROOTS"):
        LicenseClient(server.url, license_key=server.license_key)

    assert server.requests == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"base_url": "ftp://host"},
        {"base_url": "licenses.example"},
        {"base_url": "https://user:secret@host"},
        {"base_url": "https://host?x=1"},
        {"base_url": "https://[broken"},
        {"license_key": "two\nlines"},
        {"license_key": "k" * 257},
        {"instance_id": "x" * 129},
        {"metadata": {"when": object()}},
        {"metadata": {"much": "x" * 5_000}},
        {"license_key": ""},
        {"hardware_id": "x" * 257},
        {"hardware_id": "naïve"},
        {"timeout_seconds": 0},
        {"timeout_seconds": float("nan")},
        {"roots": b"no pem"},
        {"roots": "/no/such/file.pem"},
    ],
)
def test_a_wrong_setting_is_refused_before_anything_is_sent(
    server: FakeLicenseServer, wrong: dict[str, object]
) -> None:
    settings: dict[str, object] = {
        "base_url": server.url,
        "license_key": server.license_key,
        "roots": server.roots,
    }

    with pytest.raises(ConfigurationError):
        LicenseClient(**(settings | wrong))  # type: ignore[arg-type]


def test_settings_come_from_the_environment(
    server: FakeLicenseServer, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    with LicenseClient(clock=server.clock).acquire() as lease:
        assert lease.is_valid()

    assert server.requests[0].body["hardware_id"] == "device-1"


def test_secrets_come_from_files(
    server: FakeLicenseServer,
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("CODITECT_LICENSE_KEY")
    (tmp_path / "key").write_text(f"{server.license_key}\n")
    (tmp_path / "token").write_text(f"{server.token}\n")
    monkeypatch.setenv("CODITECT_LICENSE_KEY_FILE", f"{tmp_path}/key")
    monkeypatch.setenv("CODITECT_LICENSE_TOKEN_FILE", f"{tmp_path}/token")

    with LicenseClient(clock=server.clock).acquire() as lease:
        assert lease.is_valid()

    assert server.requests[0].authorization == f"Bearer {server.token}"
