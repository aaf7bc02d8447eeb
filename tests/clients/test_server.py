"""`orrery serve` as a process: how it starts, what it says when it cannot, how it ends, what survives."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.clients.conftest import KubectlRunner, RunningServer, kubectl_program, start_server, until

pytestmark = pytest.mark.client


def fetch(url: str, method: str = "GET", body: Any = None, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method, headers={"Content-Type": "application/json", **(headers or {})})
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def refusal(*options: str, data: Path) -> tuple[int, str]:
    """Exit code and standard error of a server that should not start."""
    command = [str(Path(sys.executable).with_name("orrery")), "serve", "--data", str(data), *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stderr


def test_it_says_how_to_reach_it(server: RunningServer) -> None:
    text = "\n".join(server.output)

    assert f"export KUBECONFIG={server.kubeconfig}" in text
    assert f"{server.url}/api/v1/namespaces" in text
    assert f"{server.url}/docs" in text


def test_the_kubeconfig_is_for_its_owner_only(server: RunningServer) -> None:
    assert stat.S_IMODE(server.kubeconfig.stat().st_mode) == 0o600
    assert server.url in server.kubeconfig.read_text()


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/healthz"])
def test_health_is_ok(server: RunningServer, path: str) -> None:
    wait_until_ready(server.url)

    assert fetch(server.url + path) == (200, b"ok")
    assert b"check passed" in fetch(server.url + path + "?verbose")[1]


def wait_until_ready(url: str) -> None:
    until(lambda: fetch(url + "/readyz")[0] == 200, "readiness")


def test_a_port_in_use_is_one_clear_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        code, text = refusal("--port", str(port), data=tmp_path)

    assert (code, text) == (1, f"orrery: cannot listen on 127.0.0.1:{port}: address already in use\n")


def test_a_data_directory_in_use_is_one_clear_line(server: RunningServer) -> None:
    code, text = refusal("--port", "0", data=server.data)

    assert code == 1
    assert text.count("\n") == 1
    assert str(server.data) in text


def test_other_addresses_need_a_token_or_insistence(tmp_path: Path) -> None:
    code, text = refusal("--port", "0", "--host", "0.0.0.0", data=tmp_path)

    assert code == 1
    assert text == "orrery: refusing to listen on 0.0.0.0 without authentication: give --token-file FILE, or --insecure\n"


def test_a_token_file_that_is_missing_is_one_clear_line(tmp_path: Path) -> None:
    code, text = refusal("--port", "0", "--token-file", str(tmp_path / "none.csv"), data=tmp_path)

    assert code == 1
    assert text.count("\n") == 1


def test_with_tokens_only_their_bearers_get_in(tmp_path: Path) -> None:
    tokens = tmp_path / "tokens.csv"
    tokens.write_text('secret,jane,1,"system:masters"\n')
    running = start_server(tmp_path / "data", "--token-file", str(tokens), "--pace", "fast")
    try:
        assert fetch(running.url + "/api/v1/namespaces")[0] == 401
        assert fetch(running.url + "/api/v1/namespaces", headers={"Authorization": "Bearer wrong"})[0] == 401
        assert fetch(running.url + "/api/v1/namespaces", headers={"Authorization": "Bearer secret"})[0] == 200
        assert "secret" in running.kubeconfig.read_text()
    finally:
        running.stop()


def test_a_user_may_do_what_roles_allow(tmp_path: Path) -> None:
    tokens = tmp_path / "tokens.csv"
    tokens.write_text('admin,root,1,"system:masters"\nsecret,jane,2\n')
    running = start_server(tmp_path / "data", "--token-file", str(tokens), "--pace", "fast")
    rbac = running.url + "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings"
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}
    binding = {"metadata": {"name": "jane"}, "subjects": [{"kind": "User", "name": "jane"}], "roleRef": reference}
    admin, jane = ({"Authorization": f"Bearer {token}"} for token in ("admin", "secret"))
    try:
        wait_until_ready(running.url)
        path = running.url + "/api/v1/namespaces/default/configmaps"
        code, text = fetch(path, headers=jane)
        assert code == 403
        why = 'User "jane" cannot list resource "configmaps" in API group "" in the namespace "default"'
        assert json.loads(text)["message"] == f"configmaps is forbidden: {why}"

        assert fetch(rbac, "POST", binding, admin)[0] == 201
        assert fetch(path, headers=jane)[0] == 200
        assert fetch(path, "DELETE", headers=jane)[0] == 403
        assert fetch(running.url + "/apis", headers=jane)[0] == 200
        assert fetch(running.url + "/orrery/v1/namespaces/default/deployments/x/revisions", headers=jane)[0] == 403
    finally:
        running.stop()


def test_kubectl_gets_in_with_the_kubeconfig_alone(tmp_path: Path) -> None:
    """kubectl leaves tokens out of requests without TLS, so the kubeconfig's URL carries it as well."""
    tokens = tmp_path / "tokens.csv"
    tokens.write_text('s3cret/+,jane,1,"system:masters"\nother,bob,2,devs\n')
    running = start_server(tmp_path / "data", "--token-file", str(tokens), "--pace", "fast")
    try:
        kubectl = KubectlRunner(kubectl_program("1.35"), running.kubeconfig, tmp_path, "default", tmp_path)

        assert "jane" in kubectl("auth", "whoami")
        code, body = fetch(running.url + "/api/v1/nodes", headers={"Authorization": "Bearer other"})
        assert code == 403
        assert b'User \\"bob\\" cannot list resource \\"nodes\\"' in body
    finally:
        running.stop()


def test_variables_stand_for_options(tmp_path: Path) -> None:
    running = start_server(tmp_path, environment={"ORRERY_NODES": "1", "ORRERY_PACE": "fast", "ORRERY_IN_MEMORY": "true"})
    try:
        wait_until_ready(running.url)
        nodes = json.loads(fetch(running.url + "/api/v1/nodes")[1])

        assert len(nodes["items"]) == 1
        assert not (tmp_path / "orrery.db").exists()
    finally:
        running.stop()


def test_pages_from_elsewhere_cannot_drive_it(server: RunningServer) -> None:
    path = server.url + "/api/v1/namespaces"

    assert fetch(path, headers={"Host": "evil.example"})[0] == 403
    assert fetch(path, headers={"Origin": "https://evil.example"})[0] == 403
    assert fetch(path, headers={"Origin": server.url})[0] == 200


def test_sigterm_ends_watches_and_exits_with_zero(tmp_path: Path) -> None:
    running = start_server(tmp_path, "--pace", "fast")
    with urllib.request.urlopen(running.url + "/api/v1/namespaces?watch=true", timeout=120) as watch:
        assert json.loads(watch.readline())["type"] == "ADDED"

        running.process.send_signal(signal.SIGTERM)
        rest = watch.read()  # Ends by itself, without a broken connection.

    assert rest == b"" or rest.endswith(b"\n")
    assert running.ended() == 0


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_what_was_acknowledged_survives(tmp_path: Path, end: signal.Signals) -> None:
    running = start_server(tmp_path, "--pace", "fast")
    path = "/api/v1/namespaces/default/configmaps"
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kept"}, "data": {"a": "b"}}
    code, created = fetch(running.url + path, "POST", body)
    assert code == 201
    os.kill(running.process.pid, end)
    running.ended()

    again = start_server(tmp_path, "--pace", "fast")
    try:
        assert json.loads(fetch(again.url + path + "/kept")[1]) == json.loads(created)
    finally:
        assert again.stop() == 0
