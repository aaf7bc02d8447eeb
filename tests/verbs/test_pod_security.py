"""Pod Security, held against the answers of a real API server (pod_security_answers.json) to Pods that break each rule."""

import json
from pathlib import Path
from typing import Any

import pytest

from orrery.machinery.objects import Object
from orrery.verbs.call import Call
from tests.verbs.world import Api, pod, refusal

ANSWERS = json.loads((Path(__file__).parent / "pod_security_answers.json").read_text())
ENFORCE = "pod-security.kubernetes.io/enforce"
ALL = (
    'allowPrivilegeEscalation != false (container "a" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities'
    ' (container "a" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "a" must set'
    ' securityContext.runAsNonRoot=true), seccompProfile (pod or container "a" must set securityContext.seccompProfile.type to'
    ' "RuntimeDefault" or "Localhost")'
)


async def _namespace(api: Api, name: str, **labels: str) -> None:
    labels = {f"pod-security.kubernetes.io/{key.replace('_', '-')}": value for key, value in labels.items()}
    await api.create("namespaces", {"metadata": {"name": name, "labels": labels}})
    await api.create("serviceaccounts", {"metadata": {"name": "default"}}, namespace=name)


@pytest.mark.parametrize("name", ANSWERS["standards"])
async def test_each_pod_is_answered_as_on_a_real_server(api: Api, name: str) -> None:
    level, version = ANSWERS["standards"][name]
    await _namespace(api, f"ps-{name}", enforce=level, enforce_version=version)
    for case in ANSWERS["pods"]:
        given = json.loads(json.dumps(case["pod"]))
        given["metadata"]["name"] = "p"
        given["spec"]["automountServiceAccountToken"] = False
        answer = ""
        try:
            await api.create("pods", given, namespace=f"ps-{name}", dry_run=True)
        except Exception as error:
            answer = str(getattr(error, "message", error))
        assert answer == case["answers"][name], given


async def _warnings(api: Api, bucket: str, obj: Object, **options: Any) -> list[str]:
    call: Call = api.call(bucket, obj["metadata"]["name"], **options)
    await api.verbs.create(call, obj)
    return call.warnings


async def test_who_writes_a_template_is_warned(api: Api) -> None:
    await _namespace(api, "warned", warn="restricted")
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "a", "image": "x"}]}}
    deployment = {"metadata": {"name": "d"}, "spec": {"selector": {"matchLabels": {"a": "b"}}, "template": template}}
    assert await _warnings(api, "deployments.apps", deployment, namespace="warned") == [
        f'would violate PodSecurity "restricted:latest": {ALL}'
    ]


async def test_who_enforces_on_a_namespace_is_told_of_the_pods_that_stay(api: Api) -> None:
    await _namespace(api, "old")
    for number in range(3):
        spec = {"hostPID": True} if number == 2 else {}
        await api.create("pods", pod(f"p{number}", containers=[{"name": "a", "image": "x"}], **spec), namespace="old")
    reasons = "allowPrivilegeEscalation != false, unrestricted capabilities, runAsNonRoot != true, seccompProfile"
    expected = {
        "restricted": [
            'existing pods in namespace "old" violate the new PodSecurity enforce level "restricted:latest"',
            f"p0 (and 1 other pod): {reasons}",
            f"p2: host namespaces, {reasons}",
        ],
        "baseline": ['existing pods in namespace "old" violate the new PodSecurity enforce level "baseline:latest"', "p2: host namespaces"],
    }
    for level, warnings in expected.items():
        call = api.call("namespaces", "old", dry_run=True)
        found = await api.get("namespaces", "old")
        labels = {**found["metadata"]["labels"], ENFORCE: level}
        await api.verbs.update(call, {**found, "metadata": {**found["metadata"], "labels": labels}})
        assert call.warnings == warnings


@pytest.mark.parametrize(
    ("label", "value", "why"),
    [("enforce", "bad", "must be one of privileged, baseline, restricted"), ("warn-version", "1.2", 'must be "latest" or "v1.x"')],
)
async def test_a_label_that_cannot_be_read_is_refused(api: Api, label: str, value: str, why: str) -> None:
    name = f"pod-security.kubernetes.io/{label}"
    status = await refusal(api.create("namespaces", {"metadata": {"name": "n", "labels": {name: value}}}))
    assert status["message"] == f'Namespace "n" is invalid: metadata.labels[{name}]: Invalid value: "{value}": {why}'


async def test_an_image_that_changes_is_looked_at_again(api: Api) -> None:
    await _namespace(api, "later")
    await api.create("pods", pod("p", hostPID=True), namespace="later")
    await api.patch("namespaces", "later", {"metadata": {"labels": {ENFORCE: "baseline"}}})
    await api.patch("pods", "p", {"metadata": {"labels": {"a": "b"}}}, namespace="later")
    found = await api.get("pods", "p", namespace="later")
    changed = {**found, "spec": {**found["spec"], "containers": [{**found["spec"]["containers"][0], "image": "other"}]}}
    status = await refusal(api.update("pods", changed, namespace="later"))
    assert status["message"] == 'pods "p" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostPID=true)'
