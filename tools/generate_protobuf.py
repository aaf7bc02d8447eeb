"""Builds `openapi/kubernetes-1.35.protobuf.json`: the field numbers of the API's structs on the wire.

    python -m tools.generate_protobuf --go-modules "$(go env GOMODCACHE)/k8s.io"

For every struct of `openapi/kubernetes-1.35.schema.json` that has numbers: {number: JSON name}, and for an embedded struct that is a
message of its own {number: {…}}. Types are the schema table's. Source: the protobuf tags of the Go structs.
"""

import argparse
import json
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = ROOT / "openapi" / "kubernetes-1.35.schema.json"
TARGET = ROOT / "openapi" / "kubernetes-1.35.protobuf.json"

_STRUCT = re.compile(r"^(?:type )?\t?(\w+) struct \{$")
_FIELD = re.compile(r'^\t+(?:\w+ )?\s*([\w.*\[\]]+)\s+`.*?json:"([^",]*)([^"]*)".*?protobuf:"\w+,(\d+)')


class Package:
    """The tagged fields of every struct of a package: (number, JSON name, Go type)."""

    def __init__(self, folder: Path) -> None:
        self.structs: dict[str, list[tuple[str, str, str]]] = {}
        for source in sorted(folder.glob("*.go")):
            if not source.name.startswith("zz_") and not source.name.endswith(("_test.go", ".pb.go")):
                self._read(source.read_text().splitlines())

    def _read(self, lines: list[str]) -> None:
        current: list[tuple[str, str, str]] = []
        for line in lines:
            if found := _STRUCT.match(line):
                current = self.structs.setdefault(found[1], [])
            elif found := _FIELD.match(line):
                go_type, name, options, number = found.groups()
                current.append((number, "" if "inline" in options else name, go_type))

    def numbers(self, name: str) -> dict[str, Any]:
        return {number: json_name or self.numbers(go_type) for number, json_name, go_type in self.structs.get(name, ())}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "--go-modules", type=Path, default=Path.home() / "go/pkg/mod/k8s.io", help="folder with api@VERSION and its siblings"
    )
    parser.add_argument("--version", default="v0.35.4", help="version of the Go modules")
    arguments = parser.parse_args()
    packages: dict[Path, Package] = {}
    lines = []
    for struct_id in sorted(json.loads(SCHEMA.read_text())):
        module, *inside, name = struct_id.removeprefix("io.k8s.").split(".")
        folder = arguments.go_modules / f"{module}@{arguments.version}" / "/".join(inside)
        if folder not in packages:
            packages[folder] = Package(folder)
        numbers = packages[folder].numbers(name)
        if numbers:
            lines.append(f"{json.dumps(struct_id)}:{json.dumps(numbers, separators=(',', ':'))}")
    TARGET.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(f"{len(lines)} messages written")


if __name__ == "__main__":
    main()
