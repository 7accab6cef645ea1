"""The policy as it was first written, as a control: the simulator sees what was wrong with it."""

import pytest
from deploy.cloud_armor.expressions import Language, Request, WrongExpression
from deploy.cloud_armor.first_match import Simulator, Verdict
from deploy.cloud_armor.policy import Plan
from deploy.cloud_armor.signatures import engine
from deploy.traffic.attacks import in_hardware_id
from deploy.traffic.legitimate import calls_of

INJECTION = in_hardware_id("x' union select password from auth_user--")


@pytest.fixture(scope="module")
def first(plan_first_strategy: Plan) -> Simulator:
    """The policy as it was written."""
    return Simulator(plan_first_strategy())


@pytest.fixture(scope="module")
def moved(plan_first_strategy: Plan) -> Simulator:
    """The same with the rules that allow behind those that refuse."""
    return Simulator(plan_first_strategy(move_the_allow=True))


def test_an_injection_from_a_listed_country_is_let_through(first: Simulator) -> None:
    assert first.judge(Request(call=INJECTION, country="US")) == Verdict(1000, "allow")


def test_an_injection_from_north_korea_is_let_through(first: Simulator) -> None:
    assert first.judge(Request(call=INJECTION, country="KP")) == Verdict(2000, "allow")


def test_whoever_is_on_no_list_is_let_through(first: Simulator) -> None:
    ordinary = Request(call=in_hardware_id("laptop-7"), country="KP")

    assert first.judge(ordinary).lets_through


def test_once_the_allow_is_moved_every_acquire_is_refused(moved: Simulator) -> None:
    verdicts = {moved.judge(Request(call=call)) for call in calls_of("acquire_seat")}

    assert verdicts == {Verdict(3000, "deny(403)")}


def test_project_shield_is_no_rule_set() -> None:
    language = Language(engine(parses_json=False), 8_192)

    with pytest.raises(WrongExpression, match="no preconfigured rule set project-shield-stable"):
        language.holds(
            "evaluatePreconfiguredExpr('project-shield-stable')", Request(call=INJECTION)
        )
