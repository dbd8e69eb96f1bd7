"""The file of tokens: who holds which, and what is wrong with it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from console.access import tokens
from console.access.tokens import Principal, Tokens, hash_of, load, main
from ops.settings import InvalidSetting

ALICE = {"name": "alice", "sha256": hash_of("alice's token").hex(), "operator": True}
ACME = {"name": "acme", "sha256": hash_of("acme's token").hex(), "environments": ["acme", "acme-staging"]}


def written(tmp_path: Path, document: object) -> Path:
    file = tmp_path / "tokens.yaml"
    file.write_text(document if isinstance(document, str) else json.dumps(document))
    return file


def test_a_token_leads_to_its_holder_and_any_other_to_nobody(tmp_path: Path) -> None:
    known = load(written(tmp_path, {"tokens": [ALICE, ACME]}))
    assert [known.holder(token) for token in ("alice's token", "acme's token", "another", "", "\udc80")] == [
        Principal(name="alice", environments=None),
        Principal(name="acme", environments=("acme", "acme-staging")),
        None,
        None,
        None,
    ]


def test_an_operator_sees_every_environment_and_a_customer_its_own() -> None:
    operator, customer = Principal(name="o", environments=None), Principal(name="c", environments=("acme",))
    assert [(each.is_operator, each.sees("acme"), each.sees("other")) for each in (operator, customer)] == [
        (True, True, True),
        (False, True, False),
    ]


def test_nobody_holds_a_token_where_there_are_none() -> None:
    assert Tokens().holder("") is None


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("tokens: [", "cannot be read: "),
        ([], "has no list `tokens`, or an empty one"),
        ({"tokens": []}, "has no list `tokens`, or an empty one"),
        ({"tokens": ["x"]}, "token 1: give it a name"),
        ({"tokens": [{**ALICE, "name": ""}]}, "token 1: give it a name"),
        ({"tokens": [{**ALICE, "scope": "all"}]}, "token 1 (alice): scope is no field: there are environments, name,"),
        ({"tokens": [{**ALICE, "sha256": "alice's token"}]}, "token 1 (alice): sha256 is not 64 hex digits"),
        ({"tokens": [{**ALICE, "sha256": None}]}, "token 1 (alice): sha256 is not 64 hex digits"),
        ({"tokens": [{**ALICE, "operator": "yes"}]}, "token 1 (alice): give it either `operator: true` or"),
        ({"tokens": [{**ACME, "operator": True}]}, "token 1 (acme): give it either `operator: true` or"),
        ({"tokens": [{**ACME, "environments": []}]}, "token 1 (acme): give it either `operator: true` or"),
        ({"tokens": [{**ACME, "environments": "acme"}]}, "token 1 (acme): give it either `operator: true` or"),
        ({"tokens": [ALICE, {**ACME, "name": "alice"}]}, "holds the name alice twice"),
        ({"tokens": [ALICE, {**ALICE, "name": "bob"}]}, f"holds the sha256 {ALICE['sha256']} twice"),
    ],
)
def test_a_wrong_file_is_refused_with_the_entry_and_the_fix(tmp_path: Path, document: object, message: str) -> None:
    with pytest.raises(InvalidSetting) as refused:
        load(written(tmp_path, document))
    assert message in str(refused.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="cannot be read"):
        load(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("arguments", "environments"), [(["alice"], None), (["acme", "acme-1", "acme-2"], ("acme-1", "acme-2"))]
)
def test_the_command_makes_a_token_and_the_entry_that_knows_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], environments: tuple[str, ...] | None
) -> None:
    assert main(arguments) == 0
    first, _, entry = capsys.readouterr().out.split("\n", 2)
    token = first.removeprefix("token, shown only now: ")
    file = written(tmp_path, yaml.safe_dump({"tokens": yaml.safe_load(entry)}))
    assert load(file).holder(token) == Principal(name=arguments[0], environments=environments)
    assert token not in file.read_text()


def test_two_tokens_are_never_the_same() -> None:
    assert tokens.new("a", [])[0] != tokens.new("a", [])[0]
