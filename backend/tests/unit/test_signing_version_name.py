"""The name of a key version is read strictly: a wrong one asks somebody else for signatures."""

import pytest

from signing.version_name import VersionName, WrongVersionName

WHOLE = (
    "projects/coditect-cloud-infra/locations/us-central1/keyRings/coditect-license-keys"
    "/cryptoKeys/license-signing-key-v1/cryptoKeyVersions/1"
)


def test_a_name_is_taken_apart_and_written_again() -> None:
    name = VersionName.parse(WHOLE)

    assert (name.project, name.location) == ("coditect-cloud-infra", "us-central1")
    assert (name.key_ring, name.key) == ("coditect-license-keys", "license-signing-key-v1")
    assert name.version == "1"
    assert str(name) == WHOLE
    assert name.key_name == WHOLE.removesuffix("/cryptoKeyVersions/1")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "coditect-cloud-infra",
        WHOLE.removesuffix("/cryptoKeyVersions/1"),
        f"/{WHOLE}",
        f"//cloudkms.googleapis.com/{WHOLE}",
        f"{WHOLE}/",
        f"{WHOLE}\n",
        WHOLE.replace("projects", "project"),
        WHOLE.replace("coditect-cloud-infra", "123456789"),
        WHOLE.replace("coditect-cloud-infra", "Coditect"),
        WHOLE.replace("us-central1", ".."),
        WHOLE.replace("us-central1", ""),
        WHOLE.replace("coditect-license-keys", "a/b"),
        WHOLE.replace("license-signing-key-v1", "k" * 64),
        WHOLE.replace("license-signing-key-v1", "clé"),
        WHOLE.replace("Versions/1", "Versions/0"),
        WHOLE.replace("Versions/1", "Versions/01"),
        WHOLE.replace("Versions/1", "Versions/latest"),
        WHOLE.replace("Versions/1", "Versions/\N{ARABIC-INDIC DIGIT ONE}"),
    ],
)
def test_anything_else_is_no_name(text: str) -> None:
    with pytest.raises(WrongVersionName):
        VersionName.parse(text)


def test_the_message_says_which_part_is_wrong() -> None:
    with pytest.raises(WrongVersionName, match="key ring 'a b'"):
        VersionName.parse(WHOLE.replace("coditect-license-keys", "a b"))
