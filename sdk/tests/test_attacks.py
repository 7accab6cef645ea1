"""Every attack on every kind of document, at every place where the SDK believes one."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.doors import ACCEPTED, Door, opened_by_attacks, readers
from vectors import documents
from vectors.forge import OTHER_ROOT, ROOT
from vectors.kinds import KINDS

import coditect_license_sdk
import coditect_license_token
from coditect_license_sdk import Roots, RootUnknown, VerificationFailed
from coditect_license_sdk._cli import main
from coditect_license_sdk._cli.exits import OK, VERIFICATION
from coditect_license_sdk._trust import Edition, KeyNews, Trust
from coditect_license_sdk._verify import (
    Expected,
    Proof,
    open_fresh_proof,
    open_kept_proof,
    open_statement,
)
from coditect_license_token import KeySet, KeySetEntry, KeyStatus, PublicKey, seal_keyset

SOURCE = Path(coditect_license_sdk.__file__).parent
ROOTS = Roots([ROOT.public_key])
EXPECTED = Expected(
    hardware_id=documents.HARDWARE_ID, audience=documents.AUDIENCE, issuer=documents.ISSUER
)
WITH_NONCE = {**documents.LICENSE_TOKEN, "nonce": "n-1"}
LASTING = {**documents.LICENSE_DATA, "lease_expires_at": "2999-12-29T09:26:00.000000+00:00"}
REFUSALS = frozenset({"VerificationFailed", "RootUnknown"})
# The SDK's fake server for tests plays the real one.
NOT_THE_CUSTOMERS = frozenset(
    {"_testing/desk.py:open_delegation", "_testing/desk.py:open_license_token"}
)


def _text(document: bytes) -> str:
    return document.decode("utf-8", "surrogateescape")


def _outcome(open_it: Any) -> str:
    try:
        open_it()
    except (VerificationFailed, RootUnknown) as refusal:
        return type(refusal).__name__
    return ACCEPTED


def _kept(token: bytes, delegation: bytes) -> str:
    proof = Proof(_text(token), _text(delegation))
    return _outcome(
        lambda: open_kept_proof(proof, roots=ROOTS, expected=EXPECTED, now=documents.NOW)
    )


def _fresh(token: bytes, delegation: bytes) -> str:
    proof = Proof(_text(token), _text(delegation))
    return _outcome(lambda: open_fresh_proof(proof, roots=ROOTS, expected=EXPECTED, nonce="n-1"))


def _absorb(*links: bytes, keyset: bytes, revocations: bytes | None = None) -> str:
    trust = Trust(ROOTS)
    listed = None if revocations is None else _text(revocations)
    edition = Edition(keyset=_text(keyset), revocations=listed)
    news = KeyNews(editions=(edition,), links=tuple(map(_text, links)))
    outcome = _outcome(lambda: trust.absorb(news, now=documents.NOW))
    unmoved = (trust.version, trust.news, list(trust.roots)) == (0, None, list(ROOTS))
    return outcome if unmoved or outcome == ACCEPTED else f"{outcome}, and yet believed"


def _verify_file(folder: Path, document: bytes) -> str:
    roots, file = folder / "roots.pem", folder / "license.json"
    roots.write_text(ROOT.public_key.pem())
    file.write_bytes(document)
    code = main(["verify", str(file), "--roots", str(roots)])
    return {OK: ACCEPTED, VERIFICATION: "VerificationFailed"}.get(code, f"exit {code}")


TOKEN, DELEGATION = KINDS["license_token"].document(), KINDS["delegation"].document()
KEY_SET = KINDS["keyset"].document()
SUCCESSORS = KINDS["keyset"].document(None, OTHER_ROOT)
NEW_TOKEN = KINDS["license_token"].document(WITH_NONCE)
_VERIFIED = frozenset({"_verify.py:open_license_token", "_verify.py:open_delegation"})


def _doors(folder: Path) -> dict[str, Door]:
    return {
        "the token of a kept proof": Door(
            kind="license_token",
            present=lambda token: _kept(token, DELEGATION),
            refusals=REFUSALS,
            through=_VERIFIED,
        ),
        "the delegation of a kept proof": Door(
            kind="delegation",
            present=lambda delegation: _kept(TOKEN, delegation),
            refusals=REFUSALS,
            through=_VERIFIED,
        ),
        "the token of a fresh proof": Door(
            kind="license_token",
            present=lambda token: _fresh(token, DELEGATION),
            refusals=REFUSALS,
            through=_VERIFIED,
            claims=WITH_NONCE,
        ),
        "the delegation of a fresh proof": Door(
            kind="delegation",
            present=lambda delegation: _fresh(NEW_TOKEN, delegation),
            refusals=REFUSALS,
            through=_VERIFIED,
        ),
        "the key set": Door(
            kind="keyset",
            present=lambda keyset: _absorb(keyset=keyset),
            refusals=REFUSALS,
            through=frozenset({"_trust.py:open_keyset"}),
        ),
        "a link from a pinned root": Door(
            kind="keyset",
            present=lambda link: _absorb(link, keyset=SUCCESSORS),
            refusals=REFUSALS,
            through=frozenset({"_trust.py:follow_links"}),
        ),
        "the revocation list": Door(
            kind="revocations",
            present=lambda revocations: _absorb(keyset=KEY_SET, revocations=revocations),
            refusals=REFUSALS,
            through=frozenset({"_trust.py:open_revocations"}),
        ),
        "a file of license_data": Door(
            kind="license_data",
            present=lambda document: _verify_file(folder, document),
            refusals=REFUSALS,
            through=frozenset({"_verify.py:open_license_data"}),
            claims=LASTING,
            harmless=frozenset({"9,000 spaces behind it"}),  # a file holds more than a document
        ),
    }


@pytest.mark.parametrize("place", _doors(Path()))
def test_every_attack_is_refused_and_the_good_document_is_not(place: str, tmp_path: Path) -> None:
    assert opened_by_attacks(_doors(tmp_path)[place]) == []


def test_every_place_that_reads_a_document_is_attacked() -> None:
    attacked = {reader for door in _doors(Path()).values() for reader in door.through}

    assert readers(SOURCE) - NOT_THE_CUSTOMERS == attacked


def test_every_kind_that_the_token_package_opens_is_attacked() -> None:
    opened = {
        name.removeprefix("open_")
        for name in coditect_license_token.__all__
        if name.startswith("open_")
    }

    assert {door.kind for door in _doors(Path()).values()} == opened
    assert opened <= set(KINDS)


WRONG = {
    "another issuer": {"iss": "https://licenses.example.test.evil.test"},
    "another audience": {"aud": documents.AUDIENCE.upper()},
    "another device": {"hwb": "AAAAAAAAAAAAAAAAAAAAAA"},
    "already over": {"iat": documents.NOW - 360, "exp": documents.NOW},
    "not yet begun": {"iat": documents.NOW + 301, "exp": documents.NOW + 400},
    "longer than delegated": {"exp": documents.NOW + 43_201},
    "from before its delegation": {"iat": documents.DELEGATION["nbf"] - 1},
    "beyond its delegation": {
        "iat": documents.DELEGATION["exp"] - 1,
        "exp": documents.DELEGATION["exp"] + 1,
    },
}


@pytest.mark.parametrize("claims", WRONG.values(), ids=WRONG.keys())
def test_a_true_token_for_others_or_for_another_time_is_refused(claims: dict[str, Any]) -> None:
    token = KINDS["license_token"].document({**documents.LICENSE_TOKEN, **claims})

    assert _kept(token, DELEGATION) == "VerificationFailed"


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://elsewhere.test"},
        {"exp": documents.NOW, "max_lease_s": 60},
        {"nbf": documents.NOW + 301},
        {"exp": documents.DELEGATION["nbf"] + 86_401},
        {"tiers": ["basic"]},
    ],
)
def test_a_true_delegation_of_others_or_for_another_time_is_refused(claims: dict[str, Any]) -> None:
    delegation = KINDS["delegation"].document({**documents.DELEGATION, **claims})

    assert _kept(TOKEN, delegation) == "VerificationFailed"


def test_nothing_of_a_revoked_root_is_believed_any_more() -> None:
    trust = Trust(Roots([ROOT.public_key, OTHER_ROOT.public_key]))
    trust.absorb(_news(_revoking(ROOT.public_key)), now=documents.NOW)
    proof = Proof(_text(TOKEN), _text(DELEGATION))

    with pytest.raises(RootUnknown):
        open_kept_proof(proof, roots=trust.roots, expected=EXPECTED, now=documents.NOW)
    with pytest.raises(RootUnknown):
        open_statement(
            json.loads(KINDS["license_data"].document()),
            roots=trust.roots,
            now=documents.NOW,
            hardware_id=None,
        )
    with pytest.raises(VerificationFailed):
        trust.absorb(
            _news(_text(KINDS["keyset"].document({**documents.KEY_SET, "version": 9}))),
            now=documents.NOW,
        )


def _news(keyset: str) -> KeyNews:
    return KeyNews(editions=(Edition(keyset=keyset),))


def _revoking(key: PublicKey) -> str:
    keyset = KeySet(
        issuer=documents.ISSUER,
        version=4,
        issued_at=documents.NOW,
        expires_at=documents.NOW + 86_400,
        min_profile=1,
        entries=(
            KeySetEntry(key=key, status=KeyStatus.REVOKED, not_before=0),
            KeySetEntry(key=OTHER_ROOT.public_key, status=KeyStatus.ACTIVE, not_before=0),
        ),
    )
    return seal_keyset(keyset, root=OTHER_ROOT)
