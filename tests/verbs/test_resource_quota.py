"""ResourceQuota, held against the answers of a real API server."""

import asyncio
from typing import Any

import pytest

from orrery.kinds.cluster.quota_usage import is_in_scope, usage_of
from orrery.machinery.clock import VirtualClock
from orrery.machinery.objects import FrozenObject, Object
from orrery.settings import Settings
from orrery.store.memory_log import MemoryLog
from orrery.verbs.admission.resource_quota import ResourceQuota
from orrery.verbs.quota_ledger import QUOTAS, QuotaLedger
from orrery.verbs.verbs import Verbs
from tests.verbs.world import KINDS, Api, config_map, pod, refusal

HARD = {
    "requests.cpu": "1",
    "requests.memory": "1Gi",
    "limits.cpu": "2",
    "pods": "3",
    "count/configmaps": "3",
    "services": "2",
    "services.nodeports": "1",
    "requests.storage": "2Gi",
    "gold.storageclass.storage.k8s.io/requests.storage": "1Gi",
    "count/deployments.apps": "1",
}
ASKING = {"limits": {"cpu": "1500m"}, "requests": {"cpu": "600m", "memory": "0.5Gi"}}


@pytest.fixture
async def limited() -> Api:
    log, clock = MemoryLog(), VirtualClock()
    ledger = QuotaLedger(log, [kind.bucket for kind in KINDS if kind.namespaced and kind.stored_as is None])
    verbs = Verbs(log=log, catalogue=KINDS, clock=clock, settings=Settings(), counting=ResourceQuota(ledger))
    api = Api(verbs, log, clock)
    ledger.start()
    await api.create("namespaces", {"metadata": {"name": "default"}})
    await api.create("serviceaccounts", {"metadata": {"name": "default"}})
    await _quota(api, "compute", hard=HARD)
    return api


async def _quota(api: Api, name: str, **spec: Any) -> None:
    await api.create(QUOTAS, {"metadata": {"name": name}, "spec": spec})


async def _used(api: Api, name: str = "compute") -> FrozenObject:
    used: FrozenObject = ((await api.get(QUOTAS, name)).get("status") or {}).get("used") or {}
    return used


def _asking(name: str, *resources: Object) -> Object:
    return pod(name, containers=[{"name": chr(97 + index), "image": "x", "resources": each} for index, each in enumerate(resources)])


async def test_what_is_admitted_is_in_the_status_at_once(limited: Api) -> None:
    await limited.create("pods", _asking("a", ASKING))

    used = await _used(limited)
    assert (used["pods"], used["limits.cpu"], used["requests.cpu"], used["requests.memory"]) == ("1", "1500m", "600m", "512Mi")
    assert used["requests.storage"] == "0"
    assert list(used) == sorted(HARD)


async def test_every_container_says_what_it_needs(limited: Api) -> None:
    status = await refusal(limited.create("pods", _asking("a", {}, {"requests": {"cpu": "1"}})))
    why = "failed quota: compute: must specify limits.cpu for: a,b; requests.cpu for: a; requests.memory for: a,b"
    assert status["message"] == f'pods "a" is forbidden: {why}'


async def test_what_would_go_beyond_is_refused_and_not_charged(limited: Api) -> None:
    await limited.create("pods", _asking("a", ASKING))
    before = await _used(limited)
    asking = {"limits": {"cpu": "1500m"}, "requests": {"cpu": "600m", "memory": "1Gi"}}
    status = await refusal(limited.create("pods", _asking("c", asking)))
    why = (
        "exceeded quota: compute, requested: limits.cpu=1500m,requests.cpu=600m,requests.memory=1Gi,"
        " used: limits.cpu=1500m,requests.cpu=600m,requests.memory=512Mi, limited: limits.cpu=2,requests.cpu=1,requests.memory=1Gi"
    )
    assert (status["code"], status["message"]) == (403, f'pods "c" is forbidden: {why}')
    assert await _used(limited) == before


async def test_plain_objects_are_counted_by_their_resource(limited: Api) -> None:
    for number in range(3):
        await limited.create("configmaps", config_map(f"c{number}"))
    status = await refusal(limited.create("configmaps", config_map("z")))
    why = "exceeded quota: compute, requested: count/configmaps=1, used: count/configmaps=3, limited: count/configmaps=3"
    assert status["message"] == f'configmaps "z" is forbidden: {why}'


async def test_many_at_once_never_pass_the_limit_and_share_a_write(limited: Api) -> None:
    before = limited.log.revision
    results = await asyncio.gather(
        *(limited.create("configmaps", config_map(f"c{number}")) for number in range(20)), return_exceptions=True
    )
    assert sum(isinstance(result, dict) for result in results) == 3
    assert (await _used(limited))["count/configmaps"] == "3"
    assert limited.log.revision - before <= 3 + 3


async def test_a_creation_that_fails_is_not_counted(limited: Api) -> None:
    await limited.create("configmaps", config_map("a"))
    assert (await refusal(limited.create("configmaps", config_map("a"))))["reason"] == "AlreadyExists"
    for name in "bc":
        await limited.create("configmaps", config_map(name))
    assert (await _used(limited))["count/configmaps"] == "3"


async def test_a_dry_run_is_weighed_and_not_charged(limited: Api) -> None:
    await limited.create("configmaps", config_map("a"), dry_run=True)
    assert await _used(limited) in ({}, dict.fromkeys(sorted(HARD), "0"))
    for number in range(3):
        await limited.create("configmaps", config_map(f"c{number}"))
    assert (await refusal(limited.create("configmaps", config_map("z"), dry_run=True)))["code"] == 403


async def test_a_service_is_weighed_again_when_it_changes(limited: Api) -> None:
    service = {"metadata": {"name": "n"}, "spec": {"ports": [{"port": 80, "name": "a"}, {"port": 81, "name": "b"}]}}
    await limited.create("services", service)
    status = await refusal(limited.patch("services", "n", {"spec": {"type": "NodePort"}}))
    why = "exceeded quota: compute, requested: services.nodeports=2, used: services.nodeports=0, limited: services.nodeports=1"
    assert status["message"] == f'services "n" is forbidden: {why}'


async def test_a_claim_counts_for_its_class_too(limited: Api) -> None:
    spec = {"accessModes": ["ReadWriteOnce"], "storageClassName": "gold", "resources": {"requests": {"storage": "1Gi"}}}
    await limited.create("persistentvolumeclaims", {"metadata": {"name": "a"}, "spec": spec})
    used = await _used(limited)
    assert (used["requests.storage"], used["gold.storageclass.storage.k8s.io/requests.storage"]) == ("1Gi", "1Gi")
    status = await refusal(limited.create("persistentvolumeclaims", {"metadata": {"name": "b"}, "spec": spec}))
    assert "requested: gold.storageclass.storage.k8s.io/requests.storage=1Gi" in status["message"]


async def test_a_new_quota_counts_what_is_there(limited: Api) -> None:
    await limited.create("secrets", {"metadata": {"name": "a"}})
    await _quota(limited, "late", hard={"secrets": "1"})
    assert "used: secrets=1" in (await refusal(limited.create("secrets", {"metadata": {"name": "b"}})))["message"]


async def test_a_scope_leaves_out_who_is_not_in_it(limited: Api) -> None:
    await limited.delete(QUOTAS, "compute")
    await _quota(limited, "effort", hard={"pods": "1"}, scopes=["BestEffort"])
    await limited.create("pods", pod("a"))
    await limited.create("pods", _asking("b", ASKING))
    assert "exceeded quota: effort" in (await refusal(limited.create("pods", pod("c"))))["message"]


@pytest.mark.parametrize(
    ("spec", "requirement", "expected"),
    [
        ({"activeDeadlineSeconds": 5}, {"scopeName": "Terminating", "operator": "Exists"}, True),
        ({}, {"scopeName": "NotTerminating", "operator": "Exists"}, True),
        ({"priorityClassName": "high"}, {"scopeName": "PriorityClass", "operator": "In", "values": ["high"]}, True),
        ({"priorityClassName": "low"}, {"scopeName": "PriorityClass", "operator": "In", "values": ["high"]}, False),
        ({}, {"scopeName": "PriorityClass", "operator": "DoesNotExist"}, True),
        ({}, {"scopeName": "PriorityClass", "operator": "NotIn", "values": ["high"]}, True),
        ({}, {"scopeName": "CrossNamespacePodAffinity", "operator": "Exists"}, False),
        (
            {"affinity": {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [{"namespaces": ["x"]}]}}},
            {"scopeName": "CrossNamespacePodAffinity", "operator": "Exists"},
            True,
        ),
    ],
)
def test_scopes_of_pods(spec: Object, requirement: Object, *, expected: bool) -> None:
    assert is_in_scope("pods", {"scopeSelector": {"matchExpressions": [requirement]}}, pod(**spec)) is expected


def test_a_pod_that_has_ended_counts_as_an_object_only() -> None:
    assert list(usage_of("pods", {**_asking("a", ASKING), "status": {"phase": "Succeeded"}})) == ["count/pods"]
