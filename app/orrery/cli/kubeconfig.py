"""The kubeconfig `orrery serve` writes: one cluster, one user, one context, all called orrery."""

import json
import os
from pathlib import Path
from urllib.parse import quote


def kubeconfig_text(url: str, token: str = "") -> str:
    """The file's text, YAML by hand so that no YAML library is imported at start; `token` is empty without authentication.

    The token stands in the URL, too: kubectl leaves the user's token out of requests without TLS, but sends what the URL carries.
    The JavaScript client takes an http: server only when the file says not to verify TLS; the others ignore that here.
    """
    if token:
        scheme, _, rest = url.partition("://")
        url = f"{scheme}://orrery:{quote(token, safe='')}@{rest}"
    user = f"{{token: {json.dumps(token)}}}" if token else "{}"
    return (
        "apiVersion: v1\n"
        "kind: Config\n"
        "clusters:\n"
        f'- cluster: {{server: "{url}", insecure-skip-tls-verify: true}}\n'
        "  name: orrery\n"
        "contexts:\n"
        "- context: {cluster: orrery, namespace: default, user: orrery}\n"
        "  name: orrery\n"
        "current-context: orrery\n"
        "users:\n"
        "- name: orrery\n"
        f"  user: {user}\n"
    )


def write_kubeconfig(path: Path, url: str, token: str = "") -> None:
    """Write the file for its owner's eyes only, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + f".{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(kubeconfig_text(url, token))
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
