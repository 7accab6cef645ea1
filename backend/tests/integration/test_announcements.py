"""Who changes what others remember says so, to its own process and to all others."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from foundation.clock import utc_now
from identity.development import DevelopmentIssuer
from signing.local import LocalSigner
from signing.operations import remember_root
from soft_state.notices import BOARD, Topic
from tests.support.customer import Customer

pytestmark = pytest.mark.usefixtures("db")
ROOT_KEYS = Path(__file__).parents[3] / "token/vectors/keys"


@pytest.fixture
def heard() -> Iterator[list[Topic]]:
    """What the board of this process tells, in order."""
    told: list[Topic] = []
    stops = [BOARD.listen(topic, lambda topic=topic: told.append(topic)) for topic in Topic]  # type: ignore[misc]
    yield told
    for stop in stops:
        stop()


@pytest.mark.parametrize(
    "deed",
    [
        Customer.suspend,
        Customer.revoke,
        Customer.reinstate,
        Customer.rotate_key,
        lambda alice: alice.resize(seats=7),
        lambda alice: alice.move_expiry(utc_now()),
    ],
)
def test_every_change_of_a_license_is_announced(
    heard: list[Topic], deed: Callable[[Customer], None]
) -> None:
    alice = Customer("alice", seats=1)
    if deed is Customer.reinstate:  # what is not suspended stays as it is, and unannounced
        alice.suspend()
    heard.clear()

    deed(alice)

    assert heard == [Topic.LICENSES]


def test_a_new_root_is_announced_and_the_known_one_is_not(
    heard: list[Topic], tmp_path: Path
) -> None:
    path = tmp_path / "root.pem"
    path.touch(mode=0o600)
    path.write_bytes((ROOT_KEYS / "root.test-key.pem").read_bytes())
    root = LocalSigner.open(path)

    remember_root(root, now=utc_now())
    remember_root(root, now=utc_now())

    assert heard == [Topic.KEY_SET]


def test_an_issuer_is_announced(heard: list[Topic], tmp_path: Path) -> None:
    issuer = DevelopmentIssuer.open(
        tmp_path / "issuer.pem", audience="https://licenses.example", clock=utc_now
    )

    issuer.ensure_row()

    assert heard == [Topic.ISSUERS]
