"""A Prometheus of a test's own, on the machine's binary."""

from __future__ import annotations

import json
import shutil
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from local.ports import LOOPBACK

BINARY = shutil.which("prometheus")
#: Seconds between scrapes, and between evaluations of the rules: a rate needs two.
EVERY_S = 2


@dataclass(frozen=True)
class Prometheus:
    """One that runs. Its answers come from its HTTP API."""

    url: str

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The series of an instant query. Raises HTTPError where Prometheus refuses the expression."""
        found: list[dict[str, Any]] = self._get(f"query?{urllib.parse.urlencode({'query': expression})}")["result"]
        return found

    def names(self) -> set[str]:
        """Names of all metrics that it has seen."""
        return set(self._get("label/__name__/values"))

    def targets(self) -> list[dict[str, Any]]:
        """What it scrapes, each with its health."""
        found: list[dict[str, Any]] = self._get("targets?state=active")["activeTargets"]
        return found

    def rules(self) -> list[dict[str, Any]]:
        """Every rule, with its health and with the alerts that it has raised."""
        return [rule for group in self._get("rules")["groups"] for rule in group["rules"]]

    def firing(self) -> set[str]:
        """Names of the alerts that fire."""
        return {rule["name"] for rule in self.rules() if rule["state"] == "firing"}

    def _get(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self.url}/api/v1/{path}", timeout=30) as answer:
            return json.load(answer)["data"]


@contextmanager
def running(folder: Path, port: int, targets: Mapping[str, Sequence[str]], rules: Path) -> Iterator[Prometheus]:
    """Run it. `targets` are `host:port` by job; its data and log are in `folder`."""
    assert BINARY is not None
    config = folder / "prometheus.yaml"
    config.write_text(yaml.safe_dump(_config(targets, rules)))
    argv = [BINARY, f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}"]
    with (folder / "prometheus.log").open("w") as log:
        process = subprocess.Popen(
            [*argv, f"--web.listen-address={LOOPBACK}:{port}"], stdout=log, stderr=subprocess.STDOUT
        )
        try:
            yield Prometheus(f"http://{LOOPBACK}:{port}")
        finally:
            process.terminate()
            process.wait(30)


def _config(targets: Mapping[str, Sequence[str]], rules: Path) -> dict[str, Any]:
    return {
        "global": {"scrape_interval": f"{EVERY_S}s", "scrape_timeout": f"{EVERY_S}s", "evaluation_interval": "5s"},
        "rule_files": [str(rules)],
        "scrape_configs": [
            {"job_name": name, "static_configs": [{"targets": list(addresses)}]} for name, addresses in targets.items()
        ],
    }
