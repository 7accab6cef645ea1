"""The journal, the pager, the seal and the steps, each by itself."""

import io
import json
import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from deploy.incident_response.pagers import KEY, running_pagerduty

from license_incident import blocks, seal, settings
from license_incident.errors import Busy, Refused
from license_incident.journal import Entry, Journal, locked, private_folder
from license_incident.paging import PageFailed, Pager
from license_incident.steps import Abandoned, Run, Step, StepFailed, command, run
from license_incident.tiers import Incident


def test_a_page_has_the_form_of_the_events_api() -> None:
    with running_pagerduty() as desk:
        Pager(desk.url, KEY).trigger("inc-1", "x" * 2_000, {"tier": "observe"})
        Pager(desk.url, KEY).resolve("inc-1")

    trigger, resolve = desk.events
    assert (trigger["routing_key"], trigger["dedup_key"]) == (KEY, "inc-1")
    assert (trigger["event_action"], resolve["event_action"]) == ("trigger", "resolve")
    payload = trigger["payload"]
    assert (payload["severity"], payload["component"]) == ("critical", "license-api")
    assert len(payload["summary"]) == 1_024
    assert payload["source"]
    assert resolve["dedup_key"] == "inc-1"


def test_a_page_is_tried_again_when_pagerduty_is_busy() -> None:
    with running_pagerduty() as desk:
        desk.answers = [503, 429]
        assert Pager(desk.url, KEY).resolve("inc-1").startswith("202")

    assert len(desk.events) == 3


def test_a_page_that_is_refused_is_not_repeated_and_tells_no_key() -> None:
    with running_pagerduty() as desk:
        desk.answers = [400]
        with pytest.raises(PageFailed) as refused:
            Pager(desk.url, KEY).resolve("inc-1")

    assert len(desk.events) == 1
    assert KEY not in str(refused.value)


def test_the_key_follows_no_redirect() -> None:
    with running_pagerduty() as desk:
        desk.answers = [307]
        with pytest.raises(PageFailed, match="307"):
            Pager(desk.url, KEY).resolve("inc-1")

    assert len(desk.events) == 1


def test_without_a_key_nobody_is_asked() -> None:
    with running_pagerduty() as desk, pytest.raises(PageFailed, match="PAGERDUTY_KEY_FILE"):
        Pager(desk.url, "").resolve("inc-1")

    assert desk.events == []


@pytest.mark.parametrize("url", ["http://events.example/v2", "ftp://127.0.0.1/", "file:///etc/x"])
def test_the_pager_is_reached_with_tls_or_on_this_machine(url: str) -> None:
    with pytest.raises(Refused):
        settings.pagerduty_url({"PAGERDUTY_URL": url})
    assert settings.pagerduty_url({}) == "https://events.pagerduty.com/v2/enqueue"


def test_a_secret_comes_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{KEY}\n")

    assert settings.secret("K", {"K_FILE": str(tmp_path / "key"), "K": "other"}) == KEY
    with pytest.raises(Refused, match="K_FILE"):
        settings.secret("K", {"K_FILE": str(tmp_path / "none")})


def test_the_journal_is_private_and_keeps_no_secret(tmp_path: Path) -> None:
    journal = Journal(tmp_path, secrets=(KEY,))

    journal.write(
        Entry(step="page", result="ok", tier="observe", output=f"a {KEY} b", command=[KEY])
    )

    path = tmp_path / "journal.jsonl"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert KEY not in path.read_text()
    (entry,) = journal.entries()
    assert entry["output"] == "a [redacted] b"
    assert entry["at"].endswith("+00:00")


def test_a_line_that_a_crash_cut_off_is_no_entry(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.write(Entry(step="one", result="ok", tier="observe"))
    with (tmp_path / "journal.jsonl").open("a") as file:
        file.write('{"step": "tw')

    assert [entry["step"] for entry in journal.entries()] == ["one"]


def test_a_folder_of_others_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with pytest.raises(Refused):
        private_folder(tmp_path)


def test_an_incident_is_held_by_one_run(tmp_path: Path) -> None:
    with locked(tmp_path), pytest.raises(Busy), locked(tmp_path):
        pass
    with locked(tmp_path):
        pass


def test_what_was_sealed_is_verified_and_what_was_changed_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.txt").write_text("b")
    mark = seal.seal(tmp_path)
    assert seal.findings(tmp_path, mark) == []

    tmp_path.chmod(0o700)
    (tmp_path / "a.txt").chmod(0o600)
    (tmp_path / "a.txt").write_text("A")
    (tmp_path / "c.txt").symlink_to("a.txt")

    assert seal.findings(tmp_path, mark) == ["added: c.txt", "changed: a.txt"]
    assert seal.findings(tmp_path, "0" * 64)[0] == "the list is not the one that was sealed"


def test_a_folder_without_a_seal_is_not_as_it_was_sealed(tmp_path: Path) -> None:
    assert len(seal.findings(tmp_path)) == 1


def test_a_command_that_hangs_is_ended_with_all_it_started() -> None:
    words = ["sh", "-c", "sleep 600 & echo $!; wait"]
    with pytest.raises(StepFailed, match="was ended"):
        run(words, seconds=0.2)


def test_a_command_writes_a_new_private_file(tmp_path: Path) -> None:
    run(["echo", "here"], seconds=10, to=tmp_path / "out.txt")

    assert (tmp_path / "out.txt").read_text() == "here\n"
    assert stat.S_IMODE((tmp_path / "out.txt").stat().st_mode) == 0o600
    with pytest.raises(OSError, match="exists"):
        run(["echo", "again"], seconds=10, to=tmp_path / "out.txt")


def failing(error: Exception) -> Step:
    def act() -> str:
        raise error

    return Step(name="bad", shows=[], act=act)


def test_whatever_a_step_raises_the_next_is_taken(tmp_path: Path) -> None:
    journal, out = Journal(tmp_path), io.StringIO()
    steps = [failing(StepFailed("no")), failing(KeyError("x")), command("good", ["true"])]

    assert Run("observe", journal, out, is_dry=False).take(steps) == 2
    assert [entry["result"] for entry in journal.entries()] == ["failed", "failed", "ok"]


def test_a_mistaken_run_skips_the_rest_and_says_so(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    steps = [failing(Abandoned("no such tenant")), command("block", ["true"])]

    assert Run("block", journal, io.StringIO(), is_dry=False).take(steps) == 1
    assert [entry["result"] for entry in journal.entries()] == ["failed", "skipped"]


def test_an_interrupted_step_is_written_down(tmp_path: Path) -> None:
    journal = Journal(tmp_path)

    def act() -> str:
        raise SystemExit(143)

    with pytest.raises(SystemExit):
        Run("block", journal, io.StringIO(), is_dry=False).take([Step(name="s", shows=[], act=act)])
    assert journal.entries()[-1]["result"] == "interrupted"


def test_a_journal_that_cannot_be_written_stops_no_block(tmp_path: Path) -> None:
    done: list[str] = []

    def act() -> str:
        done.append("yes")
        return ""

    step = Step(name="block", shows=[], act=act, undo={"kind": "all"})

    failed = Run("b", Journal(tmp_path / "none"), io.StringIO(), is_dry=False).take([step])

    assert done == ["yes"]
    assert failed == 2  # neither the intent nor the result is on disk, and the status says so


def test_what_stands_is_what_was_begun_and_not_taken_back(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    for tier, result, tenant in (
        ("block-tenant", "begun", "acme"),
        ("block-tenant", "ok", "acme"),
        ("block-tenant", "begun", "globex"),
        ("block-tenant", "skipped", "initech"),
        ("restore", "begun", "acme"),
        ("restore", "ok", "acme"),
        ("restore", "failed", "globex"),
    ):
        undo = {"kind": "tenant", "tenant": tenant}
        journal.write(Entry(step="s", result=result, tier=tier, undo=undo))

    assert [one["tenant"] for one in blocks.standing(journal.entries())] == ["globex"]


def test_the_settings_name_what_the_product_names() -> None:
    place = settings.from_environment({"LICENSE_INCIDENT_PROJECT": "other"})

    assert (place.project, place.policy) == ("other", "license-api-security-policy")
    assert place.sql_instance == "coditect-license-db"
    assert json.dumps(list(place.own_ranges)) == "[]"
    assert os.fspath(place.folder).endswith("license-incident")


def test_two_runs_within_a_second_have_a_folder_of_evidence_each(tmp_path: Path) -> None:
    journal, pager = Journal(tmp_path), Pager("", "")
    runs = [
        Incident(
            id="inc-1",
            settings=settings.Settings(),
            pager=pager,
            journal=journal,
            now=datetime(2026, 1, 1, microsecond=part, tzinfo=UTC),
        )
        for part in (1, 2)
    ]

    assert len({run.evidence for run in runs}) == 2
