"""What the stand-in answers where Google would: names in Google's form, made from the request."""

from collections.abc import Mapping
from typing import Any

from deploy.opentofu.provider_schema import CtyType

PROJECT_NUMBER = "100000000001"

_ACCOUNT = "{account_id}@{project}.iam.gserviceaccount.com"
_NETWORK = "projects/{project}/global/networks/{name}"
_REPOSITORY = "projects/{project}/locations/{location}/repositories/{repository_id}"
_LOG_WRITER = f"service-{PROJECT_NUMBER}@gcp-sa-logging.iam.gserviceaccount.com"

# Where others build on the form of a value. {…}: what the same resource says of itself.
FORMS = {
    "google_service_account.email": _ACCOUNT,
    "google_service_account.member": f"serviceAccount:{_ACCOUNT}",
    "google_service_account.name": f"projects/{{project}}/serviceAccounts/{_ACCOUNT}",
    "google_service_account.id": f"projects/{{project}}/serviceAccounts/{_ACCOUNT}",
    "google_project.number": PROJECT_NUMBER,
    "google_kms_key_ring.id": "projects/{project}/locations/{location}/keyRings/{name}",
    "google_kms_crypto_key.id": "{key_ring}/cryptoKeys/{name}",
    "google_compute_network.id": _NETWORK,
    "google_compute_network.self_link": f"https://www.googleapis.com/compute/v1/{_NETWORK}",
    "google_compute_subnetwork.id": "projects/{project}/regions/{region}/subnetworks/{name}",
    "google_secret_manager_secret.id": "projects/{project}/secrets/{secret_id}",
    "google_artifact_registry_repository.id": _REPOSITORY,
    "google_project_service_identity.email": "service-{project}@{service}",
    "google_project_service_identity.member": "serviceAccount:service-{project}@{service}",
    "google_sql_database_instance.connection_name": "{project}:{region}:{name}",
    "google_logging_project_sink.writer_identity": f"serviceAccount:{_LOG_WRITER}",
    "google_monitoring_notification_channel.name": "projects/{project}/notificationChannels/1",
}
ADDRESSES = {"ip_address": "10.67.0.3", "host": "10.159.63.195", "address": "192.0.2.10"}


def made_up(resource: str, name: str, wanted: CtyType, said: Mapping[str, Any]) -> Any:
    """Return a value of a type (see ``CtyType``) for one attribute of a resource.

    :param said: what the same resource says of itself, for the forms above
    """
    if isinstance(wanted, list):
        return _many(resource, name, wanted, said)
    if wanted == "string":
        return _text(resource, name, said)
    if (resource, name) == ("google_redis_instance", "port"):
        return 6378 if said.get("transit_encryption_mode") == "SERVER_AUTHENTICATION" else 6379
    return {"number": 1, "bool": False}.get(wanted)


def _many(resource: str, name: str, wanted: list[Any], said: Mapping[str, Any]) -> Any:
    kind, inner = wanted
    if kind == "map":
        return {}
    if kind == "object":
        return {key: made_up(resource, key, of, {}) for key, of in inner.items()}
    return [made_up(resource, name, inner, said)]


def _text(resource: str, name: str, said: Mapping[str, Any]) -> str:
    form = FORMS.get(f"{resource}.{name}")
    if form is not None:
        known = {key: value for key, value in said.items() if isinstance(value, str)}
        return form.format_map({"project": "stand-in-project", **known})
    return ADDRESSES.get(name, f"stand-in-{resource}-{name}")
