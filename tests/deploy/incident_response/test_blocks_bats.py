"""What blocks and restores, by bats."""

from deploy.incident_response.bats import run_bats


def test_blocks_and_restore() -> None:
    run_bats("blocks.bats", expected=25)
