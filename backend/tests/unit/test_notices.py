"""The board where one process hangs up notices."""

from pathlib import Path

from django.db import transaction

from soft_state.notices import Board, Topic


def test_whoever_listens_is_told_until_he_stops() -> None:
    board, told = Board(), list[str]()
    board.listen(Topic.ISSUERS, lambda: told.append("first"))
    stop = board.listen(Topic.ISSUERS, lambda: told.append("second"))
    board.listen(Topic.KEY_SET, lambda: told.append("another topic"))

    board.deliver(Topic.ISSUERS)
    stop()
    board.deliver(Topic.ISSUERS)

    assert told == ["first", "second", "first"]


def test_a_change_is_announced_when_it_is_committed_and_not_before(db: Path) -> None:
    board, told = Board(), list[str]()
    board.listen(Topic.KEY_SET, lambda: told.append("heard"))
    board.publish = lambda topic, about: told.append(f"{topic.value} {about}")

    with transaction.atomic():
        board.announce(Topic.KEY_SET, about="7")
        assert told == []

    assert told == ["heard", "key_set 7"]


def test_a_change_that_is_rolled_back_is_not_announced(db: Path) -> None:
    board, told = Board(), list[str]()
    board.listen(Topic.LICENSES, lambda: told.append("heard"))

    with transaction.atomic():
        board.announce(Topic.LICENSES, about="7")
        transaction.set_rollback(True)

    assert told == []
