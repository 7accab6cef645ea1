"""Tells what a verifier takes that it must not: ``python -m support.verifier_judge token``.

Prints the first case that comes out wrong and exits 1, or exits 0. A program of its own, so that it
can be run on a copy of the sources with a bug planted in it (`planted_verifiers.py`).
"""

import importlib.util
import itertools
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import django
from django.conf import settings

REPOSITORY: Final = Path(__file__).resolve().parents[2]


def _module(path: str) -> Any:
    spec = importlib.util.spec_from_file_location(Path(path).stem, REPOSITORY / path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def of_token() -> Iterator[str]:
    """Run every vector; a key set must also name the keys that verify."""
    vectors = _module("token/tests/test_vectors.py")
    for kind, (document, open_it) in vectors.OPENERS.items():
        for case in document["cases"]:
            outcome = _outcome(vectors, open_it, case)
            if outcome != case["expect"]:
                yield f"{kind}: {case['name']}: {outcome}"
            elif "verifying" in case:
                verifying = sorted(key.key_id for key in open_it(case).roots())
                if verifying != case["verifying"]:
                    yield f"{kind}: {case['name']}: other keys verify"


def _outcome(vectors: Any, open_it: Any, case: Any) -> str:
    try:
        outcome: str = vectors._outcome(open_it, case)
    except Exception as crash:  # noqa: BLE001  whatever a broken verifier does
        return type(crash).__name__
    return outcome


def of_sdk() -> Iterator[str]:
    """Show true documents for others or another time, and those of a revoked root."""
    attacks = _module("sdk/tests/test_attacks.py")
    for name, claims in attacks.WRONG.items():
        token = attacks.KINDS["license_token"].document(
            {**attacks.documents.LICENSE_TOKEN, **claims}
        )
        if attacks._kept(token, attacks.DELEGATION) == attacks.ACCEPTED:
            yield f"a token {name}"
    for name in ("the token of a kept proof", "the token of a fresh proof"):
        yield from attacks.opened_by_attacks(attacks._doors(Path())[name])
    if attacks._fresh(attacks.TOKEN, attacks.DELEGATION) == attacks.ACCEPTED:
        yield "a token without the nonce"
    try:
        attacks.test_nothing_of_a_revoked_root_is_believed_any_more()
    except BaseException as failure:  # noqa: BLE001  pytest's own failures are no Exceptions
        yield f"a revoked root: {type(failure).__name__}"


def of_identity() -> Iterator[str]:
    """Present every attack on bearer tokens, to a verifier that remembers the good one."""
    settings.configure(INSTALLED_APPS=["identity", "audit", "tenants"])  # rooms with models
    django.setup()
    bearer = _module("backend/tests/unit/test_identity_bearer_attacks.py")
    verifier = bearer.verifier_of_three_issuers()
    verifier.verify(bearer.GOOD)
    for name, attack in bearer.ATTACKS.items():
        try:
            verifier.verify(attack)
        except bearer.InvalidCredential:
            continue
        yield name


JUDGES: Final = {"token": of_token, "sdk": of_sdk, "identity": of_identity}

if __name__ == "__main__":
    wrong = list(itertools.islice(JUDGES[sys.argv[1]](), 1))
    sys.stdout.writelines(f"{name}\n" for name in wrong)
    sys.exit(1 if wrong else 0)
