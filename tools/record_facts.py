"""Records which kinds a running Kubernetes serves, from its aggregated discovery, into `openapi/kubernetes-1.35.kinds.json`.

    python tools/record_facts.py https://127.0.0.1:6443 TOKEN

Takes the built-in groups in their stable versions: names, verbs, short names, categories, subresources. No prose.
"""

import argparse
import json
import re
import ssl
import urllib.request
from pathlib import Path
from typing import Any

TARGET = Path(__file__).resolve().parent.parent / "openapi" / "kubernetes-1.35.kinds.json"
ACCEPT = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
STABLE = re.compile(r"v\d+")


def fetch(server: str, path: str, token: str) -> Any:
    """The aggregated discovery document at `path`; a test server's own certificate is accepted."""
    request = urllib.request.Request(server + path, headers={"Accept": ACCEPT, "Authorization": f"Bearer {token}"})
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with urllib.request.urlopen(request, context=context) as answer:
        return json.load(answer)


def is_builtin(group: str) -> bool:
    return "." not in group or group.endswith(".k8s.io")


def row(group: str, version: str, resource: dict[str, Any]) -> dict[str, Any]:
    """One served resource as the table keeps it; what is empty is left out."""
    facts = {
        "group": group,
        "version": version,
        "kind": resource["responseKind"]["kind"],
        "resource": resource["resource"],
        "singular": resource["singularResource"],
        "namespaced": resource["scope"] == "Namespaced",
        "verbs": resource["verbs"],
        "short_names": resource.get("shortNames"),
        "categories": resource.get("categories"),
        "subresources": [subresource(sub) for sub in resource.get("subresources", ())],
    }
    return {key: value for key, value in facts.items() if value or key in ("group", "namespaced")}


def subresource(sub: dict[str, Any]) -> dict[str, Any]:
    body = sub["responseKind"]
    facts = {"name": sub["subresource"], "kind": body["kind"], "group": body["group"], "version": body["version"], "verbs": sub["verbs"]}
    return {key: value for key, value in facts.items() if value}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("server")
    parser.add_argument("token")
    arguments = parser.parse_args()
    rows = []
    for path in ("/api", "/apis"):
        for group in fetch(arguments.server, path, arguments.token)["items"]:
            name = group["metadata"].get("name", "")
            for version in group["versions"]:
                if is_builtin(name) and STABLE.fullmatch(version["version"]):
                    rows += [row(name, version["version"], resource) for resource in version["resources"]]
    lines = ",\n".join(json.dumps(each, separators=(",", ":")) for each in rows)
    TARGET.write_text(f"[\n{lines}\n]\n")
    print(f"{len(rows)} kinds written")


if __name__ == "__main__":
    main()
