"""What holds for every document: it opens to what was sealed, and nothing else opens."""

import dataclasses
import json
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coditect_license_token import (
    Delegation,
    KeySet,
    LicenseData,
    LicenseToken,
    MalformedDocument,
    Roots,
    TokenError,
    jws,
    open_delegation,
    open_keyset,
    open_license_data,
    open_license_token,
    seal_delegation,
    seal_keyset,
    seal_license_token,
)
from coditect_license_token.testing import InMemorySigner

examples = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
flips = settings(examples, max_examples=250)
texts = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=256)
short_texts = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=9)
counts = st.integers(0, 2**53 - 1)
times = st.datetimes().map(lambda time: f"{time.isoformat(timespec='microseconds')}+00:00")


class Sealed(NamedTuple):
    """A sealed document, how to open it, and what comes out."""

    document: bytes
    open: Callable[[bytes], object]
    opened: object


@pytest.fixture(params=["license_token", "delegation", "keyset", "license_data"])
def sealed(  # noqa: PLR0917  one fixture per key and document
    request: pytest.FixtureRequest,
    claims: LicenseToken,
    delegation: Delegation,
    keyset: KeySet,
    license_data: LicenseData,
    root: InMemorySigner,
    signer: InMemorySigner,
    roots: Roots,
    now: int,
) -> Sealed:
    data = license_data.with_signature(root.sign(license_data.signed_bytes()))
    every = {
        "license_token": Sealed(
            seal_license_token(claims, signer=signer).encode(),
            lambda text: open_license_token(_text(text), delegation=delegation, now=now),
            claims,
        ),
        "delegation": Sealed(
            seal_delegation(delegation, root=root).encode(),
            lambda text: open_delegation(_text(text), roots=roots, now=now),
            delegation,
        ),
        "keyset": Sealed(
            seal_keyset(keyset, root=root).encode(),
            lambda text: open_keyset(_text(text), roots=roots, now=now),
            keyset,
        ),
        "license_data": Sealed(
            json.dumps(data).encode(),
            lambda text: open_license_data(text, roots=roots),
            license_data,
        ),
    }
    chosen: str = request.param
    return every[chosen]


def _text(document: bytes) -> str:
    return document.decode("utf-8", "surrogateescape")


def _refused_or_the_same(sealed: Sealed, document: bytes) -> bool:
    try:
        return sealed.open(document) == sealed.opened
    except TokenError:
        return True


@flips
@given(data=st.data())
def test_a_flipped_bit_never_opens_to_anything_else(sealed: Sealed, data: st.DataObject) -> None:
    document = bytearray(sealed.document)
    position = data.draw(st.integers(0, len(document) - 1), "position")
    document[position] ^= 1 << data.draw(st.integers(0, 7), "bit")
    assert _refused_or_the_same(sealed, bytes(document))


@flips
@given(data=st.data())
def test_a_changed_byte_never_opens_to_anything_else(sealed: Sealed, data: st.DataObject) -> None:
    document = bytearray(sealed.document)
    position = data.draw(st.integers(0, len(document) - 1), "position")
    document[position] = data.draw(st.integers(0, 255), "byte")
    assert _refused_or_the_same(sealed, bytes(document))


@flips
@given(data=st.data())
def test_a_piece_cut_out_or_put_in_never_opens_to_anything_else(
    sealed: Sealed, data: st.DataObject
) -> None:
    document = sealed.document
    start = data.draw(st.integers(0, len(document)), "start")
    end = data.draw(st.integers(start, min(start + 9, len(document))), "end")
    piece = data.draw(st.binary(max_size=9), "piece")
    assert _refused_or_the_same(sealed, document[:start] + piece + document[end:])


@flips
@given(noise=st.binary(max_size=400))
def test_noise_is_refused_and_never_crashes(sealed: Sealed, noise: bytes) -> None:
    with pytest.raises(TokenError):
        sealed.open(noise)


def test_every_single_bit_of_a_token_counts(
    claims: LicenseToken, delegation: Delegation, signer: InMemorySigner, now: int
) -> None:
    token = seal_license_token(claims, signer=signer).encode()
    for position in range(len(token)):
        flipped = bytearray(token)
        flipped[position] ^= 1 << position % 7
        with pytest.raises(TokenError):
            open_license_token(_text(bytes(flipped)), delegation=delegation, now=now)


@examples
@given(
    values=st.fixed_dictionaries(
        {
            "audience": texts,
            "session_id": texts,
            "tenant_id": texts,
            "license_id": texts,
            "tier": texts,
            "entitlements": st.lists(short_texts, max_size=64, unique=True).map(tuple),
            "gen": counts,
            "seq": counts,
            "license_expires_at": times,
            "nonce": st.none() | texts,
        }
    )
)
def test_every_license_token_opens_to_what_was_sealed(
    claims: LicenseToken, delegation: Delegation, signer: InMemorySigner, now: int, values: Any
) -> None:
    sealed_claims = dataclasses.replace(claims, **values)
    token = seal_license_token(sealed_claims, signer=signer)
    assert open_license_token(token, delegation=delegation, now=now) == sealed_claims


@settings(examples, max_examples=15)
@given(
    issuer=texts,
    life=st.integers(2, 86_400),
    tiers=st.lists(short_texts, min_size=1, max_size=20, unique=True).map(tuple),
)
def test_every_delegation_opens_to_what_was_sealed(  # noqa: PLR0917  fixtures and what is drawn
    delegation: Delegation,
    root: InMemorySigner,
    roots: Roots,
    issuer: str,
    life: int,
    tiers: tuple[str, ...],
) -> None:
    begin = delegation.not_before
    wanted = dataclasses.replace(
        delegation,
        issuer=issuer,
        tiers=tiers,
        expires=begin + life,
        max_lease_seconds=life // 2,
    )
    assert open_delegation(seal_delegation(wanted, root=root), roots=roots, now=begin) == wanted


@settings(examples, max_examples=15)
@given(values=st.fixed_dictionaries({"tier": texts, "hardware_id": texts, "expires_at": times}))
def test_all_license_data_opens_to_what_was_sealed(
    license_data: LicenseData, root: InMemorySigner, roots: Roots, values: dict[str, str]
) -> None:
    wanted = dataclasses.replace(license_data, **values)
    document = wanted.with_signature(root.sign(wanted.signed_bytes()))
    assert open_license_data(document, roots=roots) == wanted
    assert open_license_data(json.dumps(document), roots=roots) == wanted


@examples
@given(data=st.data(), name=texts, value=st.none() | st.booleans() | st.integers() | texts)
def test_a_claim_added_removed_or_renamed_is_refused_though_truly_signed(  # noqa: PLR0917
    claims: LicenseToken,
    delegation: Delegation,
    signer: InMemorySigner,
    data: st.DataObject,
    name: str,
    value: object,
) -> None:
    token = seal_license_token(claims, signer=signer)
    payload = json.loads(jws.parse(token).payload)
    victim = data.draw(st.sampled_from(sorted(payload)), "victim")
    less = {member: payload[member] for member in payload if member != victim}
    for spoiled in (less, {**less, name: payload[victim]}, {**payload, name: value}):
        if set(spoiled) not in ({*payload}, {*payload, "nonce"}):
            _assert_malformed(spoiled, delegation, signer)


def _assert_malformed(
    payload: dict[str, object], delegation: Delegation, signer: InMemorySigner
) -> None:
    header = ("lic+jwt", signer.algorithm, signer.key_id)
    signed = jws.signing_input(*header, payload)
    token = jws.attach(signed, signer.sign(signed), signer.algorithm)
    with pytest.raises(MalformedDocument):
        open_license_token(token, delegation=delegation, now=None)


@examples
@given(data=st.data(), name=texts, value=texts)
def test_a_member_added_removed_or_renamed_in_license_data_is_refused(  # noqa: PLR0917
    license_data: LicenseData,
    root: InMemorySigner,
    roots: Roots,
    data: st.DataObject,
    name: str,
    value: str,
) -> None:
    document = license_data.with_signature(root.sign(license_data.signed_bytes()))
    victim = data.draw(st.sampled_from(sorted(document)), "victim")
    less = {member: document[member] for member in document if member != victim}
    for spoiled in (less, {**less, name: document[victim]}, {**document, name: value}):
        if set(spoiled) != set(document):
            with pytest.raises(MalformedDocument):
                open_license_data(spoiled, roots=roots)
