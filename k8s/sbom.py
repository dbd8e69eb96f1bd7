"""Add the jars of pom.xml to the bill of materials of the jobs' image: `python -m k8s.sbom FILE`.

Its Python packages come from cyclonedx-py, which knows nothing of jars; Maven's plugin would list the dependencies of
pom.xml, which are the local broker's, and not the connectors, which it copies.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

ROOT: Final = Path(__file__).resolve().parent.parent
JARS: Final = ROOT / ".local" / "jars" / "flink"
_MAVEN: Final = {"m": "http://maven.apache.org/POM/4.0.0"}


def jars(pom: str, folder: Path) -> list[dict[str, Any]]:
    """CycloneDX components of the artifacts that a pom copies, with the hashes of the files in a folder."""
    project = ET.fromstring(pom)  # noqa: S314 - our own file
    versions = {f"${{{each.tag.rpartition('}')[2]}}}": each.text for each in project.iterfind("m:properties/*", _MAVEN)}
    return [_component(item, versions, folder) for item in project.iterfind(".//m:artifactItem", _MAVEN)]


def _component(item: ET.Element, versions: dict[str, str | None], folder: Path) -> dict[str, Any]:
    group, name, version = (item.findtext(f"m:{tag}", "", _MAVEN) for tag in ("groupId", "artifactId", "version"))
    version = versions.get(version) or version
    purl = f"pkg:maven/{group}/{name}@{version}?type=jar"
    digest = hashlib.sha512((folder / f"{name}-{version}.jar").read_bytes()).hexdigest()
    return {
        "type": "library",
        "bom-ref": purl,
        "group": group,
        "name": name,
        "version": version,
        "purl": purl,
        "hashes": [{"alg": "SHA-512", "content": digest}],
    }


def main(arguments: Sequence[str]) -> int:
    """Change the file; 2 where none is given."""
    if len(arguments) != 1:
        print("usage: python -m k8s.sbom FILE", file=sys.stderr)
        return 2
    file = Path(arguments[0])
    bill = json.loads(file.read_text())
    bill["components"] += jars((ROOT / "pom.xml").read_text(), JARS)
    file.write_text(json.dumps(bill, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
