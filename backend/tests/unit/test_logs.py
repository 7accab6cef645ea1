"""Log lines: JSON, whole, in order, and never in anybody's way."""

import asyncio
import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from foundation.logs import JsonHandler, JsonLines


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
        lines.append_request(
            plane="leasing",
            request_id="1",
            method="GET",
            path=f"/{character}[2J",
            status=404,
            seconds=0.0,
        )

    asyncio.run(answer_one())
    lines.flush()

    assert file.read_text().isascii()
    assert json.loads(file.read_text())["path"].startswith("/\\")
