"""The schema out of the wheel is the provider's: what is known of it stands there, to the depth."""

import re
from typing import Any

import pytest
from deploy.opentofu.engine import environment_folders, module_folders
from deploy.opentofu.google_refusals import RULES
from deploy.opentofu.made_up_values import FORMS
from deploy.opentofu.schema_cache import cached_schema

FOLDERS = [*module_folders(), *environment_folders()]
PROVIDER = re.compile(r'source  = "hashicorp/([\w-]+)"\n +version = "~> (\d+)\.(\d+)"')


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return cached_schema("google")


def block(schema: dict[str, Any], kind: str, *path: str) -> dict[str, Any]:
    found: dict[str, Any] = schema["resources"][kind]
    for name in path:
        found = found["blocks"][name]["block"]
    return found


def test_it_is_whole(schema: dict[str, Any]) -> None:
    assert schema["version"] == "8.7.0"
    assert (len(schema["resources"]), len(schema["data"])) == (1375, 471)


@pytest.mark.parametrize("provider", ["google", "google-beta"])
def test_every_resource_has_an_id_and_says_what_each_attribute_is(provider: str) -> None:
    for kind, found in cached_schema(provider)["resources"].items():
        assert "id" in found["attributes"], kind
        for name, attribute in found["attributes"].items():
            said = {"required", "optional", "computed"} & attribute.keys()
            assert said, (kind, name)
            assert not {"required", "optional"} <= said, (kind, name)


def test_lists_sets_and_single_blocks_are_told_apart(schema: dict[str, Any]) -> None:
    policy = schema["resources"]["google_compute_security_policy"]["blocks"]
    bucket = schema["resources"]["google_storage_bucket"]["blocks"]

    assert (policy["rule"]["nesting"], policy["rule"]["max"]) == ("set", 0)
    assert (bucket["versioning"]["nesting"], bucket["versioning"]["max"]) == ("list", 1)
    assert bucket["timeouts"]["nesting"] == "single"


def test_what_is_required_optional_or_computed_is_told_apart(schema: dict[str, Any]) -> None:
    bucket = block(schema, "google_storage_bucket")["attributes"]

    assert bucket["location"] == {"type": "string", "required": True}
    assert bucket["url"] == {"type": "string", "computed": True}
    assert bucket["labels"] == {"type": ["map", "string"], "optional": True}
    assert bucket["project"]["optional"]
    assert bucket["project"]["computed"]


def test_blocks_of_large_resources_are_there_to_the_depth(schema: dict[str, Any]) -> None:
    """Their classes are spread over files."""
    shield = block(schema, "google_container_cluster", "node_config", "shielded_instance_config")

    assert "enable_secure_boot" in shield["attributes"]


def test_computed_objects_have_their_types(schema: dict[str, Any]) -> None:
    certificates = block(schema, "google_redis_instance")["attributes"]["server_ca_certs"]

    assert certificates["computed"]
    assert certificates["type"][0] == "list"
    assert certificates["type"][1][1]["cert"] == "string"


def test_listed_values_are_read(schema: dict[str, Any]) -> None:
    tier = block(schema, "google_redis_instance")["attributes"]["tier"]

    assert tier["values"] == ["BASIC", "STANDARD_HA"]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_folders_ask_for_the_version_that_was_looked_at(folder: Any) -> None:
    """The engine does not compare them where a stand-in answers."""
    asked = PROVIDER.findall((folder / "versions.tf").read_text())

    assert asked
    for provider, major, minor in asked:
        there = [int(part) for part in cached_schema(provider)["version"].split(".")]
        assert there[0] == int(major)
        assert there[1] >= int(minor)
    assert 'required_version = ">= 1.11.0"' in (folder / "versions.tf").read_text()


def test_what_the_stand_in_makes_up_and_refuses_is_there() -> None:
    """A form or a rule of a name that no longer exists would be dead."""
    known = [cached_schema(provider) for provider in ("google", "google-beta")]
    kinds = {
        kind: found for one in known for kind, found in {**one["data"], **one["resources"]}.items()
    }

    for form in FORMS:
        kind, attribute = form.split(".")
        assert attribute in kinds[kind]["attributes"], form
    assert {kind for kind, _, _ in RULES} <= kinds.keys()
