"""Records what a fresh Kubernetes control plane has from the start into `openapi/kubernetes-1.35.bootstrap.json`.

    python tools/record_bootstrap.py https://127.0.0.1:6443 TOKEN

Roles and bindings, flow schemas and priority levels: names, labels, annotations and rules as they are served. No prose. What all objects of
a resource share is written once: `{bucket: {"common": {...}, "objects": [...]}}`.
"""

import argparse
import json
import ssl
import urllib.request
from pathlib import Path
from typing import Any

TARGET = Path(__file__).resolve().parent.parent / "openapi" / "kubernetes-1.35.bootstrap.json"
RBAC = "apis/rbac.authorization.k8s.io/v1"
FLOW = "apis/flowcontrol.apiserver.k8s.io/v1"
SOURCES = {
    "clusterroles.rbac.authorization.k8s.io": f"{RBAC}/clusterroles",
    "clusterrolebindings.rbac.authorization.k8s.io": f"{RBAC}/clusterrolebindings",
    "roles.rbac.authorization.k8s.io": f"{RBAC}/roles",
    "rolebindings.rbac.authorization.k8s.io": f"{RBAC}/rolebindings",
    "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io": f"{FLOW}/prioritylevelconfigurations",
    "flowschemas.flowcontrol.apiserver.k8s.io": f"{FLOW}/flowschemas",
}
KEPT = ("name", "namespace", "labels", "annotations")


def fetch(server: str, path: str, token: str) -> dict[str, Any]:
    """One list; a test server's own certificate is accepted."""
    request = urllib.request.Request(f"{server}/{path}", headers={"Authorization": f"Bearer {token}"})
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with urllib.request.urlopen(request, context=context) as answer:
        listed: dict[str, Any] = json.load(answer)
        return listed


def is_bootstrapped(obj: dict[str, Any]) -> bool:
    """Whether the server made it: RBAC's defaults are labelled, flow control's annotated."""
    meta = obj["metadata"]
    marked = meta.get("labels", {}).get("kubernetes.io/bootstrapping") == "rbac-defaults"
    return marked or "apf.kubernetes.io/autoupdate-spec" in meta.get("annotations", {})


def stripped(obj: dict[str, Any]) -> dict[str, Any]:
    """The object without what each server writes for itself."""
    metadata = {field: obj["metadata"][field] for field in KEPT if field in obj["metadata"]}
    return {
        "metadata": metadata,
        **{field: value for field, value in obj.items() if field not in ("apiVersion", "kind", "metadata", "status")},
    }


def table(listed: dict[str, Any]) -> dict[str, Any]:
    """The rows of one resource; labels and annotations that the first one has and all share go to `common`."""
    objects = [stripped(obj) for obj in listed["items"] if is_bootstrapped(obj)]
    common: dict[str, Any] = {"apiVersion": listed["apiVersion"], "kind": listed["kind"].removesuffix("List"), "metadata": {}}
    for field in ("labels", "annotations"):
        first = objects[0]["metadata"].get(field, {})
        shared = {key: value for key, value in first.items() if all(obj["metadata"].get(field, {}).get(key) == value for obj in objects)}
        if shared:
            common["metadata"][field] = shared
        for obj in objects:
            own = {key: value for key, value in obj["metadata"].pop(field, {}).items() if key not in shared}
            if own:
                obj["metadata"][field] = own
    return {"common": common, "objects": objects}


def compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("server")
    parser.add_argument("token")
    arguments = parser.parse_args()
    parts = []
    for bucket, path in SOURCES.items():
        rows = table(fetch(arguments.server, path, arguments.token))
        lines = ",\n".join(compact(row) for row in rows["objects"])
        parts.append(f'"{bucket}":{{"common":{compact(rows["common"])},"objects":[\n{lines}\n]}}')
    TARGET.write_text("{\n" + ",\n".join(parts) + "\n}\n")
    print(f"{TARGET.stat().st_size} bytes written")


if __name__ == "__main__":
    main()
