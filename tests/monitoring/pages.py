"""The runbook pages of the alerts."""

import re
from pathlib import Path
from typing import Final

from scripts.monitoring.rule_files import alerts

REPOSITORY: Final = Path(__file__).resolve().parents[2]
PAGES: Final = {
    REPOSITORY / alert["annotations"]["runbook_url"]: name for name, alert in alerts().items()
}


def blocks(text: str, language: str) -> list[str]:
    """Return the lines of every block of a language, indented ones too."""
    found = re.findall(rf"^ *```{language}\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)
    return [line.strip() for block in found for line in block.splitlines() if line.strip()]
