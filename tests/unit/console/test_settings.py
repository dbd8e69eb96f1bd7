"""Settings: defaults, every variable, and what is refused before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.settings import Auth, Settings, from_environment
from ops import sources
from ops.settings import InvalidSetting

DSN = "postgresql://user:password@host/billing"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "tokens.yaml").touch()
    return tmp_path / "tokens.yaml"


def test_an_address_and_a_file_of_tokens_are_enough(file: Path) -> None:
    found = from_environment({"BILLING_DSN": DSN, "CONSOLE_TOKENS_FILE": str(file)})
    assert found == Settings(
        billing_dsn=DSN,
        host="127.0.0.1",
        port=8090,
        auth=Auth.TOKEN,
        tokens_file=file,
        secure_cookies=None,
        collectors=None,
        connections=4,
        statement_timeout_s=15.0,
        download_timeout_s=600.0,
        audit_interval_s=900.0,
        audit_days=35,
        audit_settling_s=15.0,
        requests_per_s=5.0,
    )


def test_every_variable_is_read(tmp_path: Path, file: Path) -> None:
    (tmp_path / "status").write_text("status token\n")
    environ = {
        "BILLING_DSN": DSN,
        "OPS_COLLECTORS": "http://one:8080 https://other",
        "COLLECTOR_STATUS_TOKEN_FILE": str(tmp_path / "status"),
        "CONSOLE_HOST": "0.0.0.0",
        "CONSOLE_PORT": "9000",
        "CONSOLE_AUTH": "token",
        "CONSOLE_TOKENS_FILE": str(file),
        "CONSOLE_SECURE_COOKIES": "no",
        "CONSOLE_CONNECTIONS": "8",
        "CONSOLE_STATEMENT_TIMEOUT_S": "2.5",
        "CONSOLE_DOWNLOAD_TIMEOUT_S": "60",
        "CONSOLE_AUDIT_INTERVAL_S": "3600",
        "CONSOLE_AUDIT_DAYS": "7",
        "CONSOLE_AUDIT_SETTLING_S": "30",
        "CONSOLE_REQUESTS_PER_S": "0.5",
    }
    assert from_environment(environ) == Settings(
        billing_dsn=DSN,
        host="0.0.0.0",
        port=9000,
        auth=Auth.TOKEN,
        tokens_file=file,
        secure_cookies=False,
        collectors=sources.Settings(urls=("http://one:8080", "https://other"), token="status"),
        connections=8,
        statement_timeout_s=2.5,
        download_timeout_s=60.0,
        audit_interval_s=3600.0,
        audit_days=7,
        audit_settling_s=30.0,
        requests_per_s=0.5,
    )


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("BILLING_DSN", "", "BILLING_DSN is not set: give postgresql://"),
        ("CONSOLE_TOKENS_FILE", "", "CONSOLE_TOKENS_FILE is not set: name the file of tokens"),
        ("CONSOLE_TOKENS_FILE", "/nowhere", "CONSOLE_TOKENS_FILE: /nowhere is no file"),
        ("CONSOLE_AUTH", "basic", "CONSOLE_AUTH: 'basic' is neither token nor none"),
        ("CONSOLE_PORT", "65536", "CONSOLE_PORT: 65536 is no port (0 to 65535)"),
        ("CONSOLE_PORT", "http", "CONSOLE_PORT: invalid literal"),
        ("CONSOLE_SECURE_COOKIES", "true", "CONSOLE_SECURE_COOKIES: 'true' is neither yes nor no"),
        ("CONSOLE_CONNECTIONS", "0", "CONSOLE_CONNECTIONS: 0 is not above 0"),
        ("CONSOLE_STATEMENT_TIMEOUT_S", "inf", "CONSOLE_STATEMENT_TIMEOUT_S: inf is not above 0"),
        ("CONSOLE_AUDIT_INTERVAL_S", "-1", "CONSOLE_AUDIT_INTERVAL_S: -1 is not above 0"),
        (
            "CONSOLE_REQUEST_PER_S",
            "5",
            "CONSOLE_REQUEST_PER_S is no setting: remove it, or choose one of",
        ),
        ("OPS_COLLECTORS", "one:8080", "'one:8080' is no base URL of a collector"),
    ],
)
def test_a_wrong_value_is_named_with_the_fix(file: Path, variable: str, value: str, message: str) -> None:
    environ = {"BILLING_DSN": DSN, "CONSOLE_TOKENS_FILE": str(file)} | {variable: value}
    with pytest.raises(InvalidSetting) as refused:
        from_environment(environ)
    assert str(refused.value).startswith(message)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_a_console_is_open_to_its_own_machine(host: str) -> None:
    assert from_environment({"BILLING_DSN": DSN, "CONSOLE_AUTH": "none", "CONSOLE_HOST": host}).auth is Auth.NONE


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "usage.example", ""])
def test_a_console_is_never_open_to_other_machines(host: str) -> None:
    with pytest.raises(InvalidSetting, match="CONSOLE_AUTH=none shows every bill to whoever reaches"):
        Settings(billing_dsn=DSN, auth=Auth.NONE, host=host)


@pytest.mark.parametrize(
    ("host", "chosen", "secure"),
    [
        ("127.0.0.1", None, False),
        ("0.0.0.0", None, True),
        ("127.0.0.1", True, True),
        ("0.0.0.0", False, False),
    ],
    ids=["on this machine", "for others", "behind a proxy on this machine", "as somebody insists"],
)
def test_sessions_need_https_unless_they_stay_on_the_machine(
    file: Path, host: str, chosen: bool | None, secure: bool
) -> None:
    assert Settings(billing_dsn=DSN, tokens_file=file, host=host, secure_cookies=chosen).secure is secure
