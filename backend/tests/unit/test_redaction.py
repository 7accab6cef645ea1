"""What is taken out of a log line, and what stays."""

import asyncio
import json
import logging
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from foundation.logs import JsonHandler, JsonLines, log_to_standard_output
from foundation.redaction import Redactor
from foundation.request_facts import begin_request
from foundation.request_lines import Exchange
from licenses.license_key import format_key
from signing.errors import SigningUnavailable

KEY = format_key(bytes(range(16)))
OWN = "the-secret/of+this=process"
JWS = "eyJhbGciOiJFZDI1NTE5In0.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl"
PEM = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA\n-----END PRIVATE KEY-----"
SECRETS = [
    KEY,
    KEY.lower(),
    KEY.replace("-", ""),
    OWN,
    JWS,
    JWS.rpartition(".")[0],
    "cdtsa1_0123456789abcdefghjkmnpqrstvwxyz",
    PEM,
    PEM.partition("-----END")[0],
    "alice.b+c@mail.example.com",
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "log"


@pytest.fixture
def logger(file: Path) -> Iterator[logging.Logger]:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT)
    logger = logging.Logger("leasing.test")
    logger.addHandler(JsonHandler(JsonLines(descriptor, Redactor([OWN]))))
    yield logger
    os.close(descriptor)


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("around", ["{}", "before {} after", "'{}'", "key={}&x=1"])
def test_a_secret_is_taken_out_wherever_it_stands(secret: str, around: str) -> None:
    redacted = Redactor([OWN]).text(around.format(secret))

    assert secret not in redacted
    assert "[" in redacted
    for part in secret.replace("-----", ".").split("."):
        assert len(part) < 6 or part == "PRIVATE KEY" or part not in redacted


def test_the_login_of_an_address_is_taken_out_and_its_host_stays() -> None:
    text = "cannot reach postgresql://license:pa55word@10.0.0.3/license"

    assert Redactor().text(text) == "cannot reach postgresql://[login]@10.0.0.3/license"


@pytest.mark.parametrize(
    "text",
    [
        "the root is projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1 now",
        "/api/v1/licenses/sessions/d9cbb7fa-19cb-47f8-8ce1-52e3747a008d/heartbeat/",
        "bearer token refused: a claim is missing",
        "signing with the development key 9P7zB1lGPtiS75sqQ6AFbNI-whUNVnWiURqD1iYM2WA",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert Redactor([OWN]).text(text) == text


def test_secrets_too_short_to_be_any_are_not_looked_for() -> None:
    assert Redactor(["abc", "", None]).text("abc") == "abc"


@pytest.mark.parametrize("path", [f"/x/{KEY}/", f"/x/{JWS}", "/members/a@b.example/"])
def test_a_path_is_redacted_too(file: Path, path: str) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT)
    lines = JsonLines(descriptor)

    async def answer_one() -> None:
        lines.append_request(Exchange("control", "GET", path, 404, 0.0), begin_request(None, None))

    asyncio.run(answer_one())
    lines.flush()
    os.close(descriptor)

    assert "[" in json.loads(file.read_text())["httpRequest"]["requestUrl"]
    assert path.split("/")[2] not in file.read_text()


def test_the_text_of_a_strangers_error_stays_out_and_ours_is_redacted(
    logger: logging.Logger, file: Path
) -> None:
    def fail() -> None:
        try:
            dict[str, str]()["what a caller said"]
        except KeyError as error:
            raise SigningUnavailable(f"no key {KEY}", retry_after_seconds=1) from error

    try:
        fail()
    except SigningUnavailable:
        logger.exception("failed")

    trace = json.loads(file.read_text())["stack_trace"]
    assert "builtins.KeyError\n" in trace
    assert "SigningUnavailable: no key [key]" in trace
    assert KEY not in trace


def test_a_strangers_logger_says_its_sentence_and_not_what_was_put_into_it(
    logger: logging.Logger, file: Path
) -> None:
    for name in ("asyncio", "google.auth"):
        record = logger.makeRecord(name, 40, "f.py", 7, "got %s", ("what a caller said",), None)
        logger.handle(record)
        whole = logger.makeRecord(name, 40, "f.py", 7, "got what a caller said", (), None)
        logger.handle(whole)

    said = [json.loads(line)["message"] for line in file.read_text().splitlines()]
    assert said == ["got %s", "said in f, line 7"] * 2


def test_an_error_that_no_thread_caught_is_a_record_without_its_text(
    capfd: pytest.CaptureFixture[str],
) -> None:
    root, hooks = logging.getLogger(), (threading.excepthook, sys.excepthook)
    handlers, level = root.handlers[:], root.level
    descriptor = os.dup(1)
    try:
        lines = log_to_standard_output({"": "INFO"})
        lines._descriptor = descriptor
        thread = threading.Thread(target=lambda: int("what a caller said"))
        thread.start()
        thread.join()
    finally:
        root.handlers[:], root.level = handlers, level
        threading.excepthook, sys.excepthook = hooks
        os.close(descriptor)

    out, err = capfd.readouterr()
    assert json.loads(out.splitlines()[-1])["severity"] == "CRITICAL"
    assert "builtins.ValueError" in out
    assert "caller said'" not in out + err
