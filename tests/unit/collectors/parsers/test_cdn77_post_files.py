"""The script that posts CDN77's files, with commands of the test in place of rclone and curl."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from collectors.parsers import cdn77

SCRIPT = Path(cdn77.__file__).with_name("cdn77.post-files.sh")
TOKEN = "a-secret-of-acme-1234"
#: What it posts is the argument of --data-binary; it answers what stands in the file `answer`.
CURL = """#!/usr/bin/env bash
echo "$@" >> "$SITE/arguments"
while (($#)); do
    case $1 in
        --header) cat "${2#@}" >> "$SITE/headers" ;;
        --data-binary) echo "${2##*/} $(cat "${2#@}")" >> "$SITE/posted" ;;
    esac
    shift
done
exit "$(cat "$SITE/answer")"
"""
RCLONE = """#!/usr/bin/env bash
cp -r "$2/." "$3"
"""


@dataclass(frozen=True, kw_only=True)
class Site:
    """A bucket, a spool, and a collector that answers with `answer`."""

    folder: Path

    def upload(self, name: str, content: str) -> None:
        file = self.folder / "bucket" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)

    def run(self, answer: int = 0) -> int:
        (self.folder / "answer").write_text(str(answer))
        settings = {
            "COLLECTOR": "https://collector.example.com",
            "SOURCE": "acme-cdn77",
            "ACME_CDN77_TOKEN": TOKEN,
            "BUCKET": str(self.folder / "bucket"),
            "SPOOL": str(self.folder / "spool"),
            "SITE": str(self.folder),
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
        }
        return subprocess.run(["bash", str(SCRIPT)], env=settings, check=False, timeout=30).returncode

    def posted(self) -> list[str]:
        record = self.folder / "posted"
        return record.read_text().splitlines() if record.exists() else []


@pytest.fixture
def site(tmp_path: Path) -> Site:
    (tmp_path / "bin").mkdir()
    for name, text in (("curl", CURL), ("rclone", RCLONE)):
        command = tmp_path / "bin" / name
        command.write_text(text)
        command.chmod(0o755)
    made = Site(folder=tmp_path)
    made.upload("20261123/07/a.ndjson.gz", "lines of a")
    return made


def test_a_file_is_posted_once(site: Site) -> None:
    assert (site.run(), site.run()) == (0, 0)
    assert site.posted() == ["a.ndjson.gz lines of a"]


def test_new_files_are_posted_in_order(site: Site) -> None:
    site.run()
    site.upload("20261123/08/c.ndjson.gz", "lines of c")
    site.upload("20261123/07/b.ndjson.gz", "lines of b")
    site.run()
    assert site.posted() == ["a.ndjson.gz lines of a", "b.ndjson.gz lines of b", "c.ndjson.gz lines of c"]


def test_a_refused_file_fails_the_run_and_is_posted_again(site: Site) -> None:
    assert site.run(answer=22) == 1
    assert site.run() == 0
    assert site.posted() == ["a.ndjson.gz lines of a"] * 2


def test_a_refused_file_keeps_none_of_the_others_back(site: Site) -> None:
    site.upload("20261123/07/b.ndjson.gz", "lines of b")
    assert site.run(answer=22) == 1
    assert site.posted() == ["a.ndjson.gz lines of a", "b.ndjson.gz lines of b"]


def test_the_secret_is_no_argument_of_any_command(site: Site) -> None:
    site.run()
    assert TOKEN not in (site.folder / "arguments").read_text()
    assert (site.folder / "headers").read_text() == f"Authorization: Bearer {TOKEN}\n"
