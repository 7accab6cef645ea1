"""The project of Identity Platform is read from one variable, and a wrong one refuses to start."""

import pytest

from coditect_license.identity_settings import google_project
from foundation.env import EnvironmentMistake


def test_seed_it_has_no_default_and_no_stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GOOGLE_PROJECT_ID", raising=False)
    monkeypatch.setenv("GCP_PROJECT_ID", "another-project")
    monkeypatch.setenv("CLOUD_KMS_PROJECT_ID", "a-third-project")

    assert google_project() == ""


@pytest.mark.parametrize("project", ["coditect-citus-prod", "example.com:old-one", "a1234z"])
def test_a_projects_id_is_taken(monkeypatch: pytest.MonkeyPatch, project: str) -> None:
    monkeypatch.setenv("GOOGLE_PROJECT_ID", project)

    assert google_project() == project


@pytest.mark.parametrize(
    "project",
    [
        "104261873201",
        "Coditect",
        "prod ",
        "prod/../other",
        "bad project!",
        "short",
        "a" * 31,
        "a-b-c-",
    ],
)
def test_what_cannot_be_one_refuses_to_start(monkeypatch: pytest.MonkeyPatch, project: str) -> None:
    monkeypatch.setenv("GOOGLE_PROJECT_ID", project)

    with pytest.raises(EnvironmentMistake, match="GOOGLE_PROJECT_ID must be a project's id"):
        google_project()
