"""What checkov finds in what is deployed is mended, or waived with a reason and a day."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from deploy.checkov.scanning import FRAMEWORKS, Finding, Report, gather, scan
from deploy.checkov.waivers import Waiver, complaints, read_waivers

WAIVERS = Path(__file__).parent / "waivers.toml"
TODAY = date(2026, 11, 23)
FINDING = Finding("opentofu/main.tf", "CKV_GCP_6", "google_sql_database_instance.a", "TLS")
REASON = "client certificates would be a second secret for each server"
WAIVER = Waiver("CKV_GCP_6", "opentofu/main.tf", REASON, TODAY)
KNOWN = {
    ("known/opentofu/main.tf", "CKV_GCP_29"),  # access by object
    ("known/opentofu/main.tf", "CKV_GCP_114"),  # may be made public
    ("known/kubernetes/pod.yaml", "CKV_K8S_16"),  # privileged
    ("known/kubernetes/pod.yaml", "CKV_K8S_14"),  # an image that changes
    ("known/Dockerfile", "CKV_DOCKER_3"),  # root
    ("known/Dockerfile", "CKV_DOCKER_4"),  # ADD
}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    tree = tmp_path_factory.mktemp("scanned")
    gather(tree)
    return scan(tree)


def test_every_finding_is_mended_or_waived(report: Report) -> None:
    today = datetime.now(UTC).date()

    assert complaints(report.outside("known"), read_waivers(WAIVERS), today=today) == []


def test_known_findings_are_found(report: Report) -> None:
    found = {(one.file, one.check) for one in report.below("known")}

    assert found >= KNOWN


def test_every_framework_looked_at_more_than_what_is_known(report: Report) -> None:
    assert report.unread == ()
    assert set(report.resources) == set(FRAMEWORKS)
    assert report.resources["terraform"] > 20
    assert report.resources["kubernetes"] > 40
    assert report.resources["dockerfile"] == 2


def test_a_waiver_holds_through_its_last_day() -> None:
    assert complaints([FINDING], [WAIVER], today=TODAY) == []


@pytest.mark.parametrize(
    ("findings", "waivers", "complaint"),
    [
        ([FINDING], [], f"{FINDING}: no waiver"),
        ([FINDING], [Waiver("CKV_GCP_6", "other.tf", REASON, TODAY)], f"{FINDING}: no waiver"),
        ([FINDING], [Waiver("CKV_GCP_7", "opentofu/main.tf", REASON, TODAY)], "no waiver"),
        (
            [FINDING],
            [Waiver("CKV_GCP_6", "opentofu/main.tf", REASON, TODAY - timedelta(days=1))],
            "expired on 2026-11-22",
        ),
        (
            [FINDING],
            [Waiver("CKV_GCP_6", "opentofu/main.tf", REASON, TODAY + timedelta(days=400))],
            "holds for more than a year",
        ),
        ([FINDING], [Waiver("CKV_GCP_6", "opentofu/main.tf", "  no  ", TODAY)], "has no reason"),
        ([], [WAIVER], "is not needed any more"),
    ],
)
def test_what_does_not_hold_is_told(
    findings: list[Finding], waivers: list[Waiver], complaint: str
) -> None:
    assert any(complaint in said for said in complaints(findings, waivers, today=TODAY))


def test_a_waiver_without_its_day_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "waivers.toml"
    file.write_text(f'[[waiver]]\ncheck = "CKV_GCP_6"\nfile = "main.tf"\nreason = "{REASON}"\n')

    with pytest.raises(TypeError, match="until"):
        read_waivers(file)
