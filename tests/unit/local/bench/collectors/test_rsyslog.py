from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from local.bench.collectors.rsyslog import NotInstalled, Rsyslog


def test_a_machine_without_rsyslog_is_told_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda program, path: None)
    with pytest.raises(NotInstalled, match="rsyslogd is not installed"):
        Rsyslog(tmp_path, 1, "127.0.0.1:9").start()


def test_a_missing_module_is_told_by_what_rsyslog_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def check(argv: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(argv, 1, "", "version\ncould not load module 'omkafka'\n")

    monkeypatch.setattr(shutil, "which", lambda program, path: "/usr/sbin/rsyslogd")
    monkeypatch.setattr(subprocess, "run", check)
    with pytest.raises(NotInstalled, match="rsyslogd has no omkafka: could not load module 'omkafka'"):
        Rsyslog(tmp_path, 1, "127.0.0.1:9").start()


def test_it_promises_what_a_collector_promises(tmp_path: Path) -> None:
    text = Rsyslog(tmp_path, 10_514, "127.0.0.1:9092")._text
    assert '"acks=all", "enable.idempotence=true"' in text
    assert 'input(type="imtcp" address="127.0.0.1" port="10514")' in text
    assert 'broker=["127.0.0.1:9092"]' in text
