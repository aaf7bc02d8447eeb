"""Volumes of CSI drivers hang on one node at a time: who gets them, who is refused, and when they leave."""

from collections.abc import AsyncIterator, Sequence

import pytest

from orrery.machinery.objects import FrozenObject, Object, name_of
from orrery.node.failure import Failure
from orrery.settings import FAST
from orrery.testing import Simulation
from tests.scenarios.test_storage import claim, pod, storage_class

FIRST, SECOND = "orrery-worker", "orrery-worker2"
ATTACHMENTS = "volumeattachments.storage.k8s.io"
DRIVER = "hostpath.csi.k8s.io"


@pytest.fixture
async def cluster() -> AsyncIterator[Simulation]:
    async with Simulation(FAST) as running:
        await running.apply(storage_class("disk", provisioner=DRIVER))
        yield running


async def run(cluster: Simulation, name: str, node: str, *, grace_s: int = 0) -> None:
    await cluster.apply(pod(name, nodeName=node, terminationGracePeriodSeconds=grace_s))
    await cluster.settle()


async def claim_disk(cluster: Simulation, *modes: str) -> str:
    """The name of its volume."""
    await cluster.apply(claim(storageClassName="disk", modes=modes or ("ReadWriteOnce",)))
    await cluster.settle()
    return str(cluster.get("persistentvolumeclaims", "data")["spec"]["volumeName"])


def attached(cluster: Simulation) -> list[str]:
    found: Sequence[FrozenObject] = cluster.list(ATTACHMENTS, "")
    return sorted(one["spec"]["nodeName"] for one in found if (one.get("status") or {}).get("attached"))


def phase(cluster: Simulation, name: str) -> str:
    return str(cluster.get("pods", name)["status"]["phase"])


async def test_a_volume_is_attached_before_its_pod_starts(cluster: Simulation) -> None:
    volume = await claim_disk(cluster)
    await run(cluster, "one", FIRST)

    assert phase(cluster, "one") == "Running"
    (attachment,) = cluster.list(ATTACHMENTS, "")
    assert attachment["spec"] == {"attacher": DRIVER, "nodeName": FIRST, "source": {"persistentVolumeName": volume}}
    assert name_of(attachment).startswith("csi-") and attachment["status"] == {"attached": True}
    assert f'SuccessfulAttachVolume: AttachVolume.Attach succeeded for volume "{volume}" ' in cluster.events("one")


async def test_a_second_node_is_refused_until_the_first_lets_go(cluster: Simulation) -> None:
    volume = await claim_disk(cluster)
    await run(cluster, "one", FIRST)
    await run(cluster, "two", SECOND)
    await cluster.advance(600)

    assert (phase(cluster, "one"), phase(cluster, "two")) == ("Running", "Pending")
    refusal = f'FailedAttachVolume: Multi-Attach error for volume "{volume}" Volume is already used by pod(s) one'
    assert cluster.events("two").count(refusal) == 1
    assert not [event for event in cluster.events("two") if event.startswith("FailedMount")], "the kubelet only waits"

    await cluster.delete("pods", "one")
    await cluster.settle()
    assert (attached(cluster), phase(cluster, "two")) == ([SECOND], "Running")


async def test_pods_on_one_node_share_it(cluster: Simulation) -> None:
    await claim_disk(cluster)
    await run(cluster, "one", FIRST)
    await run(cluster, "two", FIRST)

    assert (attached(cluster), phase(cluster, "two")) == ([FIRST], "Running")


async def test_one_that_many_may_write_hangs_on_every_node(cluster: Simulation) -> None:
    await claim_disk(cluster, "ReadWriteMany")
    await run(cluster, "one", FIRST)
    await run(cluster, "two", SECOND)

    assert attached(cluster) == [FIRST, SECOND]


async def test_a_pod_that_has_ended_holds_no_volume(cluster: Simulation) -> None:
    await claim_disk(cluster)
    await cluster.apply(pod("one", "true", nodeName=FIRST))
    await cluster.settle()

    assert (phase(cluster, "one"), attached(cluster)) == ("Succeeded", [])


async def test_a_driver_that_attaches_nothing_is_not_waited_for(cluster: Simulation) -> None:
    driver: Object = {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "CSIDriver",
        "metadata": {"name": DRIVER},
        "spec": {"attachRequired": False},
    }
    await cluster.apply(driver)
    await claim_disk(cluster)
    await run(cluster, "one", FIRST)
    await run(cluster, "two", SECOND)

    assert (attached(cluster), phase(cluster, "two")) == ([], "Running")


async def test_a_lost_node_keeps_its_volumes_for_six_minutes(cluster: Simulation) -> None:
    volume = await claim_disk(cluster)
    await run(cluster, "one", FIRST)
    await cluster.cluster.kubelet.machines.fail(FIRST, Failure.CRASH)
    await cluster.advance(60)
    await cluster.delete("pods", "one", grace_period_s=0)
    await run(cluster, "two", SECOND)

    why = "Volume is already exclusively attached to one node and can't be attached to another"
    assert f'FailedAttachVolume: Multi-Attach error for volume "{volume}" {why}' in cluster.events("two")
    await cluster.advance(350)
    assert attached(cluster) == [FIRST]
    await cluster.advance(15)
    assert (attached(cluster), phase(cluster, "two")) == ([SECOND], "Running")


async def test_a_node_out_of_service_lets_go_at_once(cluster: Simulation) -> None:
    await claim_disk(cluster)
    await run(cluster, "one", FIRST)
    await cluster.cluster.kubelet.machines.fail(FIRST, Failure.CRASH)
    await cluster.advance(60)
    await cluster.delete("pods", "one", grace_period_s=0)
    await run(cluster, "two", SECOND)

    def edit(draft: Object) -> bool:
        draft["spec"]["taints"] = [*draft["spec"].get("taints", ()), {"key": "node.kubernetes.io/out-of-service", "effect": "NoExecute"}]
        return True

    await cluster.client.change("nodes", "", FIRST, edit)
    await cluster.settle()
    assert (attached(cluster), phase(cluster, "two")) == ([SECOND], "Running")


async def test_a_node_that_is_back_lets_go_at_once_whoever_else_uses_the_volume(cluster: Simulation) -> None:
    await claim_disk(cluster, "ReadWriteMany")
    await run(cluster, "one", FIRST)
    await run(cluster, "two", SECOND)
    await cluster.cluster.kubelet.machines.fail(FIRST, Failure.CRASH)
    await cluster.advance(60)
    await cluster.delete("pods", "one", grace_period_s=0)
    await cluster.settle()
    assert attached(cluster) == [FIRST, SECOND]

    await cluster.cluster.kubelet.machines.recover(FIRST)
    await cluster.advance(30)
    assert attached(cluster) == [SECOND]


async def test_attachments_of_others_are_left_alone(cluster: Simulation) -> None:
    volume = await claim_disk(cluster)
    spec = {"attacher": DRIVER, "nodeName": "elsewhere", "source": {"persistentVolumeName": volume}}
    await cluster.apply({"apiVersion": "storage.k8s.io/v1", "kind": "VolumeAttachment", "metadata": {"name": "mine"}, "spec": spec})
    await run(cluster, "one", FIRST)

    assert [name_of(one) for one in cluster.list(ATTACHMENTS, "") if name_of(one) == "mine"] == ["mine"]
    assert phase(cluster, "one") == "Running"
