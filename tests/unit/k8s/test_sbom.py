"""The bill of materials names every jar of the jobs' image, with the hash of the file."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from k8s import sbom

POM = """\
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <properties><a.version>1.2</a.version></properties>
  <dependencies><dependency><artifactId>broker</artifactId></dependency></dependencies>
  <build><plugins><plugin><artifactItems>
    <artifactItem><groupId>org.a</groupId><artifactId>a</artifactId><version>${a.version}</version></artifactItem>
    <artifactItem><groupId>org.b</groupId><artifactId>b</artifactId><version>3</version></artifactItem>
  </artifactItems></plugin></plugins></build>
</project>
"""


def component(group: str, name: str, version: str, content: bytes) -> dict[str, object]:
    purl = f"pkg:maven/{group}/{name}@{version}?type=jar"
    digest = hashlib.sha512(content).hexdigest()
    return {
        "type": "library",
        "bom-ref": purl,
        "group": group,
        "name": name,
        "version": version,
        "purl": purl,
        "hashes": [{"alg": "SHA-512", "content": digest}],
    }


def test_each_copied_jar_is_a_component_and_the_local_broker_is_none(tmp_path: Path) -> None:
    (tmp_path / "a-1.2.jar").write_bytes(b"a")
    (tmp_path / "b-3.jar").write_bytes(b"b")
    assert sbom.jars(POM, tmp_path) == [component("org.a", "a", "1.2", b"a"), component("org.b", "b", "3", b"b")]


def test_the_jars_are_added_to_what_is_there(tmp_path: Path) -> None:
    file = tmp_path / "jobs.cdx.json"
    file.write_text('{"components": [{"name": "redis"}]}')
    assert sbom.main([str(file)]) == 0
    names = [each["name"] for each in json.loads(file.read_text())["components"]]
    connectors = ["flink-sql-connector-kafka", "flink-connector-jdbc-core", "flink-connector-jdbc-postgres"]
    assert names == ["redis", *connectors, "postgresql"]


def test_without_a_file_it_says_how_it_is_used(capsys: pytest.CaptureFixture[str]) -> None:
    assert sbom.main([]) == 2
    assert capsys.readouterr().err == "usage: python -m k8s.sbom FILE\n"
