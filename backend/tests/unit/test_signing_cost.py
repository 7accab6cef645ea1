"""The times that docs/signing-cost.md computes with are the product's."""

from datetime import UTC, datetime, timedelta

import pytest
from benchmarks.signing_cost import DELEGATED_EVERY_SECONDS, KEY_SET_EVERY_SECONDS

from signing.delegation import DelegatedSigner
from signing.local import LocalSigner
from signing.published_keys import LIFETIME_SECONDS
from signing.root import Root


def test_a_process_renews_its_delegation_no_sooner_than_is_computed_with(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    root = LocalSigner.open(tmp_path_factory.getbasetemp() / "signing-root-key.pem")
    began = datetime(2026, 1, 1, tzinfo=UTC)
    signer = DelegatedSigner(
        Root(root),
        issuer="http://document.example",
        clock=lambda: began,
        jitter=lambda: 1.0,
    )
    signer.renew()

    soonest = int((began + timedelta(seconds=DELEGATED_EVERY_SECONDS)).timestamp())

    assert not signer.renewal_due(soonest - 1)
    assert signer.renewal_due(soonest)


def test_a_process_has_the_key_set_signed_when_half_its_life_is_over() -> None:
    assert KEY_SET_EVERY_SECONDS == LIFETIME_SECONDS // 2
