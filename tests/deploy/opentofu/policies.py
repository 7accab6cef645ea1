"""What no plan of ours may contain, whatever its modules say.

A policy looks at every resource of a plan, answers which break it, and takes what is not said for
broken. ``against_policy/`` has a configuration for each that it must refuse.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from deploy.opentofu.environments import Resource

Policy = Callable[[Sequence[Resource]], list[str]]
EVERYBODY = {"allUsers", "allAuthenticatedUsers"}
PRIMITIVE = {"roles/owner", "roles/editor", "roles/viewer"}
LONGEST_ROTATION_DAYS = 90
POLICIES: dict[str, Policy] = {}


def policy(name: str) -> Callable[[Policy], Policy]:
    """Register a policy by the name of its folder in ``against_policy``."""

    def register(judge: Policy) -> Policy:
        POLICIES[name] = judge
        return judge

    return register


def first(values: Mapping[str, Any], *path: str) -> Any:
    """Return what nested blocks of one element hold, or None where something is not said."""
    found: Any = values
    for name in path:
        inner = found.get(name) if isinstance(found, Mapping) else None
        found = inner[0] if isinstance(inner, list) and inner and name != path[-1] else inner
    return found


def broken(
    all_of: Iterable[Resource], kind: str, is_right: Callable[[Mapping[str, Any]], bool]
) -> list[str]:
    return [one.address for one in all_of if one.kind == kind and not is_right(one.values)]


def grants(all_of: Iterable[Resource]) -> list[tuple[Resource, str, set[str]]]:
    """Return (resource, role, members) of every IAM member and binding."""
    found = []
    for one in all_of:
        if "_iam_" in one.kind and one.values.get("role"):
            members = one.values.get("members") or [one.values.get("member")]
            found.append((one, one.values["role"], {str(member) for member in members}))
    return found


@policy("rotating_signing_key")
def _asymmetric_keys_do_not_rotate(all_of: Sequence[Resource]) -> list[str]:
    def is_right(key: Mapping[str, Any]) -> bool:
        signs = str(key.get("purpose")).startswith("ASYMMETRIC")
        return not signs or key.get("rotation_period") is None

    return broken(all_of, "google_kms_crypto_key", is_right)


@policy("resting_encryption_key")
def _symmetric_keys_rotate(all_of: Sequence[Resource]) -> list[str]:
    def is_right(key: Mapping[str, Any]) -> bool:
        if str(key.get("purpose")).startswith("ASYMMETRIC"):
            return True
        period = str(key.get("rotation_period") or "").removesuffix("s")
        return period.isdigit() and int(period) <= LONGEST_ROTATION_DAYS * 86400

    return broken(all_of, "google_kms_crypto_key", is_right)


@policy("other_signing_algorithm")
def _one_algorithm_signs(all_of: Sequence[Resource]) -> list[str]:
    def is_right(key: Mapping[str, Any]) -> bool:
        algorithm = first(key, "version_template", "algorithm")
        return key.get("purpose") != "ASYMMETRIC_SIGN" or algorithm == "RSA_SIGN_PKCS1_4096_SHA256"

    return broken(all_of, "google_kms_crypto_key", is_right)


@policy("key_destroyed_at_once")
def _keys_outlive_a_mistake(all_of: Sequence[Resource]) -> list[str]:
    def is_right(key: Mapping[str, Any]) -> bool:
        wait = str(key.get("destroy_scheduled_duration") or "0s").removesuffix("s")
        return key.get("deletion_policy") == "PREVENT" and int(wait) >= 30 * 86400

    return broken(all_of, "google_kms_crypto_key", is_right)


@policy("signer_of_a_project")
def _key_roles_are_on_keys(all_of: Sequence[Resource]) -> list[str]:
    return [
        one.address
        for one, role, _ in grants(all_of)
        if role.startswith("roles/cloudkms.") and "_kms_crypto_key_iam_" not in one.kind
    ]


@policy("person_who_signs")
def _programs_alone_use_keys(all_of: Sequence[Resource]) -> list[str]:
    """Members of the two roles that use a key are service accounts."""
    using = {"roles/cloudkms.signerVerifier", "roles/cloudkms.cryptoKeyEncrypterDecrypter"}
    return [
        one.address
        for one, role, members in grants(all_of)
        if role in using and not all(member.startswith("serviceAccount:") for member in members)
    ]


@policy("primitive_role")
def _no_primitive_roles(all_of: Sequence[Resource]) -> list[str]:
    return [one.address for one, role, _ in grants(all_of) if role in PRIMITIVE]


@policy("open_to_everybody")
def _nothing_is_everybodys(all_of: Sequence[Resource]) -> list[str]:
    return [one.address for one, _, members in grants(all_of) if members & EVERYBODY]


@policy("whole_project_policy")
def _other_products_keep_their_rights(all_of: Sequence[Resource]) -> list[str]:
    """A project's policy or binding is authoritative: it would take away what others were given."""
    kinds = {"google_project_iam_policy", "google_project_iam_binding"}
    return [one.address for one in all_of if one.kind in kinds]


@policy("kept_account_key")
def _accounts_have_no_keys(all_of: Sequence[Resource]) -> list[str]:
    return [one.address for one in all_of if one.kind == "google_service_account_key"]


@policy("secret_value")
def _states_hold_no_secrets(all_of: Sequence[Resource]) -> list[str]:
    kinds = {
        "google_secret_manager_secret_version",
        "google_secret_manager_regional_secret_version",
    }
    return [one.address for one in all_of if one.kind in kinds]


@policy("exempt_from_audit")
def _nobody_is_exempt_from_audit(all_of: Sequence[Resource]) -> list[str]:
    def is_right(config: Mapping[str, Any]) -> bool:
        logged = config.get("audit_log_config") or []
        types = {one["log_type"] for one in logged}
        exempt = [one for one in logged if one.get("exempted_members")]
        return types == {"ADMIN_READ", "DATA_READ", "DATA_WRITE"} and not exempt

    return broken(all_of, "google_project_iam_audit_config", is_right)
