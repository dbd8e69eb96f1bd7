"""ZooKeeper's configuration: on this machine only, its data with the stack's."""

from __future__ import annotations

from pathlib import Path

from local.settings import Settings
from local.zookeeper import server_options


def test_it_listens_on_this_machine_alone_and_keeps_its_data_in_the_state_folder(tmp_path: Path) -> None:
    assert server_options(Settings(state=tmp_path, port_base=19_000)) == {
        "tickTime": "3000",
        "dataDir": f"{tmp_path}/zookeeper/data",
        "clientPortAddress": "127.0.0.1",
        "clientPort": "19008",
        "admin.enableServer": "false",
        "4lw.commands.whitelist": "ruok",
    }
