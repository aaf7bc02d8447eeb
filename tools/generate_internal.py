#!/usr/bin/env python3
"""Makes openapi/kubernetes-1.35.internal.json: how Kubernetes' internal structs under PodSpec are laid out.

Upstream prints those structs in a few messages (a forbidden change of a Pod shows the difference of two of them). Each line is one
struct: for every field its Go name, its name in v1 (empty when v1 keeps it elsewhere) and what it is.

    tools/generate_internal.py KUBERNETES_SOURCE API_SOURCE     (the directories of k8s.io/kubernetes and k8s.io/api)
"""

import json
import re
import sys
from pathlib import Path

OUT = Path(__file__).resolve().parent.parent / "openapi" / "kubernetes-1.35.internal.json"
PLAIN = {
    "types.UID": "string",
    "resource.Quantity": "quantity",
    "intstr.IntOrString": "intOrString",
    "metav1.Time": "time",
    "string": "string",
    "bool": "bool",
}

Fields = list[tuple[str, str, str]]


class Source:
    """The structs and aliases of one `types.go`."""

    def __init__(self, path: Path) -> None:
        text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)
        self.structs: dict[str, Fields] = {}
        for name, body in re.findall(r"^type (\w+) struct \{\n(.*?)^\}", text, re.M | re.S):
            self.structs[name] = [field for line in body.split("\n") for field in _fields(line)]
        self.aliases = dict(re.findall(r"^type (\w+) (map\[.*|[\w\[\].]+)$", text, re.M))


def _fields(line: str) -> Fields:
    line = re.sub(r"//.*", "", line).strip()
    if not line:
        return []
    if found := re.match(r"(\w+(?:,\s*\w+)*)\s+([^\s`]+)(?:\s+`(.*)`)?$", line):
        tag = re.search(r'json:"([^",]*)', found[3] or "")
        return [(name.strip(), found[2], tag[1] if tag else "") for name in found[1].split(",")]
    return [("", line.split()[0], "")]


class Layout:
    """Collects a struct and everything under it."""

    def __init__(self, internal: Source, public: Source) -> None:
        self.internal = internal
        self.public = public
        self.table: dict[str, list[list[str]]] = {}

    def visit(self, name: str) -> None:
        if name in self.table:
            return
        rows = self.table[name] = []
        self._rows(name, name, rows)

    def _rows(self, struct: str, owner: str, rows: list[list[str]]) -> None:
        for name, kind, _ in self.internal.structs[struct]:
            if not name and kind == "metav1.ObjectMeta":
                rows.append(["", "metadata", "inline"])
            elif not name:
                self._rows(kind, owner, rows)
            else:
                rows.append([name, self._public_name(struct, name) or self._public_name(owner, name), self._kind(kind)])

    def _public_name(self, struct: str, name: str) -> str:
        for go_name, kind, tag in self.public.structs.get(struct, []):
            if go_name == name:
                return tag
            if not go_name and (found := self._public_name(kind, name)):
                return found
        return ""

    def _kind(self, go_type: str) -> str:
        for prefix in ("*", "[]"):
            if go_type.startswith(prefix):
                return prefix + self._kind(go_type.removeprefix(prefix))
        if go_type.startswith("map["):
            return "map"
        if go_type in self.internal.aliases:
            return self._kind(self.internal.aliases[go_type])
        if re.match(r"u?int\d*$|byte$", go_type):
            return "int"
        if go_type in PLAIN:
            return PLAIN[go_type]
        if go_type.startswith("metav1."):
            return "raw"
        self.visit(go_type)
        return go_type


def main() -> None:
    kubernetes, api = (Path(argument) for argument in sys.argv[1:3])
    layout = Layout(Source(kubernetes / "pkg/apis/core/types.go"), Source(api / "core/v1/types.go"))
    layout.visit("PodSpec")
    rows = (f'"{name}":{json.dumps(" ".join("/".join(row) for row in fields))}' for name, fields in sorted(layout.table.items()))
    OUT.write_text("{\n" + ",\n".join(rows) + "\n}\n")


if __name__ == "__main__":
    main()
