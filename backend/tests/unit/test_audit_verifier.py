"""The verifier of exports: no forgery passes, and of each bug planted in it one forgery tells."""

import inspect
import json
import sys
from dataclasses import replace
from types import ModuleType
from typing import Final, NamedTuple

import pytest

from coditect_license_token import MalformedDocument, audit_chain, audit_export, checkpoint
from coditect_license_token.audit_export import MOST_FINDINGS, verify_export
from coditect_license_token.checkpoint import NoteKey
from tests.support.paper_audit import FORGERIES, NOTARY, Paper, honest, misjudged


class Bug(NamedTuple):
    """What stands in place of what, in which file."""

    module: ModuleType
    right: str
    wrong: str


BUGS: Final = {
    "hashes not compared": Bug(audit_export, "if computed != stated:", "if False:"),
    "the hash computed goes on, not compared": Bug(
        audit_chain, "_ENTRY + before + entry", "_ENTRY + entry"
    ),
    "positions not compared": Bug(audit_export, 'if entry["position"] != place:', "if False:"),
    "tenants not compared": Bug(
        audit_export, 'if entry["tenant_id"] != verdict.tenant_id:', "if False:"
    ),
    "events may come twice": Bug(audit_export, 'if str(entry["id"]) in self._events:', "if False:"),
    "openings not looked at": Bug(
        audit_export, "elif not _opens(opened[name], sealed", "elif False and (sealed"
    ),
    "openings of nothing taken": Bug(
        audit_export, 'for name in opened.keys() - entry["personal"].keys():', "for name in ():"
    ),
    "the value is no part of the commitment": Bug(
        audit_chain,
        '_COMMITMENT + salt + canonical(value).encode("ascii")',
        "_COMMITMENT + salt",
    ),
    "names may be missing": Bug(audit_export, "if subject not in self._recorded:", "if False:"),
    "kept checkpoints not looked at": Bug(audit_export, "for note in kept:", "for note in ():"),
    "longer checkpoints skipped": Bug(audit_export, "if size > verdict.last:", "if False:"),
    "hashes of checkpoints not compared": Bug(
        audit_export, "elif checkpoint.hash != self._hash_at(size):", "elif False:"
    ),
    "origins not compared": Bug(
        audit_export,
        "if checkpoint.origin != verdict.origin:\n            verdict.add(",
        "if False:\n            verdict.add(",
    ),
    "no anchor asked for": Bug(audit_export, "if not is_anchored:", "if False:"),
    "no checkpoint asked for": Bug(
        audit_export,
        "if verdict.last >= verdict.first and verdict.signed_to",
        "if False and verdict.signed_to",
    ),
    "a note is read and not verified": Bug(
        checkpoint, "key.key.verify(text.encode(), signature)", "pass"
    ),
    "any key will do": Bug(
        checkpoint,
        'raise UnknownKey("no trusted key signed the note")',
        "return _read(text)",
    ),
    "a second spelling taken": Bug(audit_chain, "if not is_canonical:", "if False:"),
}


def verifier_with(bug: Bug) -> ModuleType:
    """The verifier, put together anew with one piece of its source replaced."""
    loaded = {}
    for module in (audit_chain, checkpoint, audit_export):
        source = inspect.getsource(module)
        if module is bug.module:
            assert source.count(bug.right) == 1, f"there is no longer once: {bug.right}"
            source = source.replace(bug.right, bug.wrong)
        copy = loaded[module] = ModuleType(f"{module.__name__}_planted")
        sys.modules[copy.__name__] = copy
        exec(compile(source, copy.__name__, "exec"), copy.__dict__)
    planted = loaded[audit_export]
    for part in (loaded[audit_chain], loaded[checkpoint]):
        for name in set(vars(part)) & set(vars(planted)):
            if not name.startswith("_"):
                setattr(planted, name, getattr(part, name))
    return planted


def test_no_forgery_passes_and_nothing_honest_is_refused() -> None:
    assert misjudged(audit_export) == []


@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_is_told_by_a_forgery(name: str) -> None:
    assert misjudged(verifier_with(BUGS[name])) != []


def test_every_kind_of_forgery_is_done() -> None:
    assert len(FORGERIES) == 24


@pytest.mark.parametrize(
    "line",
    ["", "no JSON", "[]", "{}", "NaN", "[" * 100_000, '{"audit_export": 1}', '{"entry": NaN}'],
)
def test_what_cannot_be_read_is_a_finding(line: str) -> None:
    lines = honest().lines()

    for broken in ([line], [line, *lines[1:]], [lines[0], line, *lines[1:]], [*lines, line]):
        verdict = verify_export(broken, keys=NOTARY.keys)
        assert "malformed" in {finding.code for finding in verdict.findings}


@pytest.mark.parametrize("value", [None, 1, True, "", "\N{BULLET}", [], {}, {"a": 1}])
@pytest.mark.parametrize("member", ["entry", "hash", "opened"])
def test_no_member_of_an_entry_of_another_type_raises(member: str, value: object) -> None:
    paper = honest()
    entries = [*paper.entries[:5], {**paper.entries[5], member: value}]
    is_as_it_was = value == paper.entries[5][member]

    verdict = verify_export(replace(paper, entries=entries).lines(), keys=NOTARY.keys)

    assert verdict.is_good is is_as_it_was


@pytest.mark.parametrize("member", sorted(json.loads(honest().entries[0]["entry"])))
@pytest.mark.parametrize("value", [None, -1, "x", [], {"principal": 1}, {"subjects": 1}])
def test_no_value_in_an_entry_raises(member: str, value: object) -> None:
    paper = honest().edited(5, **{member: value})
    is_as_it_was = paper.entries[5] == honest().entries[5]

    assert verify_export(paper.lines(), keys=NOTARY.keys).is_good is is_as_it_was


def test_findings_beyond_the_first_hundred_are_counted() -> None:
    paper = Paper([{**honest().entries[0], "opened": {}}] * (MOST_FINDINGS + 50))

    verdict = verify_export(paper.lines(), keys=NOTARY.keys)

    assert len(verdict.findings) == MOST_FINDINGS
    assert verdict.more_findings > 0


def test_the_text_of_a_key_is_read_back() -> None:
    assert NoteKey.from_text(NOTARY.key.text()) == NOTARY.key


@pytest.mark.parametrize(
    "text",
    [
        *("", "a", "a+b", "a+b+c", "+00000000+AQ=="),
        pytest.param(NOTARY.key.text()[:-4], id="shortened"),
        pytest.param("b" + NOTARY.key.text(), id="lengthened"),
    ],
)
def test_a_key_in_another_form_is_refused(text: str) -> None:
    with pytest.raises(MalformedDocument):
        NoteKey.from_text(text)
