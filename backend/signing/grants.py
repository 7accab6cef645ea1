"""What to grant when Cloud KMS denies a call, in words that can be acted on."""

from typing import Final

from signing.version_name import VersionName

ROLE: Final = "roles/cloudkms.signerVerifier"
USE_TO_SIGN: Final = "cloudkms.cryptoKeyVersions.useToSign"
VIEW_PUBLIC_KEY: Final = "cloudkms.cryptoKeyVersions.viewPublicKey"


def missing_role(version: VersionName, *, permission: str, caller: str | None) -> str:
    """Return which role is missing, on which resource of which project, and the command for it.

    ``caller`` is the service account's e-mail where it is known. Source: Cloud KMS, "Permissions
    and roles"; roles/cloudkms.signer has useToSign alone.
    """
    member = f"serviceAccount:{caller}" if caller else "this server's service account"
    argument = member if caller else "serviceAccount:EMAIL"
    return (
        f"{member} lacks {permission}: grant {ROLE} on the key {version.key_name} (in the project "
        f"{version.project}, whichever project this server runs in; roles/cloudkms.signer alone "
        f"cannot read the public key): gcloud kms keys add-iam-policy-binding {version.key} "
        f"--project={version.project} --location={version.location} --keyring={version.key_ring} "
        f"--member={argument} --role={ROLE}"
    )
