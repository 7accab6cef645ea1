"""Who may do what: callers by their service account's token, permissions by IAM policies."""

import json
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.api_core import exceptions
from google.cloud import kms
from google.iam.v1 import policy_pb2
from joserfc import jwt
from joserfc.jwk import RSAKey

from foundation.clock import utc_now
from local_kms.callers import AUDIENCE
from local_kms.server import LocalKms
from local_kms.tests.conftest import ClientOf
from local_kms.tests.keys import State, make_version, set_state, sign_digest

DIGEST = bytes(32)
SIGN = "cloudkms.cryptoKeyVersions.useToSign"
VIEW = "cloudkms.cryptoKeyVersions.viewPublicKey"


def key_of(version: str) -> str:
    return version.partition("/cryptoKeyVersions")[0]


def test_a_signer_alone_signs_and_cannot_read_the_public_key(
    server: LocalKms, client: Any, client_of: ClientOf, ring: str
) -> None:
    version = make_version(client, ring)
    account = server.service_account("server", project="app")
    server.grant("roles/cloudkms.signer", on=key_of(version), to=account)
    signer = client_of(account)

    assert sign_digest(signer, version, DIGEST).signature
    with pytest.raises(exceptions.PermissionDenied) as told:
        signer.get_public_key(request={"name": version})

    assert told.value.message == (
        f"Permission '{VIEW}' denied on resource '{version}' (or it may not exist)."
    )


def test_an_account_of_another_project_is_refused_by_permission_and_key(
    server: LocalKms, client: Any, client_of: ClientOf, ring: str
) -> None:
    version = make_version(client, ring)
    stranger = client_of(server.service_account("server", project="other"))

    with pytest.raises(exceptions.PermissionDenied) as told:
        sign_digest(stranger, version, DIGEST)

    assert told.value.message == (
        f"Permission '{SIGN}' denied on resource '{key_of(version)}' (or it may not exist)."
    )


def test_whoever_may_not_look_is_not_told_what_exists(
    server: LocalKms, client_of: ClientOf, ring: str
) -> None:
    stranger = client_of(server.service_account("server", project="other"))

    with pytest.raises(exceptions.PermissionDenied):
        sign_digest(stranger, f"{ring}/cryptoKeys/none/cryptoKeyVersions/1", DIGEST)


def test_a_role_on_the_project_holds_for_its_keys_and_for_no_namesake(
    server: LocalKms, client: Any, client_of: ClientOf, ring: str
) -> None:
    version = make_version(client, ring)
    near, far = (server.service_account(name, project="app") for name in ("near", "far"))
    server.grant("roles/cloudkms.signer", on="projects/vault", to=near)
    server.grant("roles/cloudkms.signer", on="projects/vaul", to=far)

    assert sign_digest(client_of(near), version, DIGEST).signature
    with pytest.raises(exceptions.PermissionDenied):
        sign_digest(client_of(far), version, DIGEST)


def test_an_administrator_neither_signs_nor_reads_public_keys(
    server: LocalKms, client: Any, client_of: ClientOf, ring: str
) -> None:
    version = make_version(client, ring)
    account = server.service_account("administrator", project="vault")
    server.grant("roles/cloudkms.admin", on="projects/vault", to=account)
    administrator = client_of(account)

    assert set_state(administrator, version, State.DISABLED).state == State.DISABLED
    set_state(administrator, version, State.ENABLED)
    with pytest.raises(exceptions.PermissionDenied):
        sign_digest(administrator, version, DIGEST)
    with pytest.raises(exceptions.PermissionDenied):
        administrator.get_public_key(request={"name": version})


def test_the_emergency_stop_works_on_the_next_call(
    server: LocalKms, client: Any, client_of: ClientOf, ring: str
) -> None:
    version = make_version(client, ring)
    key = key_of(version)
    account = server.service_account("server", project="app")
    server.grant("roles/cloudkms.signerVerifier", on=key, to=account)
    signer = client_of(account)
    assert sign_digest(signer, version, DIGEST).signature

    policy = client.get_iam_policy(request={"resource": key})
    del policy.bindings[:]
    client.set_iam_policy(request={"resource": key, "policy": policy})

    with pytest.raises(exceptions.PermissionDenied):
        sign_digest(signer, version, DIGEST)


def test_a_policy_changed_meanwhile_is_not_overwritten(
    server: LocalKms, client: Any, ring: str
) -> None:
    key = key_of(make_version(client, ring))
    read = client.get_iam_policy(request={"resource": key})
    account = server.service_account("server", project="app")
    server.grant("roles/cloudkms.signer", on=key, to=account)

    with pytest.raises(exceptions.Aborted):
        client.set_iam_policy(request={"resource": key, "policy": read})

    server.withdraw("roles/cloudkms.signer", on=key, of=account)
    members = client.get_iam_policy(request={"resource": key}).bindings[0].members
    assert list(members) == []


def test_a_role_nobody_knows_is_refused(client: Any, ring: str) -> None:
    policy = policy_pb2.Policy(bindings=[policy_pb2.Binding(role="roles/owner", members=["x"])])

    with pytest.raises(exceptions.InvalidArgument):
        client.set_iam_policy(request={"resource": ring, "policy": policy})


def test_permissions_can_be_asked_for(
    server: LocalKms, client: Any, client_of: ClientOf, ring: str
) -> None:
    key = key_of(make_version(client, ring))
    account = server.service_account("server", project="app")
    server.grant("roles/cloudkms.signer", on=key, to=account)

    held = client_of(account).test_iam_permissions(
        request={"resource": key, "permissions": [SIGN, VIEW]}
    )

    assert list(held.permissions) == [SIGN]


def test_a_project_without_the_api_is_told_so(server: LocalKms, client: Any, ring: str) -> None:
    version = make_version(client, ring)
    server.habits.projects_without_api.add("vault")

    with pytest.raises(exceptions.PermissionDenied, match="has not been used in project vault"):
        sign_digest(client, version, DIGEST)


def test_an_account_the_server_never_made_is_unauthenticated(
    server: LocalKms, owner: Path, client_of: ClientOf, ring: str, tmp_path: Path
) -> None:
    other = server.service_account("other", project="vault")
    forged = json.loads(other.read_bytes())
    forged["private_key"] = json.loads(owner.read_bytes())["private_key"]
    stolen_name = json.loads(other.read_bytes())
    stolen_name["client_email"] = json.loads(owner.read_bytes())["client_email"]

    for number, account in enumerate((forged, stolen_name)):
        file = tmp_path / f"{number}.json"
        file.write_text(json.dumps(account))
        with pytest.raises(exceptions.Unauthenticated):
            client_of(file).get_key_ring(request={"name": ring})


def call_with(server: LocalKms, ring: str, *metadata: tuple[str, str]) -> grpc.StatusCode:
    """Ask for a key ring over a bare channel, with these headers, and return the status."""
    trusted = grpc.ssl_channel_credentials(server.certificate.certificate_pem)
    request = kms.GetKeyRingRequest(name=ring)
    with grpc.secure_channel(server.address, trusted) as channel:
        method = channel.unary_unary(
            "/google.cloud.kms.v1.KeyManagementService/GetKeyRing",
            request_serializer=kms.GetKeyRingRequest.serialize,
            response_deserializer=kms.KeyRing.deserialize,
        )
        try:
            method(request, metadata=metadata)
        except grpc.RpcError as error:
            return error.code()
    return grpc.StatusCode.OK


def token_of(account: Path, **claims: Any) -> str:
    """Return a token signed with an account's key, right but for these claims."""
    known = json.loads(account.read_bytes())
    email, now = known["client_email"], int(utc_now().timestamp())
    right = {"iss": email, "sub": email, "aud": AUDIENCE, "iat": now, "exp": now + 600}
    key = RSAKey.import_key(known["private_key"])
    header = {"alg": "RS256", "kid": known["private_key_id"]}
    return jwt.encode(header, {**right, **claims}, key, algorithms=["RS256"])


def test_the_token_decides_who_calls(server: LocalKms, owner: Path, ring: str) -> None:
    other = json.loads(server.service_account("other", project="app").read_bytes())
    wrong = [
        token_of(owner, aud="https://pubsub.googleapis.com/"),
        token_of(owner, exp=int(utc_now().timestamp()) - 120),
        token_of(owner, iss=other["client_email"], sub=other["client_email"]),
        token_of(owner)[:-8],
        "none",
    ]

    right = call_with(server, ring, ("authorization", f"Bearer {token_of(owner)}"))
    refused = {call_with(server, ring, ("authorization", f"Bearer {token}")) for token in wrong}

    assert right == grpc.StatusCode.OK
    assert refused == {grpc.StatusCode.UNAUTHENTICATED}
    assert call_with(server, ring) == grpc.StatusCode.UNAUTHENTICATED
    basic = ("authorization", f"Basic {token_of(owner)}")
    assert call_with(server, ring, basic) == grpc.StatusCode.UNAUTHENTICATED
