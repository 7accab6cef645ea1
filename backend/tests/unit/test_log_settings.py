"""Which severities are written, by module: what a setting may say, and what it may not."""

import pytest

from coditect_license.log_settings import log_levels, log_project
from foundation.env import EnvironmentMistake


def test_everything_from_info_on_is_written_unless_somebody_says_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("LICENSE_LOG_LEVEL", "LICENSE_LOG_LEVELS"):
        monkeypatch.delenv(name, raising=False)

    assert log_levels() == {"": "INFO"}


def test_each_module_may_have_a_level_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LICENSE_LOG_LEVEL", "warning")
    monkeypatch.setenv(
        "LICENSE_LOG_LEVELS", "leasing.engine=DEBUG, signing = error,django.db.backends=DEBUG"
    )

    assert log_levels() == {
        "": "WARNING",
        "leasing.engine": "DEBUG",
        "signing": "ERROR",
        "django.db.backends": "DEBUG",
    }


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("LICENSE_LOG_LEVEL", "LOUD", "'LOUD' must be one of DEBUG, INFO"),
        ("LICENSE_LOG_LEVEL", "10", "'10' must be one of"),
        ("LICENSE_LOG_LEVELS", "leasing=LOUD", "'LOUD' must be one of"),
        ("LICENSE_LOG_LEVELS", "leasing", "'' must be one of"),
        ("LICENSE_LOG_LEVELS", "DEBUG", "there is no module 'DEBUG'"),
        ("LICENSE_LOG_LEVELS", "leasing.engin=DEBUG", "there is no module 'leasing.engin'"),
        ("LICENSE_LOG_LEVELS", "leasing.engine.x=DEBUG", "there is no module"),
        ("LICENSE_LOG_LEVELS", "../leasing=DEBUG", "there is no module"),
        ("LICENSE_LOG_LEVELS", "leasing..engine=DEBUG", "there is no module"),
        ("LICENSE_LOG_LEVELS", "=DEBUG", "each module once"),
        ("LICENSE_LOG_LEVELS", "leasing=DEBUG,leasing=INFO", "each module once"),
    ],
)
def test_a_wrong_level_is_refused_by_its_name(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, says: str
) -> None:
    monkeypatch.setenv(variable, value)

    with pytest.raises(EnvironmentMistake, match=f"^{variable}: ") as refused:
        log_levels()

    assert says in str(refused.value)


def test_the_project_of_the_traces_is_a_projects_id(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LICENSE_LOG_PROJECT", "acme-prod-4711")
    assert log_project() == "acme-prod-4711"

    monkeypatch.setenv("LICENSE_LOG_PROJECT", "x/traces/forged")
    with pytest.raises(EnvironmentMistake, match="LICENSE_LOG_PROJECT must be a project's id"):
        log_project()
