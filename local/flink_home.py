"""A Flink installation for one stack: the apache-flink package's files, the project's jars and configuration.

Built of links in the state folder, so that the package stays as it was installed and stacks do not share a lib/.
"""

from __future__ import annotations

import importlib.util
import shutil
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import yaml

from local.ports import LOOPBACK
from local.settings import JARS, ROOT, Settings

CONF: Final = ROOT / "flink-conf"


def home(settings: Settings) -> Path:
    """FLINK_HOME of this stack."""
    return settings.state / "flink" / "home"


def command(settings: Settings) -> str:
    """Path of the `flink` command."""
    return str(home(settings) / "bin" / "flink")


def environment(settings: Settings) -> dict[str, str]:
    """Variables for Flink's scripts."""
    return {
        "FLINK_HOME": str(home(settings)),
        "FLINK_CONF_DIR": str(home(settings) / "conf"),
        "FLINK_LIB_DIR": str(home(settings) / "lib"),
        "FLINK_OPT_DIR": str(home(settings) / "opt"),
        "FLINK_PLUGINS_DIR": str(home(settings) / "plugins"),
        "FLINK_LOG_DIR": str(settings.state / "log"),
        # For the `flink` command, which lives for seconds: compile little, collect with one thread.
        "JVM_ARGS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    }


def build(settings: Settings) -> Path:
    """Make the installation anew and return its path."""
    target = home(settings)
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    package = _package()
    # The scripts find their installation from where they lie: copies, not links.
    shutil.copytree(package / "bin", target / "bin")
    _link_entries(package / "plugins", target / "plugins")
    _link_entries(package / "opt", target / "opt")
    _link_jars(target / "lib", package)
    _write_conf(target / "conf", package, settings)
    return target


def cluster_options(settings: Settings) -> dict[str, str]:
    """The cluster's configuration: flink-conf/cluster/config.yaml, this machine's part, then the settings' own."""
    state, ports = settings.state / "flink", settings.ports
    machine = {
        "rest.port": str(ports.flink_rest),
        "rest.bind-port": str(ports.flink_rest),
        "jobmanager.rpc.port": str(ports.jobmanager_rpc),
        "blob.server.port": str(ports.jobmanager_blob),
        "metrics.reporter.prom.port": str(ports.jobmanager_metrics),
        "execution.checkpointing.dir": (state / "checkpoints").as_uri(),
        "execution.checkpointing.savepoint-dir": (state / "savepoints").as_uri(),
        "io.tmp.dirs": str(state / "tmp"),
        "python.executable": sys.executable,
        "python.client.executable": sys.executable,
        "python.pythonpath": python_path(ROOT),
    }
    availability = _availability(settings) if settings.high_availability else {}
    return read_options(CONF / "cluster" / "config.yaml") | machine | availability | dict(settings.flink_options)


def read_options(file: Path) -> dict[str, str]:
    """Options of a Flink configuration file by their full keys."""
    return {key: str(value) for key, value in _flatten(yaml.safe_load(file.read_text()))}


def python_path(code: Path) -> str:
    """Where a TaskManager's Python finds installed packages, and those of a source tree."""
    return f"{sysconfig.get_path('purelib')}:{code}"


def rest_address(settings: Settings) -> str:
    """Base URL of the JobManager's web interface and REST API."""
    return f"http://{LOOPBACK}:{settings.ports.flink_rest}"


def package_lib() -> Path:
    """Folder of the jars that the apache-flink package ships."""
    return _package() / "lib"


def _availability(settings: Settings) -> dict[str, str]:
    """Options by which a JobManager that is started again finds the jobs of the one before."""
    return {
        "high-availability.type": "zookeeper",
        "high-availability.zookeeper.quorum": f"{LOOPBACK}:{settings.ports.zookeeper}",
        "high-availability.storageDir": (settings.state / "flink" / "ha").as_uri(),
        # Takes the place of jobmanager.rpc.port.
        "high-availability.jobmanager.port": str(settings.ports.jobmanager_rpc),
        # A killed JobManager is the leader until its session ends: a minute by default.
        "high-availability.zookeeper.client.session-timeout": "10 s",
        "high-availability.zookeeper.client.connection-timeout": "5 s",
    }


def _flatten(tree: Mapping[str, object], prefix: str = "") -> list[tuple[str, object]]:
    pairs: list[tuple[str, object]] = []
    for key, value in tree.items():
        pairs += _flatten(value, f"{prefix}{key}.") if isinstance(value, Mapping) else [(f"{prefix}{key}", value)]
    return pairs


def _package() -> Path:
    """Folder of the apache-flink package, found without importing it (which starts no JVM but takes a second)."""
    spec = importlib.util.find_spec("pyflink")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the package apache-flink is not installed: run `make setup`")
    return Path(spec.origin).parent


def _link_entries(source: Path, target: Path) -> None:
    """A folder of links; Flink does not look into a folder that is itself a link."""
    target.mkdir()
    for entry in source.iterdir():
        (target / entry.name).symlink_to(entry)


def _link_jars(lib: Path, package: Path) -> None:
    connectors = sorted((JARS / "flink").glob("*.jar"))
    if not connectors:
        raise FileNotFoundError(f"no jars in {JARS / 'flink'}: run `make setup`")
    # flink-python must be in lib/ too: loaded with a job instead, the second task start in a TaskManager's JVM
    # fails on Java 17 with NoSuchFieldException: loadedLibraryNames, that is, every restart.
    python = next((package / "opt").glob("flink-python-*.jar"))
    lib.mkdir()
    for jar in (*(package / "lib").glob("*.jar"), *connectors, python):
        (lib / jar.name).symlink_to(jar)


def _write_conf(conf: Path, package: Path, settings: Settings) -> None:
    conf.mkdir()
    shutil.copy(CONF / "cluster" / "log4j-console.properties", conf)
    shutil.copy(package / "conf" / "log4j-cli.properties", conf)
    (conf / "config.yaml").write_text(yaml.safe_dump(cluster_options(settings), width=10_000))
