"""The stack's own Flink installation: which jars, which options, nothing changed in the package."""

from __future__ import annotations

import sys
import sysconfig
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from local import flink_home
from local.settings import ROOT, Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(state=tmp_path, port_base=19_000, flink_options={"heartbeat.timeout": "10 s"})


def test_nested_and_dotted_keys_of_a_file_are_the_same_options(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("rest:\n  port: 1\n  bind:\n    address: here\ntask.cancellation.timeout: 180 s\n")
    assert flink_home.read_options(file) == {
        "rest.port": "1",
        "rest.bind.address": "here",
        "task.cancellation.timeout": "180 s",
    }


def test_the_clusters_options_are_those_of_file_machine_and_settings(settings: Settings, tmp_path: Path) -> None:
    options = flink_home.cluster_options(settings)
    from_file = flink_home.read_options(ROOT / "flink-conf" / "cluster" / "config.yaml")
    assert {key: value for key, value in options.items() if from_file.get(key) != value} == {
        "rest.port": "19004",
        "rest.bind-port": "19004",
        "jobmanager.rpc.port": "19005",
        "blob.server.port": "19006",
        "metrics.reporter.prom.port": "19007",
        "execution.checkpointing.dir": f"file://{tmp_path}/flink/checkpoints",
        "execution.checkpointing.savepoint-dir": f"file://{tmp_path}/flink/savepoints",
        "io.tmp.dirs": f"{tmp_path}/flink/tmp",
        "python.executable": sys.executable,
        "python.client.executable": sys.executable,
        "python.pythonpath": f"{sysconfig.get_path('purelib')}:{ROOT}",
        "heartbeat.timeout": "10 s",
    }


def test_high_availability_is_zookeepers_address_and_a_folder_that_outlives_the_jobmanager(tmp_path: Path) -> None:
    available = Settings(state=tmp_path, port_base=19_000, high_availability=True)
    plain = flink_home.cluster_options(replace(available, high_availability=False))
    added = {key: value for key, value in flink_home.cluster_options(available).items() if key not in plain}
    assert added == {
        "high-availability.type": "zookeeper",
        "high-availability.zookeeper.quorum": "127.0.0.1:19008",
        "high-availability.storageDir": f"file://{tmp_path}/flink/ha",
        "high-availability.jobmanager.port": "19005",
        "high-availability.zookeeper.client.session-timeout": "10 s",
        "high-availability.zookeeper.client.connection-timeout": "5 s",
    }


def test_one_slot_a_taskmanager_because_it_has_one_interpreter(settings: Settings) -> None:
    assert flink_home.cluster_options(settings)["taskmanager.numberOfTaskSlots"] == "1"


def test_the_library_folder_holds_flink_the_locked_connectors_and_flink_python(settings: Settings) -> None:
    package = flink_home._package()
    home = flink_home.build(settings)
    expected = {
        *(jar.name for jar in (package / "lib").glob("*.jar")),
        "flink-connector-jdbc-core-4.0.0-2.0.jar",
        "flink-connector-jdbc-postgres-4.0.0-2.0.jar",
        "flink-python-2.3.0.jar",
        "flink-sql-connector-kafka-5.0.0-2.2.jar",
        "postgresql-42.7.7.jar",
    }
    assert {jar.name for jar in (home / "lib").iterdir()} == expected
    assert all(jar.exists() for jar in (home / "lib").iterdir())


def test_the_package_keeps_its_library_folder_as_it_was_installed(settings: Settings) -> None:
    lib = flink_home._package() / "lib"
    before = sorted(lib.iterdir())
    flink_home.build(settings)
    assert sorted(lib.iterdir()) == before
    assert not any("connector-kafka" in jar.name for jar in before)


def test_folders_that_flink_walks_are_real_and_hold_links(settings: Settings) -> None:
    home = flink_home.build(settings)
    assert not (home / "opt").is_symlink()
    assert (home / "opt" / "flink-python-2.3.0.jar").exists()
    assert (home / "plugins" / "metrics-prometheus").is_dir()


def test_building_twice_leaves_one_installation_with_the_newer_options(settings: Settings) -> None:
    flink_home.build(Settings(state=settings.state, port_base=20_000))
    home = flink_home.build(settings)
    written = yaml.safe_load((home / "conf" / "config.yaml").read_text())
    assert written == flink_home.cluster_options(settings)


def test_missing_jars_are_said_to_come_from_setup(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flink_home, "JARS", tmp_path / "none")
    with pytest.raises(FileNotFoundError, match="run `make setup`"):
        flink_home.build(settings)
