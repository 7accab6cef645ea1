"""Log lines: JSON, whole, in order, and never in anybody's way."""

import asyncio
import contextvars
import json
import logging
import os
import resource
import signal
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from foundation.clock import rfc3339, rfc3339_now, utc_now
from foundation.logs import JsonHandler, JsonLines
from foundation.request_facts import begin_request
from foundation.request_lines import Exchange


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "log"


@pytest.fixture
def lines(file: Path) -> Iterator[JsonLines]:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT)
    yield JsonLines(descriptor)
    os.close(descriptor)


def test_lines_wait_for_the_flush_and_keep_their_order(lines: JsonLines, file: Path) -> None:
    is_first = [lines.append({"number": number}) for number in range(3)]
    before = file.read_text()
    lines.flush()

    assert is_first == [True, False, False]
    assert before == ""
    assert [json.loads(line)["number"] for line in file.read_text().splitlines()] == [0, 1, 2]
    assert lines.append({}) is True


def test_many_large_lines_arrive_whole(lines: JsonLines, file: Path) -> None:
    for number in range(300):
        lines.append({"number": number, "fill": "x" * 1_000})
    lines.flush()

    assert len([json.loads(line) for line in file.read_text().splitlines()]) == 300


def test_a_reader_that_went_away_disturbs_nobody() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    lines = JsonLines(writing)

    lines.append({"message": "nobody listens"})
    lines.flush()
    lines.flush()

    os.close(writing)


def test_a_full_disk_fails_nobody_who_has_something_to_say() -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    lines = JsonLines(full)
    logger = logging.Logger("leasing.test")
    logger.addHandler(JsonHandler(lines))

    logger.error("nobody can keep this")
    has_written = lines.write([Exchange("leasing")])

    assert has_written is False
    os.close(full)


def test_after_half_a_line_the_next_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "log"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
    lines = JsonLines(descriptor)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (30, limits[1]))
    try:
        has_written = lines.write([Exchange("x" * 100)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    assert has_written is False
    assert lines.write([Exchange("whole")]) is True

    half, whole = path.read_text().splitlines()
    assert len(half) == 30
    assert json.loads(whole)["plane"] == "whole"
    os.close(descriptor)


def test_a_record_of_the_program_is_one_line_with_its_stack_trace(
    lines: JsonLines, file: Path
) -> None:
    logger = logging.Logger("leasing.test")
    logger.addHandler(JsonHandler(lines))

    try:
        int("two\nlines \x1b[2J")
    except ValueError:
        logger.exception("it\nfailed")

    raw = file.read_text()
    (line,) = [json.loads(one) for one in raw.splitlines()]
    assert (line["severity"], line["logger"]) == ("ERROR", "leasing.test")
    assert line["message"] == "it\nfailed"
    assert line["stack_trace"].endswith("builtins.ValueError")
    assert "in test_a_record_of_the_program" in line["stack_trace"]
    assert "two" not in line["stack_trace"].partition("int(")[0]
    assert raw.count("\n") == 1
    assert "\x1b" not in raw


@pytest.mark.parametrize("character", ["\x9b", "\u2028", "\x85", "\u202e", "\ufffd"])
def test_a_path_cannot_move_the_cursor_of_who_reads_the_log(
    lines: JsonLines, file: Path, character: str
) -> None:
    async def answer_one() -> None:
        exchange = Exchange("leasing", "GET", f"/{character}[2J", 404, 0.0)
        lines.append_request(exchange, begin_request(None, None))

    asyncio.run(answer_one())
    lines.flush()

    assert file.read_text().isascii()
    assert json.loads(file.read_text())["httpRequest"]["requestUrl"].startswith("/\\")


@pytest.mark.parametrize("before", [*range(150, 201, 7), *range(395, 460, 7)])
@pytest.mark.parametrize("token", ["", f"eyJhbGciOi.{'a' * 240}/"])
def test_a_path_is_never_cut_through_a_key(
    lines: JsonLines, file: Path, before: int, token: str
) -> None:
    key = "CDT1-FRQBB-RVXXT-39Y61-C0HZZ-BS3MH-G41NX"

    async def answer_one() -> None:
        path = f"/{token}{'a' * (before - len(token))}/{key}/{'b' * 500}"
        exchange = Exchange("leasing", "GET", path, 404, 0.0)
        lines.append_request(exchange, begin_request(None, None))

    asyncio.run(answer_one())
    lines.flush()

    shown = json.loads(file.read_text())["httpRequest"]["requestUrl"]
    assert "FRQ" not in shown
    assert "CDT1-" not in shown
    assert len(shown) <= 200


def test_a_record_within_a_request_names_it_and_its_trace(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path / "log", os.O_WRONLY | os.O_CREAT)
    logger = logging.Logger("leasing.test")
    logger.addHandler(JsonHandler(JsonLines(descriptor, project="acme-prod-4711")))

    contextvars.Context().run(logger.info, "outside")
    contextvars.Context().run(_say_within_a_request, logger)
    os.close(descriptor)

    outside, within = map(json.loads, (tmp_path / "log").read_text().splitlines())
    assert "request_id" not in outside
    assert within["request_id"] == "0123456789abcdef"
    assert within["logging.googleapis.com/trace"] == f"projects/acme-prod-4711/traces/{'a' * 32}"
    assert within["logging.googleapis.com/spanId"] == "b" * 16
    assert within["logging.googleapis.com/trace_sampled"] is True


def _say_within_a_request(logger: logging.Logger) -> None:
    begin_request(b"0123456789abcdef", f"00-{'a' * 32}-{'b' * 16}-01".encode())
    logger.info("within")


def test_a_severity_that_cloud_logging_does_not_know_is_its_default(
    lines: JsonLines, file: Path
) -> None:
    JsonHandler(lines).handle(logging.LogRecord("leasing", 5, "f.py", 1, "said", (), None))

    assert json.loads(file.read_text())["severity"] == "DEFAULT"


def test_the_present_instant_is_written_as_every_other(lines: JsonLines) -> None:
    before, written, after = utc_now(), rfc3339_now(), utc_now()

    assert before <= datetime.fromisoformat(written) <= after
    assert rfc3339(datetime.fromisoformat(written)) == written
