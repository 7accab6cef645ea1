"""Every setting that undoes the rest is an error with an id of its own, and nothing else is."""

from types import SimpleNamespace
from typing import Any

import pytest

from coditect_license import checks

GOOD: dict[str, Any] = {
    "EMBEDDED": False,
    "DEBUG": False,
    "SECRET_KEY": "correct horse battery staple, and so on until it is 50",
    "LICENSE_KEY_PEPPERS": {1: bytes.fromhex("0123456789abcdef" * 4)},
    "LICENSE_PUBLIC_HOSTS": ["licenses.coditect.ai"],
    "ALLOWED_HOSTS": ["licenses.coditect.ai"],
    "LICENSE_ADMIN_HOST": "",
    "LICENSE_ISSUER": "https://licenses.coditect.ai",
    "LICENSE_PROCESSES": 1,
    "DATABASES": {"default": {"ENGINE": "django.db.backends.postgresql"}},
    "CORS_ALLOWED_ORIGINS": [],
}
SQLITE = {"default": {"ENGINE": "leasing.stores.gated_sqlite"}}


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> Any:
    def found_with(**changed: Any) -> list[str]:
        monkeypatch.setattr(checks, "settings", SimpleNamespace(**{**GOOD, **changed}))
        messages = checks.settings_are_safe()
        for message in messages:
            assert message.is_serious()
            assert GOOD["SECRET_KEY"] not in f"{message.msg}{message.hint}"
        return [str(message.id).removeprefix("coditect_license.") for message in messages]

    return found_with


def test_a_safe_production_has_nothing_to_say(found: Any) -> None:
    assert found() == []
    more = {"LICENSE_ADMIN_HOST": "staff.coditect.ai"}
    assert found(**more, CORS_ALLOWED_ORIGINS=["https://coditect.ai", "https://a.b:8443"]) == []


@pytest.mark.parametrize(
    ("number", "changed"),
    [
        ("E001", {"SECRET_KEY": "short"}),
        ("E001", {"SECRET_KEY": "ab" * 40}),
        ("E001", {"SECRET_KEY": "django-insecure-" + "abcdefghijklmnopqrst" * 3}),
        ("E001", {"SECRET_KEY": "Please-ChangeMe-" + "abcdefghijklmnopqrst" * 3}),
        ("E001", {"SECRET_KEY": "0123456789abcdef" * 4}),
        ("E002", {"DEBUG": True}),
        ("E003", {"ALLOWED_HOSTS": ["*"]}),
        ("E003", {"ALLOWED_HOSTS": ["a.example", ".example"]}),
        ("E003", {"ALLOWED_HOSTS": []}),
        ("E004", {"LICENSE_ISSUER": "http://licenses.coditect.ai"}),
        ("E004", {"LICENSE_ISSUER": "https://licenses.coditect.ai/"}),
        ("E005", {"DATABASES": SQLITE}),
        ("E006", {"LICENSE_KEY_PEPPERS": {1: b"short"}}),
        ("E006", {"LICENSE_KEY_PEPPERS": {1: bytes(32)}}),
        ("E007", {"LICENSE_ADMIN_HOST": "licenses.coditect.ai"}),
        ("E007", {"LICENSE_ADMIN_HOST": "https://staff.coditect.ai"}),
        ("E007", {"LICENSE_ADMIN_HOST": "*.coditect.ai"}),
        ("E008", {"CORS_ALLOWED_ORIGINS": ["http://coditect.ai"]}),
        ("E008", {"CORS_ALLOWED_ORIGINS": ["https://coditect.ai/"]}),
        ("E008", {"CORS_ALLOWED_ORIGINS": ["https://*.coditect.ai"]}),
        ("E008", {"CORS_ALLOWED_ORIGINS": ["null"]}),
    ],
)
def test_each_unsafe_setting_is_an_error(found: Any, number: str, changed: dict[str, Any]) -> None:
    assert found(**changed) == [number]


def test_a_laptop_may_have_sqlite_and_http_but_one_process_and_no_debug(found: Any) -> None:
    laptop = {"EMBEDDED": True, "DATABASES": SQLITE, "LICENSE_ISSUER": "http://127.0.0.1:8000"}

    assert found(**laptop) == []
    assert found(**laptop, LICENSE_PROCESSES=2) == ["E005"]
    assert found(**laptop, DEBUG=True) == ["E002"]
