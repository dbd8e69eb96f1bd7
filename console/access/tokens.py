"""Who holds which token: `python -m console.access.tokens NAME [ENVIRONMENT ...]` makes one.

The file is YAML (and so may be JSON). It holds SHA-256 hashes, never tokens, so who reads it can use none of them:

    tokens:
      - name: alice                 # in logs, and on her pages
        sha256: <64 hex digits>
        operator: true              # every environment, and the pages
      - name: acme-reporting
        sha256: <64 hex digits>
        environments: [acme, acme-staging]

A plain SHA-256 is enough for a token that was generated; that is why the command generates them.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import re
import secrets
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from ops.settings import InvalidSetting

_BYTES: Final = 32
_HASH: Final = re.compile(r"[0-9a-f]{64}")
_FIELDS: Final = {"name", "sha256", "operator", "environments"}


@dataclass(frozen=True, kw_only=True)
class Principal:
    """Whoever holds a token. `environments` is None for an operator, who sees all."""

    name: str
    environments: tuple[str, ...] | None

    @property
    def is_operator(self) -> bool:
        return self.environments is None

    def sees(self, environment_id: str) -> bool:
        return self.environments is None or environment_id in self.environments


#: Whoever is on this machine, where CONSOLE_AUTH=none.
EVERYBODY: Final = Principal(name="everybody on this machine", environments=None)


class Tokens:
    """All tokens that are valid, by their hashes."""

    def __init__(self, principals: Sequence[tuple[bytes, Principal]] = ()) -> None:
        self._principals = tuple(principals)

    def holder(self, token: str) -> Principal | None:
        """Whose token it is. Takes as long whichever it is, and whether it is one."""
        given = hash_of(token)
        found = [principal for hash_, principal in self._principals if hmac.compare_digest(given, hash_)]
        return found[0] if found else None

    def __len__(self) -> int:
        return len(self._principals)


def hash_of(token: str) -> bytes:
    """SHA-256 of a token, of whatever is presented as one: headers can hold bytes that are no text."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).digest()


def load(file: Path) -> Tokens:
    """The tokens of a file. Raises InvalidSetting, which names the entry and the fix."""
    try:
        document = yaml.safe_load(file.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InvalidSetting(f"CONSOLE_TOKENS_FILE: {file} cannot be read: {error}") from error
    entries = document.get("tokens") if isinstance(document, dict) else None
    if not isinstance(entries, list) or not entries:
        raise InvalidSetting(f"CONSOLE_TOKENS_FILE: {file} has no list `tokens`, or an empty one")
    principals = [_entry(file, number, entry) for number, entry in enumerate(entries, start=1)]
    _refuse_repeats(file, principals)
    return Tokens(principals)


def _entry(file: Path, number: int, entry: Any) -> tuple[bytes, Principal]:
    where = f"CONSOLE_TOKENS_FILE: {file}, token {number}"
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str) or not entry["name"]:
        raise InvalidSetting(f"{where}: give it a name")
    where = f"{where} ({entry['name']})"
    if unknown := set(entry) - _FIELDS:
        raise InvalidSetting(f"{where}: {min(map(str, unknown))} is no field: there are {', '.join(sorted(_FIELDS))}")
    if not _HASH.fullmatch(str(entry.get("sha256"))):
        raise InvalidSetting(f"{where}: sha256 is not 64 hex digits in lower case, the hash of the token")
    principal = Principal(name=entry["name"], environments=_environments(where, entry))
    return bytes.fromhex(entry["sha256"]), principal


def _environments(where: str, entry: dict[str, Any]) -> tuple[str, ...] | None:
    operator, environments = entry.get("operator", False), entry.get("environments")
    if operator is True and environments is None:
        return None
    well_formed = isinstance(environments, list) and all(isinstance(name, str) and name for name in environments)
    if operator is not False or not well_formed or not environments:
        raise InvalidSetting(f"{where}: give it either `operator: true` or `environments`, a list of their ids")
    return tuple(environments)


def _refuse_repeats(file: Path, principals: Sequence[tuple[bytes, Principal]]) -> None:
    for kind, values in (
        ("name", [principal.name for _, principal in principals]),
        ("sha256", [hash_.hex() for hash_, _ in principals]),
    ):
        if repeated := {value for value in values if values.count(value) > 1}:
            raise InvalidSetting(f"CONSOLE_TOKENS_FILE: {file} holds the {kind} {min(repeated)} twice")


def new(name: str, environments: Sequence[str]) -> tuple[str, str]:
    """A new token, and its entry for the file."""
    token = secrets.token_urlsafe(_BYTES)
    entry: dict[str, object] = {"name": name, "sha256": hash_of(token).hex()}
    entry |= {"environments": list(environments)} if environments else {"operator": True}
    return token, yaml.safe_dump([entry], sort_keys=False)


def main(arguments: Sequence[str]) -> int:
    """Print a new token, and below it the entry of its hash."""
    parser = argparse.ArgumentParser(prog="console.access.tokens", description="Make a token for the console.")
    parser.add_argument("name")
    parser.add_argument("environments", nargs="*", metavar="ENVIRONMENT", help="none: an operator's token")
    given = parser.parse_args(arguments)
    token, entry = new(given.name, given.environments)
    print(f"token, shown only now: {token}\nentry under `tokens:` in CONSOLE_TOKENS_FILE:\n{entry}", end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
