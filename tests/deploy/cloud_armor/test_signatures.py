"""The engine behind the simulator: loaded in full, or not at all."""

import shutil
from pathlib import Path

import pytest
from deploy.cloud_armor.expressions import Language, Request, WrongExpression
from deploy.cloud_armor.policy import NoPolicy, policy_of
from deploy.cloud_armor.signatures import FEWEST_RULES, RULES, Engine, NotLoaded, engine
from deploy.traffic.attacks import in_hardware_id
from deploy.traffic.calls import Call

INJECTION = in_hardware_id("x' union select password from auth_user--")


def test_every_file_is_loaded() -> None:
    loaded = engine(parses_json=True)

    assert loaded.loaded >= FEWEST_RULES
    assert {found.rule_set for found in loaded.matched(INJECTION, 65_536)} == {"sqli"}


def test_a_file_that_is_missing_is_noticed(tmp_path: Path) -> None:
    engine(parses_json=True)  # skips where there are no rules to copy
    rules = copied_rules(tmp_path)
    next(rules.glob("REQUEST-942-*")).unlink()

    with pytest.raises(NotLoaded, match="0 files of 942"):
        Engine(parses_json=True, folder=rules)


def test_a_file_that_cannot_be_read_is_noticed(tmp_path: Path) -> None:
    engine(parses_json=True)
    rules = copied_rules(tmp_path)
    broken = next(rules.glob("REQUEST-942-*"))
    broken.write_text("SecNoSuchDirective On\n")

    with pytest.raises(NotLoaded, match=broken.name):
        Engine(parses_json=True, folder=rules)


def test_a_file_that_is_nearly_empty_is_noticed(tmp_path: Path) -> None:
    engine(parses_json=True)
    rules = copied_rules(tmp_path)
    for number, file in enumerate(sorted(rules.glob("REQUEST-9[34]*"))):
        file.write_text(f'SecRule ARGS "@rx x" "id:{number + 1},phase:2,pass"\n')

    with pytest.raises(NotLoaded, match="fewer than"):
        Engine(parses_json=True, folder=rules)


def copied_rules(folder: Path) -> Path:
    return Path(shutil.copytree(RULES, folder / "rules"))


def test_only_what_is_inspected_of_a_body_is_seen() -> None:
    loaded = engine(parses_json=True)
    padded = Call(
        name="padded",
        method="POST",
        headers=INJECTION.headers,
        body=b'{"metadata":"' + b"m" * 70_000 + b'",' + INJECTION.body[1:],
    )

    assert loaded.matched(padded, 128 * 1024)
    assert not loaded.matched(padded, 64 * 1024)


@pytest.mark.parametrize(
    "expression",
    [
        "evaluatePreconfiguredWaf('sqli-v99-stable', {'sensitivity': 1})",
        "evaluatePreconfiguredWaf('sqli-v422-stable', {'opt_out_rule_ids': ['942432']})",
        "evaluateMagic('x')",
        "request.path.startsWith(",
    ],
)
def test_an_expression_that_cloud_armor_has_not_is_refused(expression: str) -> None:
    language = Language(engine(parses_json=True), 65_536)

    with pytest.raises(WrongExpression):
        language.holds(expression, Request(call=INJECTION))


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ("inIpRange(origin.ip, '203.0.113.0/24')", True),
        ("inIpRange(origin.ip, '198.51.100.0/24')", False),
        ("'[KP,IR]'.contains(origin.region_code)", True),
        ("origin.region_code == 'KP' && request.method == 'POST'", True),
        ("request.path.matches('^/api/v[12]/licenses/')", True),
        ("request.path == '/api/v1/licenses/acquire'", False),
        ("request.headers['content-type'] == 'application/json'", True),
        ("has(request.headers['x-none'])", False),
        ("int(request.headers['content-length']) > 10", True),
        ("int(request.headers['content-length']) > 65536", False),
    ],
)
def test_the_language_is_evaluated(expression: str, holds: bool) -> None:
    language = Language(engine(parses_json=True), 65_536)
    request = Request(call=INJECTION, country="KP", ip="203.0.113.5")

    assert language.holds(expression, request) is holds


def test_a_plan_without_a_policy_is_none() -> None:
    with pytest.raises(NoPolicy):
        policy_of({"resource_changes": []})
