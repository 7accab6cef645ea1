"""Puts the token package into the SDK's wheel, so a program installs one thing.

An editable install links both packages instead, so nothing is copied there.
"""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CarryTheToken(BuildHookInterface[Any]):
    """Adds ``coditect_license_token`` from the folder beside this one."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Include the token package in everything but an editable wheel."""
        if version == "editable":
            return
        token = Path(self.root).parent / "token" / "src" / "coditect_license_token"
        build_data["force_include"][str(token)] = "coditect_license_token"
