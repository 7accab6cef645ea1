"""Megabytes are refused as fast as a bad letter: sizes are looked at before anything is read."""

from collections.abc import Callable
from time import process_time

import pytest

from coditect_license_token import (
    Delegation,
    MalformedDocument,
    Roots,
    open_delegation,
    open_keyset,
    open_license_data,
    open_license_token,
    open_revocations,
)

MEGABYTES = 10_000_000
MOST_CPU_SECONDS = 0.5
TEXTS = {
    "letters": "A" * MEGABYTES,
    "dots": "." * MEGABYTES,
    "three long parts": ".".join(["A" * (MEGABYTES // 3)] * 3),
    "brackets": "[" * MEGABYTES,
    "members in members": '{"a":' * (MEGABYTES // 5),
    "digits": '{"exp":' + "9" * MEGABYTES + "}",
    "a text that never ends": '{"tier":"' + "\\" * MEGABYTES,
    "letters beyond ASCII": "\u0410" * MEGABYTES,
}
Open = Callable[[str], object]


def refused(open_it: Open, document: str) -> None:
    began = process_time()
    with pytest.raises(MalformedDocument):
        open_it(document)
    assert process_time() - began < MOST_CPU_SECONDS


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
@pytest.mark.parametrize(
    "kind", ["license_token", "delegation", "keyset", "revocations", "license_data"]
)
def test_s17_megabytes_are_refused_at_once(
    kind: str, text: str, delegation: Delegation, roots: Roots, now: int
) -> None:
    openers: dict[str, Open] = {
        "license_token": lambda it: open_license_token(it, delegation=delegation, now=now),
        "delegation": lambda it: open_delegation(it, roots=roots, now=now),
        "keyset": lambda it: open_keyset(it, roots=roots, now=now),
        "revocations": lambda it: open_revocations(it, roots=roots, now=now),
        "license_data": lambda it: open_license_data(it, roots=roots),
    }
    refused(openers[kind], text)


@pytest.mark.parametrize(
    "members",
    [
        {f"member {number}": "" for number in range(200_000)},
        dict.fromkeys(("tier", "signature"), "A" * MEGABYTES),
    ],
    ids=["many members", "long members"],
)
def test_s17_an_object_already_parsed_is_refused_at_once(
    members: dict[str, object], roots: Roots
) -> None:
    refused(lambda _: open_license_data(members, roots=roots), "")


@pytest.mark.parametrize("name", ["tier", "signature", "signature_algorithm", "key_id"])
def test_s17_a_member_of_megabytes_is_refused_at_once(name: str, roots: Roots) -> None:
    names = (
        *("license_key", "session_id", "tier", "hardware_id", "key_id"),
        *("signature", "signature_algorithm"),
    )
    times = dict.fromkeys(
        ("expires_at", "signed_at", "lease_expires_at"), "2025-12-29T09:26:00.000000+00:00"
    )
    members = {**dict.fromkeys(names, "AAAA"), **times, name: "A" * MEGABYTES}

    refused(lambda _: open_license_data(members, roots=roots), "")
