"""Policies as the real engine plans them, once for each process of tests."""

from pathlib import Path
from typing import Any, Final

import pytest
from deploy.cloud_armor.policy import Plan, Policy, policy_of
from deploy.opentofu.engine import OPENTOFU, Engine, copied

MODULE: Final = OPENTOFU / "modules/cloud-armor"
FIRST_STRATEGY: Final = Path(__file__).with_name("first_strategy")


@pytest.fixture(scope="session")
def plan(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """Plans the module's policy."""
    folder = copied(MODULE, tmp_path_factory.mktemp("cloud-armor"))
    assert engine.init(folder).ok

    def planned(**variables: Any) -> Policy:
        return policy_of(engine.planned(folder, {"project_id": "coditect-citus-prod", **variables}))

    return planned


@pytest.fixture(scope="session")
def plan_first_strategy(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """Plans the policy of the hardening strategy as it was written."""
    folder = tmp_path_factory.mktemp("first-strategy")
    (folder / "main.tf").write_text((FIRST_STRATEGY / "main.tf").read_text())
    assert engine.init(folder).ok
    return lambda **variables: policy_of(engine.planned(folder, variables))
