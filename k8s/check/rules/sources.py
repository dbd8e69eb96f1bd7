"""The collectors' file of sources is one that a collector starts with, once the tokens that it refers to are there."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from collectors.sources import InvalidSources, load_sources
from k8s.check.manifests import Finding, Overlay

_FILE: Final = "sources.yaml"
#: A reference to a file of a Secret, for which any token stands in.
_REFERENCE: Final = re.compile(r"\$\{file:[^}]+\}")
_TOKEN: Final = {"TOKEN": "any-token-of-32-characters-or-more"}


def check(overlay: Overlay) -> Iterator[Finding]:
    """Every ConfigMap that holds such a file."""
    for config in overlay.of("ConfigMap"):
        text = (config.body.get("data") or {}).get(_FILE)
        if text is None:
            continue
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / _FILE
            file.write_text(_REFERENCE.sub("${env:TOKEN}", text))
            try:
                load_sources(file, http_host="0.0.0.0", environ=_TOKEN)  # noqa: S104 - as in the pod
            except InvalidSources as error:
                yield config.wrong(f"data.{_FILE}", str(error))
