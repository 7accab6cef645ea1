"""Every rule of the policy does what its place in the order means, by the planned expressions."""

import pytest
from deploy.cloud_armor.cases import CASES, STRANGER, VARIABLES, Case
from deploy.cloud_armor.expressions import Request
from deploy.cloud_armor.first_match import Simulator, Verdict
from deploy.cloud_armor.policy import Plan
from deploy.traffic.attacks import attacks, in_hardware_id
from deploy.traffic.calls import Call

ORDINARY = Request(call=in_hardware_id("laptop-7"), ip=STRANGER)
INJECTION = Request(call=in_hardware_id("x' union select password from auth_user--"), ip=STRANGER)
SIGNATURES = range(2000, 3000)


@pytest.fixture(scope="module")
def enforced(plan: Plan) -> Simulator:
    """Production's policy as it is once every rule has been promoted."""
    return Simulator(plan(**VARIABLES))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_request_of_the_table_meets_its_rule(enforced: Simulator, case: Case) -> None:
    verdict = enforced.judge(case.request)

    assert (verdict.priority, verdict.action) == (case.priority, case.action)


def test_each_attack_meets_a_signature(enforced: Simulator) -> None:
    met = {one.name: enforced.judge(Request(call=one.call)) for one in attacks()}

    passed = {name: verdict for name, verdict in met.items() if verdict.action != "deny(403)"}
    assert passed == {}
    assert {verdict.priority for verdict in met.values()} <= {*SIGNATURES}


def test_each_rule_set_knows_its_own_attacks_alone(plan: Plan) -> None:
    """Each of them enforced by itself: none is there for nothing."""
    for rule_set in ("sqli", "xss", "lfi", "rfi", "rce", "scannerdetection", "protocolattack"):
        alone = Simulator(plan(preview={rule_set: False}))
        met = [alone.judge(Request(call=one.call)) for one in attacks() if one.rule_set == rule_set]
        assert any(not verdict.lets_through for verdict in met), rule_set


def test_a_rule_in_preview_is_noted_and_passed_over(plan: Plan) -> None:
    previewing = Simulator(plan(allowed_countries=["US"]))

    verdict = previewing.judge(Request(call=INJECTION.call, country="KP"))

    assert verdict == Verdict(2_147_483_647, "allow", (1000, 2000))


def test_countries_in_preview_let_everybody_in(plan: Plan) -> None:
    first = Simulator(plan(**VARIABLES, preview={"geo": True}))

    abroad = first.judge(Request(call=ORDINARY.call, country="JP", ip=STRANGER))
    assert abroad == Verdict(3000, "allow", (1000,))


def test_without_a_list_no_country_is_refused(plan: Plan) -> None:
    open_to_all = Simulator(plan(preview_by_default=False))

    assert open_to_all.judge(Request(call=ORDINARY.call, country="KP")).priority == 3000


def test_a_throttle_lets_through_until_it_is_spent(enforced: Simulator) -> None:
    throttle = enforced.policy.rule(3000).throttle
    assert throttle is not None

    assert enforced.judge(ORDINARY, {3000: throttle.count - 1}) == Verdict(3000, "allow")
    assert enforced.judge(ORDINARY, {3000: throttle.count}) == Verdict(3000, "deny(429)")


def test_an_office_of_500_seats_stays_below_every_throttle(enforced: Simulator) -> None:
    """Each seat is acquired twice in a minute and renews each two minutes."""
    acquires, heartbeats = 500 * 2, 500 * 60 // 120
    heartbeat = Call(name="", method="PATCH", target="/api/v1/licenses/sessions/x/heartbeat/")

    assert enforced.judge(ORDINARY, {3000: acquires}).lets_through
    assert enforced.judge(Request(call=heartbeat), {3900: heartbeats * 2}).lets_through


def test_a_hundred_a_minute_would_turn_that_office_away(plan: Plan) -> None:
    strict = Simulator(plan(preview_by_default=False, general_throttle_per_minute=100))
    heartbeat = Call(name="", method="PATCH", target="/api/v1/licenses/sessions/x/heartbeat/")

    assert strict.judge(Request(call=heartbeat), {3900: 250}).action == "deny(429)"


def test_an_injection_is_refused_whatever_the_throttles_say(enforced: Simulator) -> None:
    assert enforced.judge(INJECTION, {3000: 10**6, 3900: 10**6}).priority == 2000


def test_the_incident_answers_before_everything(plan: Plan) -> None:
    closed = Simulator(plan(**VARIABLES, incident={"active": True}))

    for ip in (STRANGER, "198.51.100.9"):
        assert closed.judge(Request(call=ORDINARY.call, ip=ip)) == Verdict(1, "deny(502)")


def test_the_incident_waits_for_nobody(enforced: Simulator) -> None:
    assert enforced.policy.rule(1).ranges == ("192.0.2.1/32",)
    assert enforced.judge(ORDINARY).priority != 1


def test_an_incident_can_be_of_one_path(plan: Plan) -> None:
    expression = "request.path.startsWith('/api/v1/licenses/acquire')"
    closed = Simulator(plan(incident={"active": True, "expression": expression}))

    assert closed.judge(ORDINARY).priority == 1
    assert closed.judge(Request(call=Call(name="", target="/health"))).lets_through


def test_a_temporary_block_stands_before_the_allow_list(plan: Plan) -> None:
    block = {"flood": {"priority": 7, "src_ip_ranges": ["198.51.100.0/24"]}}
    blocked = Simulator(plan(**VARIABLES, temporary_blocks=block))

    assert blocked.judge(Request(call=ORDINARY.call, ip="198.51.100.9")) == Verdict(7, "deny(403)")


def test_feeds_and_suggested_rules_of_enterprise(plan: Plan) -> None:
    feeds = ["iplist-known-malicious-ips"]
    bought = Simulator(
        plan(
            preview_by_default=False,
            enterprise=True,
            threat_intelligence_feeds=feeds,
            adaptive_protection={"auto_deploy": {}},
        )
    )

    known = Request(call=ORDINARY.call, feeds=frozenset(feeds))
    assert bought.judge(known) == Verdict(300, "deny(403)")
    assert bought.judge(Request(call=ORDINARY.call, is_suggested=True)) == Verdict(400, "deny(403)")
    assert bought.judge(ORDINARY).lets_through
