"""What kubectl does with the OpenAPI documents: explain, validation before the server, three-way merges."""

import pytest

from tests.clients.conftest import KubectlRunner

pytestmark = pytest.mark.client

MANIFEST = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: nginx, image: "nginx:1.25", ports: [{containerPort: 80}]}]}
"""


def test_explain_prints_types_words_and_choices(kubectl: KubectlRunner) -> None:
    printed = kubectl("explain", "deployment.spec.strategy")

    assert printed.startswith("GROUP:      apps\nKIND:       Deployment\nVERSION:    v1\n\nFIELD: strategy <DeploymentStrategy>\n")
    assert "rollingUpdate\t<RollingUpdateDeployment>\n" in printed
    assert "enum: Recreate, RollingUpdate" in printed
    assert "The deployment strategy to use to replace existing pods" in printed


def test_explain_goes_through_a_whole_kind(kubectl: KubectlRunner) -> None:
    printed = kubectl("explain", "pod", "--recursive")

    assert "containerPort\t<integer> -required-\n" in printed
    assert "ownerReferences\t<[]OwnerReference>\n" in printed


def test_explain_by_the_older_document_reads_protobuf(kubectl: KubectlRunner) -> None:
    printed = kubectl("explain", "service.spec", "--output", "plaintext-openapiv2")

    assert "KIND:     Service\nVERSION:  v1\n\nRESOURCE: spec <Object>\n" in printed
    assert "   sessionAffinity\t<string>\n" in printed


def test_explain_of_a_field_that_is_not_there(kubectl: KubectlRunner) -> None:
    done = kubectl.run("explain", "deployment.spec.nope")

    assert done.returncode == 1
    assert 'error: field "nope" does not exist' in done.stderr


def test_apply_refuses_unknown_fields_and_diff_and_apply_merge_by_keys(kubectl: KubectlRunner) -> None:
    wrong = kubectl.run("apply", "-f", "-", stdin=MANIFEST.replace("replicas: 1", "replicas: 1\n  foo: bar"))
    assert wrong.returncode == 1
    assert 'strict decoding error: unknown field "spec.foo"' in wrong.stderr

    kubectl("apply", "-f", "-", stdin=MANIFEST)
    changed = MANIFEST.replace("containerPort: 80", "containerPort: 80, name: http")
    diff = kubectl.run("diff", "-f", "-", stdin=changed)
    assert diff.returncode == 1
    assert "+          name: http" in diff.stdout
    kubectl("apply", "-f", "-", stdin=changed)

    ports = kubectl("get", "deployment", "web", "-o", "jsonpath={.spec.template.spec.containers[0].ports}")
    assert ports == '[{"containerPort":80,"name":"http","protocol":"TCP"}]'
