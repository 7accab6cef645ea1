"""The settings that name a Valkey: what they may say, and what a mistake in them reveals."""

from pathlib import Path

import pytest

from foundation.env import EnvironmentMistake
from soft_state.address import Address, address_if_set, read_address

SECRET = "hunter2-canary"


def read(url: str, *, password: str | None = None, ca_file: str | None = None) -> Address:
    return read_address(url, password=password, ca_file=ca_file)


@pytest.mark.parametrize(
    ("url", "host", "port", "database", "is_tls"),
    [
        ("redis://valkey.internal", "valkey.internal", 6379, 0, False),
        ("rediss://10.0.0.3", "10.0.0.3", 6378, 0, True),
        ("redis://127.0.0.1:7000/5", "127.0.0.1", 7000, 5, False),
        ("rediss://[2001:db8::1]:6380/", "2001:db8::1", 6380, 0, True),
    ],
)
def test_an_address(url: str, host: str, port: int, database: int, *, is_tls: bool) -> None:
    address = read(url)

    assert (address.host, address.port, address.database, address.is_tls) == (
        host,
        port,
        database,
        is_tls,
    )
    assert (address.username, address.password) == (None, None)


def test_user_and_password_of_the_address_are_percent_decoded() -> None:
    address = read("redis://license:p%40ss%2Fword@valkey")

    assert (address.username, address.password) == ("license", "p@ss/word")


def test_the_password_may_come_apart_from_the_address() -> None:
    address = read("redis://license@valkey", password=SECRET)

    assert (address.username, address.password) == ("license", SECRET)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (f"http://u:{SECRET}@valkey", "LICENSE_REDIS_URL must be"),
        (f"valkey:{SECRET}", "LICENSE_REDIS_URL must be"),
        (f"redis://:{SECRET}@", "LICENSE_REDIS_URL must be"),
        (f"redis://:{SECRET}@valkey:0", "LICENSE_REDIS_URL must be"),
        (f"redis://:{SECRET}@valkey:66000", "LICENSE_REDIS_URL must be"),
        (f"redis://:{SECRET}#@valkey:6379", "LICENSE_REDIS_URL"),
        (f"redis://:{SECRET}@valkey/first", "a database that is no number"),
        (f"rediss://:{SECRET}@valkey?ssl_cert_reqs=none", "takes no parameters"),
    ],
)
def test_a_wrong_address_is_refused_without_a_part_of_it(url: str, words: str) -> None:
    with pytest.raises(EnvironmentMistake, match=words) as refused:
        read(url)

    assert SECRET not in str(refused.value)


def test_two_passwords_are_one_too_many() -> None:
    with pytest.raises(EnvironmentMistake, match="keep one"):
        read("redis://:one@valkey", password="other")


def test_without_an_address_there_is_none() -> None:
    assert address_if_set(None, password=None, ca_file=None) is None


@pytest.mark.parametrize("given", [{"password": SECRET}, {"ca_file": "/ca.pem"}])
def test_what_belongs_to_an_address_is_a_mistake_without_one(given: dict[str, str]) -> None:
    settings = {"password": None, "ca_file": None, **given}

    with pytest.raises(EnvironmentMistake, match="LICENSE_REDIS_URL is not") as refused:
        address_if_set(None, **settings)

    assert SECRET not in str(refused.value)


def test_authorities_without_tls_are_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentMistake, match="LICENSE_REDIS_CA_FILE is set, but"):
        read("redis://valkey", ca_file=str(tmp_path))


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_authorities_that_cannot_be_read_are_a_mistake(
    tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(EnvironmentMistake, match="LICENSE_REDIS_CA_FILE: cannot read"):
        read("rediss://valkey", ca_file=str(path))


def test_an_address_shows_no_password() -> None:
    address = read(f"rediss://license:{SECRET}@valkey")

    assert (str(address), repr(address)) == ("rediss://valkey:6378/0",) * 2
