"""The log is exported whole: both streams, from every pod, through restarts and outages."""

import json
import re
import shutil
import subprocess
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

import kubernetes_validate
import pytest
from deploy.kubernetes.rendering import ON_GOOGLE, pod_templates, render
from deploy.log_export.configuration import Section, mistakes_of_grammar, of, sections
from deploy.log_export.judgement import complaints
from deploy.log_export.objects import (
    LOG_EXPORT,
    REPOSITORY,
    configuration,
    container,
    environment,
    manifests,
    pod,
)

PLANTED: Final = Path(__file__).parent / "planted/hardening-strategy.conf"
READ_THE_LOGS: Final = REPOSITORY / "docs/how-to/read-the-logs.md"
EXPORT_THE_LOGS: Final = REPOSITORY / "docs/how-to/export-the-logs.md"


def only(kind: str, name: str) -> Section:
    (found,) = (one for one in of(sections(configuration()), kind) if one.name == name)
    return found


def test_the_configuration_is_as_it_must_be() -> None:
    assert complaints(configuration(), environment=environment()) == []


def test_the_first_configuration_is_refused_for_each_of_its_reasons() -> None:
    assert complaints(PLANTED.read_text(), environment={}) == [
        "lines of containerd are not taken apart: no multiline.parser cri",
        "parser docker: for other lines than a runtime's of today",
        "the tag license-api does not say of which pod a line is",
        "the input has no db: a restart loses lines or brings them twice",
        "the input has no mem_buf_limit: a restart loses lines or brings them twice",
        "the input keeps what is not sent yet in memory alone",
        "lines that were there before it are not read",
        "no storage.path: there is no buffer on disk",
        "a buffer that a power cut takes: storage.sync is not full",
        "Kube_Tag_Prefix is not what the tag begins with",
        "a pod's annotation can take its lines away",
        "the audit is no stream of its own",
        "grep can take lines of the audit away",
        "every line has the severity INFO",
        "the severity is not the line's own",
        "Cloud Logging takes no line without k8s_cluster_name",
        "Cloud Logging takes no line without k8s_cluster_location",
        "tag_prefix is not what the tags begin with",
        "an output gives up after one more try",
    ]


GREP: Final = "[FILTER]\n    Name grep\n    Match kube.*\n    Exclude log .\n\n"


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("[OUTPUT]", "[OUTPUT", "not fluent-bit's grammar: line"),
        ("Match                audit.*", "Match                audits.*", "which nothing has"),
        ("Match                    kube.*", "Match                    *", "has 2 outputs"),
        ("parser    cri", "parser    crio", "no such parser: crio"),
        ("# Two streams.", f"{GREP}    # Two streams.", "grep can take lines of the audit away"),
        ("Rename              stream", "Rename              log", "hides the server's"),
        ("Retry_Limit          no_limits", "Retry_Limit          99", "given up some time"),
        (
            "Retry_Limit          no_limits",
            "Retry_Limit          no_limits\n    storage.total_limit_size 5G",
            "is thrown away when its buffer is full",
        ),
        (
            "Emitter_Storage.type  filesystem",
            "Emitter_Storage.type  memory",
            "no buffer of its own",
        ),
        ("${LOG_PROJECT}", "${PROJECT}", "${PROJECT} is set nowhere"),
        ("K8S-Logging.Exclude Off", "K8S-Logging.Exclude On", "can take its lines away"),
        ("severity_key         severity", "severity             NOTICE", "the severity NOTICE"),
        ("DB                  ", "#                   ", "the input has no db"),
    ],
)
def test_each_single_mistake_is_noticed(right: str, wrong: str, said: str) -> None:
    text = configuration()
    assert right in text

    found = complaints(text.replace(right, wrong), environment=environment())

    assert any(said in line for line in found), found


def test_fluent_bit_itself_takes_it(tmp_path: Path) -> None:
    program = shutil.which("fluent-bit") or shutil.which("/opt/fluent-bit/bin/fluent-bit")
    if program is None:
        pytest.skip(
            "NO fluent-bit ON THIS MACHINE: its own dry run of the configuration is not made"
        )
    file = tmp_path / "fluent-bit.conf"
    file.write_text(configuration())

    ended = subprocess.run(
        [program, "--dry-run", f"--config={file}"],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.returncode == 0, ended.stderr


def is_audit(members: dict[str, Any]) -> bool:
    """Apply the rule that splits the streams, as fluent-bit does."""
    key, pattern, _, _ = only("FILTER", "rewrite_tag").get("rule").split()
    return re.search(pattern, str(members.get(key.removeprefix("$"), ""))) is not None


def shown_lines() -> list[dict[str, Any]]:
    """Return the lines that the page about the log shows, as a server writes them."""
    found = re.findall(r"```(?:json)?\n(\{.*?\})\n```", READ_THE_LOGS.read_text(), re.DOTALL)
    return [json.loads("".join(text.split("\n"))) for text in found]


def test_the_rule_takes_the_servers_audit_lines_and_no_others() -> None:
    assert [line["message"] for line in shown_lines()] == ["audit", "request"]
    assert [is_audit(line) for line in shown_lines()] == [True, False]
    assert not is_audit({"message": "audit", "logger": "audit", "output": "stdout"})


def test_severity_and_request_are_those_of_the_line() -> None:
    outputs = of(sections(configuration()), "OUTPUT")

    assert len(outputs) == 2
    for one in outputs:
        assert all(one.get("severity_key") in line for line in shown_lines())
        assert any(one.get("http_request_key") in line for line in shown_lines())


@pytest.mark.parametrize("overlay", ON_GOOGLE)
def test_every_pod_of_the_product_is_read(overlay: str) -> None:
    patterns = only("INPUT", "tail").get("path").split(",")

    for maker, _ in pod_templates(render(overlay)):
        name = maker.partition("/")[2]
        file = f"/var/log/containers/{name}-7d4b_coditect-license_server-{'0' * 64}.log"
        assert any(fnmatchcase(file, pattern) for pattern in patterns), name


def test_offsets_and_buffers_outlive_the_pod() -> None:
    (service,) = of(sections(configuration()), "SERVICE")
    volumes = {one["name"]: one for one in pod()["volumes"]}
    mounts = {one["mountPath"]: one for one in container()["volumeMounts"]}

    for path in (service.get("storage.path"), only("INPUT", "tail").get("db")):
        (mount,) = (one for place, one in mounts.items() if path.startswith(f"{place}/"))
        assert not mount.get("readOnly")
        assert "hostPath" in volumes[mount["name"]]
    assert mounts["/var/log"]["readOnly"]


def test_the_process_is_given_the_configuration_and_nothing_it_need_not_have() -> None:
    security = container()["securityContext"]
    mounts = {one["name"]: one["mountPath"] for one in container()["volumeMounts"]}

    assert container()["args"] == [f"--config={mounts['config']}/fluent-bit.conf"]
    assert security["readOnlyRootFilesystem"]
    assert security["capabilities"] == {"drop": ["ALL"]}
    assert not security["allowPrivilegeEscalation"]
    assert not security.get("privileged")
    assert re.fullmatch(r"fluent/fluent-bit:[\d.]+@sha256:[0-9a-f]{64}", container()["image"])
    for name in ("hostNetwork", "hostPID", "hostIPC"):
        assert not pod().get(name)


def test_it_may_read_the_products_pods_and_nothing_else() -> None:
    role = manifests()["Role", "license-log-export"]
    binding = manifests()["RoleBinding", "license-log-export"]

    assert role["rules"] == [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]
    assert role["metadata"]["namespace"] == binding["metadata"]["namespace"] == "coditect-license"
    assert binding["roleRef"]["name"] == role["metadata"]["name"]
    assert [one["name"] for one in binding["subjects"]] == [pod()["serviceAccountName"]]
    assert ("ServiceAccount", pod()["serviceAccountName"]) in manifests()
    assert not [kind for kind, _ in manifests() if kind.startswith("Cluster")]


@pytest.mark.parametrize("key", sorted(manifests()))
def test_each_object_is_one_of_kubernetes(key: tuple[str, str]) -> None:
    kubernetes_validate.validate(manifests()[key], "1.34", strict=True)


def test_an_object_that_is_none_is_refused() -> None:
    wrong = manifests()["DaemonSet", "license-log-export"] | {"specs": {}}

    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, "1.34", strict=True)


def test_no_kustomization_names_it() -> None:
    """It would double every line on GKE."""
    for path in (REPOSITORY / "kubernetes").rglob("kustomization.yaml"):
        assert LOG_EXPORT.name not in path.read_text(), path


def test_examples_of_other_destinations_are_taken() -> None:
    """The page shows outputs to put in the place of Cloud Logging's."""
    shown = re.findall(r"```ini\n(.*?)```", EXPORT_THE_LOGS.read_text(), re.DOTALL)
    head = configuration().partition("[OUTPUT]")[0]

    assert len(shown) == 2
    for text in shown:
        assert mistakes_of_grammar(text) == []
        variables = dict.fromkeys(re.findall(r"\$\{(\w+)\}", text), "set by the reader")
        assert complaints(head + text, environment=variables) == []
