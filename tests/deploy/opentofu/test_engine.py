"""The process of the stand-ins lasts as long as the tests that share it."""

from pathlib import Path

from deploy.opentofu.engine import OPENTOFU, Engine, copied

from tests.support.waiting import until

COMMANDS = 10


def test_a_command_that_has_ended_leaves_nothing_open(engine: Engine, tmp_path: Path) -> None:
    copy = copied(OPENTOFU / "modules/cloud-armor", tmp_path)
    assert engine.init(copy).ok
    before = open_files(engine)

    for _ in range(COMMANDS):
        assert engine.validate(copy).ok

    until(lambda: open_files(engine) < before + COMMANDS, seconds=20)


def open_files(engine: Engine) -> int:
    return len(list(Path(f"/proc/{engine.pid}/fd").iterdir()))
