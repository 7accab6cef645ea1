"""What observe does, by bats."""

from deploy.incident_response.bats import run_bats


def test_observe() -> None:
    run_bats("observe.bats", expected=16)


def test_the_strategys_script_fails_what_is_expected_of_ours() -> None:
    run_bats("strategy.bats", expected=8)
