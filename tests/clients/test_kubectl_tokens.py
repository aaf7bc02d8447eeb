"""Tokens and what outlives a restart, as a user of kubectl sees them."""

import json
import os
import signal
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from tests.clients.conftest import KubectlRunner, RunningServer, start_server, until

pytestmark = pytest.mark.client

POD = """\
apiVersion: v1
kind: Pod
metadata: {name: keep}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - name: main
    image: busybox
    command: [sh, -c, "echo run $(cat /cache/x 2>/dev/null | wc -l); echo x >> /cache/x; echo x >> /host/x; sleep 10000"]
    volumeMounts: [{name: cache, mountPath: /cache}, {name: host, mountPath: /host}]
  volumes:
  - {name: cache, emptyDir: {}}
  - {name: host, hostPath: {path: /data/here, type: DirectoryOrCreate}}
"""
FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount"
ASK = f'curl -s --cacert {FOLDER}/ca.crt -H "Authorization: Bearer $(cat {FOLDER}/token)"'


def test_a_token_is_made_and_reviewed(kubectl: KubectlRunner) -> None:
    request = json.loads(kubectl("create", "token", "default", "--duration", "10m", "--audience", "vault", "-o", "json"))

    assert request["spec"] == {"audiences": ["vault"], "boundObjectRef": None, "expirationSeconds": 600}
    spec = {"token": request["status"]["token"], "audiences": ["vault"]}
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": spec}
    answer = json.loads(kubectl("create", "-f", "-", "-o", "json", stdin=json.dumps(review)))
    assert answer["status"]["user"]["username"] == f"system:serviceaccount:{kubectl.namespace}:default"
    assert kubectl.error("create", "token", "default", "--duration", "1m").strip() == (
        'error: failed to create token: TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 60: '
        "may not specify a duration less than 10 minutes"
    )
    assert kubectl.error("create", "token", "nobody").strip() == 'error: failed to create token: serviceaccounts "nobody" not found'


def test_acting_as_others(kubectl: KubectlRunner) -> None:
    account = f"system:serviceaccount:{kubectl.namespace}:default"
    assert kubectl.run("auth", "can-i", "list", "pods", "--as", account).stdout == "no\n"
    kubectl("create", "rolebinding", "viewers", "--clusterrole=view", f"--serviceaccount={kubectl.namespace}:default")

    assert kubectl("auth", "can-i", "list", "pods", "--as", account) == "yes\n"
    assert "No resources found" in kubectl.run("get", "pods", "--as", account).stderr
    assert kubectl.error("get", "pods", "--as", "jane").strip() == (
        'Error from server (Forbidden): pods is forbidden: User "jane" cannot list resource "pods" in API group "" '
        f'in the namespace "{kubectl.namespace}"'
    )


def test_a_pod_asks_the_api_as_its_account(kubectl: KubectlRunner) -> None:
    kubectl("run", "probe", "--image=curlimages/curl", "--command", "--", "sleep", "1000")
    kubectl("wait", "--for=condition=Ready", "pod/probe", "--timeout=120s")
    url = f"https://kubernetes.default.svc/api/v1/namespaces/{kubectl.namespace}/pods"

    refused = json.loads(kubectl("exec", "probe", "--", "sh", "-c", f"{ASK} {url}"))
    kubectl("create", "rolebinding", "viewers", "--clusterrole=view", f"--serviceaccount={kubectl.namespace}:default")
    granted = json.loads(kubectl("exec", "probe", "--", "sh", "-c", f"{ASK} {url}"))

    assert (refused["code"], refused["reason"]) == (403, "Forbidden")
    assert [pod["metadata"]["name"] for pod in granted["items"]] == ["probe"]


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_logs_and_files_are_there_after_a_restart(kubectl: KubectlRunner, tmp_path: Path, end: signal.Signals) -> None:
    server = start_server(tmp_path / "data", "--pace", "fast")
    own = replace(kubectl, kubeconfig=server.kubeconfig, namespace="default")
    try:
        own("apply", "-f", "-", stdin=POD)
        until(lambda: own.run("exec", "keep", "--", "cat", "/cache/x", "/host/x").stdout == "x\nx\n", "both files")
        until(lambda: own.run("logs", "keep").stdout == "run 0\n", "the first line")
        # What was written in the last second before a kill is lost.
        for folder, end_of_file in (("pods/*/logs/main.0", b"run 0"), ("pods/*/volumes/cache", b"x"), ("nodes/*", b"x")):
            until(partial(_is_kept, tmp_path / "data/containers", folder, end_of_file), f"what is kept in {folder}")
        server = _restarted(server, end)

        until(lambda: own.run("logs", "keep").stdout == "run 1\n", "the first line of the next run")
        until(lambda: own.run("exec", "keep", "--", "cat", "/cache/x", "/host/x").stdout == "x\nx\nx\nx\n", "one more line in both files")

        assert own("logs", "keep", "--previous") == "run 0\n"
        assert own("get", "pod", "keep", "-o", "jsonpath={.status.containerStatuses[0].restartCount}") == "1"
    finally:
        server.stop()


def _is_kept(folder: Path, pattern: str, end_of_file: bytes) -> bool:
    return any(path.read_bytes().rstrip().endswith(end_of_file) for path in folder.glob(pattern))


def _restarted(server: RunningServer, end: signal.Signals) -> RunningServer:
    os.kill(server.process.pid, end)
    server.ended()
    return start_server(server.data, "--pace", "fast")
