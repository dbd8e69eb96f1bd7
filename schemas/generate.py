"""Generate the Protobuf modules beside the schema, or check that they are current.

`python -m schemas.generate` writes them, `python -m schemas.generate --check` fails where they differ.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from grpc_tools import protoc

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = "schemas/cdn_logs.proto"
GENERATED = ("schemas/cdn_logs_pb2.py", "schemas/cdn_logs_pb2.pyi")


def generate(into: Path) -> None:
    """Run protoc on the schema, with type stubs. Raises RuntimeError with protoc's exit status."""
    outputs = [f"--python_out={into}", f"--pyi_out={into}"]
    status = protoc.main(["protoc", f"--proto_path={ROOT}", *outputs, SCHEMA])
    if status != 0:
        raise RuntimeError(f"protoc failed on {SCHEMA} with status {status}")


def stale_files() -> list[str]:
    """Names of the generated files that differ from what the schema gives today."""
    with tempfile.TemporaryDirectory() as scratch:
        generate(Path(scratch))
        return [name for name in GENERATED if _read(Path(scratch) / name) != _read(ROOT / name)]


def main(arguments: list[str]) -> int:
    """Generate, or with `--check` return 1 where a generated file is stale."""
    if arguments == ["--check"]:
        stale = stale_files()
        for name in stale:
            print(f"{name} is not current: run `make schemas` and commit the result", file=sys.stderr)
        return 1 if stale else 0
    generate(ROOT)
    return 0


def _read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
