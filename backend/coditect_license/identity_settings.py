"""Whose identity tokens may be believed: the setting that every installation says for itself."""

import re
from typing import Final

from foundation import env

PROJECT: Final = "GOOGLE_PROJECT_ID"

# Source: Google Cloud, "Creating and managing projects"; old ones begin with a domain and a colon.
_PROJECT_ID: Final = re.compile(r"(?:[a-z0-9.-]{1,63}:)?[a-z][a-z0-9-]{4,28}[a-z0-9]")


def google_project() -> str:
    """Return the id of Identity Platform's project, or an empty text where none is named.

    No other variable stands in for it. Raises EnvironmentMistake for what cannot be a project's id:
    its number, for example, which is in no token.
    """
    return project_id(PROJECT)


def project_id(variable: str) -> str:
    """Return the id of a Google Cloud project that a variable names, or an empty text.

    Raises EnvironmentMistake.
    """
    project = env.text(variable, "")
    if project and _PROJECT_ID.fullmatch(project) is None:
        raise env.EnvironmentMistake(f"{variable} must be a project's id, such as acme-prod-4711")
    return project
