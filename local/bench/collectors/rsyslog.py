"""The baseline: rsyslogd, imtcp to omkafka, on the same broker with the same guarantees (acks=all, idempotent)."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from local.ports import LOOPBACK, is_open
from local.process import Child, Spec, start, stop, wait_ready

TOPIC: Final = "bench-rsyslog"
_NAME: Final = "rsyslogd"
_START_SECONDS: Final = 20
#: Where distributions put it; often not on the PATH of users.
_PATH: Final = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"

_CONFIG: Final = """\
module(load="imtcp")
module(load="omkafka")
global(workDirectory="{state}" maxMessageSize="256k")
main_queue(queue.type="FixedArray" queue.size="100000" queue.dequeueBatchSize="1024")
template(name="line" type="string" string="%msg%")
input(type="imtcp" address="{host}" port="{port}")
action(
  type="omkafka" topic="{topic}" broker=["{bootstrap}"] template="line" partitions.auto="on" resubmitOnFailure="on"
  confParam=[
    "acks=all", "enable.idempotence=true", "compression.codec=lz4", "linger.ms=5",
    "queue.buffering.max.messages=1000000"
  ]
)
"""


class NotInstalled(Exception):
    """There is no rsyslogd with omkafka here; the message says what is missing."""


class Rsyslog:
    """One rsyslogd, its files and its process in the state folder."""

    def __init__(self, state: Path, port: int, bootstrap: str) -> None:
        self.port = port
        self._state = state
        self._config = state / "rsyslog.conf"
        self._text = _CONFIG.format(state=state, host=LOOPBACK, port=port, topic=TOPIC, bootstrap=bootstrap)

    def start(self) -> Child:
        """Start it and wait until it listens. Raises NotInstalled or StartFailed."""
        program = shutil.which("rsyslogd", path=_PATH)
        if program is None:
            raise NotInstalled("rsyslogd is not installed")
        self._config.write_text(self._text)
        check = subprocess.run([program, "-N1", "-f", self._config], capture_output=True, text=True, check=False)
        if check.returncode != 0:
            raise NotInstalled(f"rsyslogd has no omkafka: {check.stderr.strip().splitlines()[-1]}")
        argv = [program, "-n", "-f", str(self._config), "-i", str(self._state / "rsyslogd.pid")]
        spec = Spec(name=_NAME, argv=argv, state=self._state)
        child = start(spec)
        wait_ready(child, lambda: is_open(self.port), timeout=_START_SECONDS, log_file=spec.log_file)
        return child

    def stop(self) -> None:
        """Stop it."""
        stop(self._state, _NAME)
