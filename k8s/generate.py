"""Write the manifests that repeat a file of the project: `python -m k8s.generate`.

Kustomize cannot wrap a file into an object, so Flink's options and Prometheus' rules stand twice. The second time is
made here, comments included, and nobody edits it; `make k8s-check` fails where it is not what this would write.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import yaml

ROOT: Final = Path(__file__).resolve().parent.parent
#: The live jobs; reprocess is a cluster that waits for one.
JOBS: Final = ("enrichment", "media-usage")
CLUSTERS: Final = (*JOBS, "reprocess")
ALERTS: Final = ROOT / "k8s" / "monitoring" / "alerts.yaml"
COMMAND: Final = "python -m k8s.generate"

_HEADER: Final = "# Made of {source} by `{command}`: change that, not this.\n"
_DEPLOYMENT: Final = """\
apiVersion: flink.apache.org/v1beta1
kind: FlinkDeployment
metadata:
  name: {name}
spec:
  flinkConfiguration:
"""
_RULE: Final = """\
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: cdn-usage
spec:
"""


def generated() -> dict[Path, str]:
    """What every generated file must hold."""
    flink = ROOT / "k8s" / "base" / "flink" / "generated"
    deployments = {flink / f"{name}.yaml": flink_deployment(name, _options_file(name)) for name in CLUSTERS}
    return {**deployments, ALERTS.parent / "generated" / "alerts.yaml": prometheus_rule(ALERTS)}


def flink_deployment(name: str, source: Path) -> str:
    """A FlinkDeployment of nothing but a file of flat Flink options, as quoted strings."""
    lines = [_quoted(line) for line in source.read_text().splitlines()]
    return _head(source) + _DEPLOYMENT.format(name=name) + _indented(lines, 4)


def prometheus_rule(source: Path) -> str:
    """A PrometheusRule of a file of Prometheus rules."""
    return _head(source) + _RULE + _indented(source.read_text().splitlines(), 2)


def stale() -> Iterator[Path]:
    """Generated files that are not what they should be."""
    for path, text in generated().items():
        if not path.exists() or path.read_text() != text:
            yield path


def main() -> int:
    """Write what is stale, and say so."""
    for path in list(stale()):
        path.parent.mkdir(exist_ok=True)
        path.write_text(generated()[path])
        print(f"wrote {path.relative_to(ROOT)}")
    return 0


def _options_file(name: str) -> Path:
    return ROOT / "flink-conf" / f"{name}.yaml"


def _head(source: Path) -> str:
    return _HEADER.format(source=source.relative_to(ROOT), command=COMMAND)


def _quoted(line: str) -> str:
    """`key: value` with the value as a string, which Kubernetes wants; comments as they are."""
    if not line or line.startswith("#"):
        return line
    [(key, value)] = yaml.safe_load(line).items()
    text = {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)
    return f"{key}: {json.dumps(text)}"


def _indented(lines: list[str], width: int) -> str:
    return "".join(f"{' ' * width}{line}\n" if line else "\n" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
