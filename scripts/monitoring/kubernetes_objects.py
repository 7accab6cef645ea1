"""The rule groups as objects of Kubernetes: for the Prometheus operator, and for Google's.

Neither has a namespace: whoever applies them says which.
"""

from collections.abc import Callable, Iterable
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

import yaml

from scripts.monitoring.rule_files import MONITORING, groups

NAME: Final = "license-api-alerts"
_HEAD: Final = "# Made of rules/*.yaml by `make monitoring`; a test compares.\n"
_OF_THE_OPERATOR: Final = ("monitoring.coreos.com/v1", "PrometheusRule")
_OF_GOOGLE: Final = ("monitoring.googleapis.com/v1", "Rules")


def objects(runbooks: str = "") -> dict[Path, str]:
    """Return the content of each file. ``runbooks`` stands before the path of each runbook page."""
    made = _with_runbooks(groups(), runbooks)
    return {
        MONITORING / "prometheus-rule.yaml": _written(_OF_THE_OPERATOR, made),
        MONITORING / "managed-rules.yaml": _written(_OF_GOOGLE, made),
    }


def _with_runbooks(all_groups: Iterable[dict[str, Any]], before: str) -> list[dict[str, Any]]:
    made = deepcopy([*all_groups])
    for rule in (rule for group in made for rule in group["rules"] if "alert" in rule):
        rule["annotations"]["runbook_url"] = before + rule["annotations"]["runbook_url"]
    return made


def _written(version_and_kind: tuple[str, str], all_groups: list[dict[str, Any]]) -> str:
    version, kind = version_and_kind
    made = {
        "apiVersion": version,
        "kind": kind,
        "metadata": {"name": NAME, "labels": {"app.kubernetes.io/name": "license-api"}},
        "spec": {"groups": all_groups},
    }
    return _HEAD + yaml.dump(made, Dumper=_Readable, sort_keys=False, width=1_000)


class _Readable(yaml.SafeDumper):
    """Writes expressions of several lines as they stand in the rule files."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    represent: Callable[..., yaml.ScalarNode] = dumper.represent_scalar
    return represent("tag:yaml.org,2002:str", text, style=style)


_Readable.add_representer(str, _text)
