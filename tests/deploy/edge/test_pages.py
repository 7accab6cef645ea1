"""The pages about the edge say what it does, and its unit starts what its files are."""

import re
from configparser import ConfigParser
from pathlib import Path
from typing import Final

from deploy.edge.edges import skip_without_packages
from support.server import REPOSITORY

from scripts.edge.asked import parsed
from scripts.edge.configuration import EDGE, RULE_FILES, write
from scripts.edge.packages import Packages
from scripts.edge.problems import PROBLEMS
from scripts.edge.wishes import Wishes

HOW_TO: Final = REPOSITORY / "docs/how-to/run-the-edge.md"
WORD: Final = re.compile(r"`(--[a-z-]+)`")


def test_each_answer_of_the_edge_is_in_its_table() -> None:
    rows = [
        line.split("|")[1] for line in (EDGE / "README.md").read_text().splitlines() if "|" in line
    ]
    shown = {(int(status), code) for row in rows for status, code in answers_in(row)}

    # 405, 408 and 500 are as the server's own.
    made = {(one.status, one.code) for one in PROBLEMS if one.status not in {405, 408, 500}}
    assert shown == made


def answers_in(cell: str) -> list[tuple[str, str]]:
    """Return the statuses and the code of a row such as ``502, 504 `code`, `Retry-After```."""
    code = re.search(r"`([a-z_]+)`", cell)
    return [(status, code[1]) for status in re.findall(r"\b\d{3}\b", cell)] if code else []


def test_each_option_of_the_page_is_taken() -> None:
    asked = vars(parsed(["write", "--into", "/x", "--server-name", "x.example"]))

    named = {word for word in WORD.findall(HOW_TO.read_text()) if word != "--help"}
    assert {word[2:].replace("-", "_") for word in named} <= asked.keys()
    assert (asked["tls"], asked["waf"], asked["seats"]) == ("1.3", "on", 500)
    assert asked["upstream_idle_seconds"] == 600


def test_the_unit_runs_what_write_makes() -> None:
    unit = ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read(EDGE / "license-edge.service")

    service = unit["Service"]
    assert service["ExecStart"].startswith(
        "/usr/sbin/nginx -e stderr -c /etc/license-edge/nginx.conf"
    )
    assert "daemon off;" in service["ExecStart"]
    assert service["ReadWritePaths"].split() == ["/etc/license-edge", "/var/log/license-edge"]
    assert vars(parsed(["write", "--into", "/x", "--server-name", "x"]))["logs"] == Path(
        "/var/log/license-edge"
    )


def test_every_rule_is_copied_without_what_quotes(tmp_path: Path) -> None:
    skip_without_packages()
    wishes = Wishes(
        folder=tmp_path,
        logs=tmp_path / "logs",
        listen="127.0.0.1:8443",
        upstream="127.0.0.1:8000",
        certificate=tmp_path / "certificate.pem",
        certificate_key=tmp_path / "key.pem",
    )
    write(wishes, Packages.found())

    copies = sorted((tmp_path / "rules").glob("*.conf"))
    text = "".join(copy.read_text() for copy in copies)
    assert len(copies) == len(RULE_FILES)
    assert not re.search(r"(?m)^\s*(?:block,|logdata:|ctl:auditLogParts)", text)
    assert text.count("setvar:'tx.matched=") >= 150  # every rule that counts
