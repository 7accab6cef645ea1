"""No honest call is refused: 400 of them, every operation of the API's document among them."""

from collections import Counter

import pytest
from deploy.cloud_armor.expressions import Request
from deploy.cloud_armor.first_match import Simulator
from deploy.cloud_armor.policy import Plan
from deploy.traffic.legitimate import HOW_MANY, calls_of, legitimate_calls, operations

SETS = ("sqli", "xss", "lfi", "rfi", "rce", "scannerdetection", "protocolattack", "sessionfixation")


def refused(simulator: Simulator) -> Counter[str]:
    """Return how often each operation was refused."""
    return Counter(
        call.operation
        for call in legitimate_calls()
        if not simulator.judge(Request(call=call)).lets_through
    )


def test_there_are_400_of_every_operation() -> None:
    calls = legitimate_calls()

    assert len(calls) == HOW_MANY == 400
    assert {call.operation for call in calls} == {one.name for one in operations()}


def test_none_of_them_is_refused_with_every_rule_enforced(plan: Plan) -> None:
    assert refused(Simulator(plan(preview_by_default=False, allowed_countries=["US"]))) == {}


def test_none_of_them_would_be_refused_by_a_rule_in_preview(plan: Plan) -> None:
    previewing = Simulator(plan())

    noted = [previewing.judge(Request(call=call)).previews for call in legitimate_calls()]
    assert set(noted) == {()}


@pytest.mark.parametrize("rule_set", ["xss", "sessionfixation"])
def test_a_signature_that_is_left_out_would_refuse_some(plan: Plan, rule_set: str) -> None:
    """What no honest call meets needs no exception."""
    sets: dict[str, dict[str, int]] = {name: {} for name in SETS}
    whole = Simulator(plan(waf_rule_sets=sets, preview={rule_set: False}))

    assert refused(whole)


@pytest.mark.parametrize(("level", "at_least"), [(2, 10), (4, 80)])
def test_stricter_levels_refuse_honest_calls(plan: Plan, level: int, at_least: int) -> None:
    """The corpus can tell: a level that bites is seen to bite."""
    strict = {name: {"sensitivity": level} for name in SETS}

    bitten = refused(Simulator(plan(preview_by_default=False, waf_rule_sets=strict)))
    assert bitten.total() >= at_least


def test_bodies_that_are_not_parsed_are_refused_from_level_2_on(plan: Plan) -> None:
    sets = {name: {"sensitivity": 2} for name in SETS}
    raw = Simulator(plan(preview_by_default=False, waf_rule_sets=sets, json_parsing="DISABLED"))

    assert refused(raw)["acquire_seat"] == len(calls_of("acquire_seat"))
