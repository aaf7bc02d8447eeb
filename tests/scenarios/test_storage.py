"""Persistent storage in a whole cluster: claims and volumes find each other, volumes are made and reclaimed, data outlives Pods."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from orrery.cluster import new_cluster
from orrery.machinery.errors import Forbidden, Invalid
from orrery.machinery.objects import FrozenObject, Object, name_of
from orrery.node.processes.runtime import SimulatedRuntime
from orrery.node.sessions import ContainerSessions
from orrery.settings import Settings
from orrery.testing import Simulation
from orrery.verbs.containers import LogOptions

CLAIMS, VOLUMES = "persistentvolumeclaims", "persistentvolumes"
PROVISIONER = "rancher.io/local-path"


def claim(name: str = "data", *, size: str = "1Gi", modes: tuple[str, ...] = ("ReadWriteOnce",), **spec: Any) -> Object:
    body = {"accessModes": list(modes), "resources": {"requests": {"storage": size}}, **spec}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name}, "spec": body}


def volume(name: str, *, size: str = "1Gi", path: str = "/mnt/data", **spec: Any) -> Object:
    body = {
        "accessModes": ["ReadWriteOnce"],
        "capacity": {"storage": size},
        "hostPath": {"path": path},
        "storageClassName": "manual",
        **spec,
    }
    if body["hostPath"] is None:
        del body["hostPath"]
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name}, "spec": body}


def storage_class(name: str, **fields: Any) -> Object:
    made = {"provisioner": PROVISIONER, **fields}
    return {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": name}, **made}


def pod(name: str, command: str = "sleep 100000", *, claims: tuple[str, ...] = ("data",), **spec: Any) -> Object:
    """A Pod with its first claim at /data, the next at /data1 …"""
    mounts = [{"name": f"v{index}", "mountPath": f"/data{index or ''}"} for index in range(len(claims))]
    container = {"name": "main", "image": "busybox", "command": ["sh", "-c", command], "volumeMounts": mounts}
    volumes = [{"name": f"v{index}", "persistentVolumeClaim": {"claimName": one}} for index, one in enumerate(claims)]
    body = {"containers": [container], "volumes": volumes, "terminationGracePeriodSeconds": 0, "restartPolicy": "Never", **spec}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": body}


def on_node(name: str) -> Object:
    expression = {"key": "kubernetes.io/hostname", "operator": "In", "values": [name]}
    return {"required": {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}}


def phase(cluster: Simulation, bucket: str, name: str) -> str:
    namespace = "" if bucket == VOLUMES else "default"
    return str(cluster.get(bucket, name, namespace)["status"]["phase"])


def conditions(obj: FrozenObject) -> dict[str, str]:
    return {one["type"]: one["status"] for one in obj["status"].get("conditions") or ()}


async def log_of(cluster: Simulation, name: str) -> str:
    runtime = cluster.cluster.kubelet.runtime
    assert isinstance(runtime, SimulatedRuntime)
    sessions = ContainerSessions(cluster.client, runtime, cluster.clock)
    return b"".join([piece async for piece in await sessions.logs("default", name, LogOptions("main"))]).decode()


@pytest.fixture
async def cluster() -> AsyncIterator[Simulation]:
    """Three nodes without delays."""
    async with Simulation(Settings(pace="fast")) as running:
        yield running


# Binding.


async def test_a_claim_is_bound_to_the_smallest_volume_that_suits(cluster: Simulation) -> None:
    for name, size in (("small", "500Mi"), ("right", "2Gi"), ("large", "10Gi")):
        await cluster.apply(volume(name, size=size))
    await cluster.apply(claim(storageClassName="manual"))
    await cluster.settle()

    bound, taken = cluster.get(CLAIMS, "data"), cluster.get(VOLUMES, "right", "")
    assert bound["spec"]["volumeName"] == "right"
    assert bound["status"] == {"phase": "Bound", "accessModes": ["ReadWriteOnce"], "capacity": {"storage": "2Gi"}}
    assert bound["metadata"]["annotations"] == {"pv.kubernetes.io/bind-completed": "yes", "pv.kubernetes.io/bound-by-controller": "yes"}
    assert taken["metadata"]["annotations"] == {"pv.kubernetes.io/bound-by-controller": "yes"}
    assert taken["spec"]["claimRef"]["uid"] == bound["metadata"]["uid"]
    assert [phase(cluster, VOLUMES, name) for name in ("small", "right", "large")] == ["Available", "Bound", "Available"]


async def test_two_claims_never_share_a_volume_and_the_second_waits_for_one(cluster: Simulation) -> None:
    await cluster.apply(volume("one"))
    for name in ("a", "b"):
        await cluster.apply(claim(name, storageClassName="manual"))
    await cluster.settle()
    assert sorted(phase(cluster, CLAIMS, name) for name in ("a", "b")) == ["Bound", "Pending"]

    await cluster.apply(volume("two"))
    await cluster.settle()

    assert {cluster.get(CLAIMS, name)["spec"]["volumeName"] for name in ("a", "b")} == {"one", "two"}


async def test_a_volume_set_aside_waits_for_its_claim(cluster: Simulation) -> None:
    await cluster.apply(volume("kept", claimRef={"name": "data", "namespace": "default"}))
    await cluster.apply(claim("other", storageClassName="manual"))
    await cluster.settle()
    assert (phase(cluster, VOLUMES, "kept"), phase(cluster, CLAIMS, "other")) == ("Available", "Pending")

    await cluster.apply(claim(storageClassName="manual"))
    await cluster.settle()

    assert cluster.get(CLAIMS, "data")["spec"]["volumeName"] == "kept"
    assert "annotations" not in cluster.get(VOLUMES, "kept", "")["metadata"]


@pytest.mark.parametrize(
    ("wanted", "type_", "event"),
    [
        ({"storageClassName": ""}, "Normal", "FailedBinding: no persistent volumes available for this claim and no storage class is set"),
        ({"storageClassName": "none"}, "Warning", 'ProvisioningFailed: storageclass.storage.k8s.io "none" not found'),
        (
            {"storageClassName": "manual", "volumeName": "there", "size": "5Gi"},
            "Warning",
            'VolumeMismatch: Cannot bind to requested volume "there": requested PV is too small',
        ),
        (
            {"storageClassName": "manual", "volumeName": "taken"},
            "Warning",
            'FailedBinding: volume "taken" already bound to a different claim.',
        ),
        ({}, "Normal", "WaitForFirstConsumer: waiting for first consumer to be created before binding"),
        ({"storageClassName": "in-tree"}, "Warning", "ProvisioningFailed: no volume plugin matched name: kubernetes.io/no-provisioner"),
        (
            {"storageClassName": "block", "volumeMode": "Block"},
            "Warning",
            "ProvisioningFailed: rancher.io/local-path does not support block volume provisioning",
        ),
    ],
)
async def test_a_claim_that_cannot_be_bound_says_why(cluster: Simulation, wanted: Object, type_: str, event: str) -> None:
    await cluster.apply(storage_class("in-tree", provisioner="kubernetes.io/no-provisioner"))
    await cluster.apply(storage_class("block"))
    await cluster.apply(volume("there"))
    await cluster.apply(volume("taken", claimRef={"name": "other", "namespace": "default"}))
    await cluster.apply(claim(**wanted))
    await cluster.settle()

    assert phase(cluster, CLAIMS, "data") == "Pending"
    assert event in cluster.events("data")
    assert type_ in {one["type"] for one in cluster.list("events") if event.startswith(one["reason"])}


async def test_a_provisioner_that_is_not_there_is_waited_for(cluster: Simulation) -> None:
    await cluster.apply(storage_class("gce", provisioner="kubernetes.io/gce-pd"))
    await cluster.apply(claim(storageClassName="gce"))
    await cluster.settle()

    driver = "pd.csi.storage.gke.io"
    assert cluster.get(CLAIMS, "data")["metadata"]["annotations"] == {
        "volume.beta.kubernetes.io/storage-provisioner": driver,
        "volume.kubernetes.io/storage-provisioner": driver,
    }
    assert cluster.events("data")[0].startswith(
        "ExternalProvisioning: Waiting for a volume to be created either by the external provisioner 'pd.csi.storage.gke.io' or manually"
    )


async def test_a_claim_without_a_class_takes_the_default_once_there_is_one(cluster: Simulation) -> None:
    await cluster.delete("storageclasses.storage.k8s.io", "standard", namespace="")
    await cluster.apply(claim())
    await cluster.settle()
    assert "storageClassName" not in cluster.get(CLAIMS, "data")["spec"]

    made = storage_class("late")
    made["metadata"]["annotations"] = {"storageclass.kubernetes.io/is-default-class": "true"}
    await cluster.apply(made)
    await cluster.settle()

    assert cluster.get(CLAIMS, "data")["spec"]["storageClassName"] == "late"
    assert phase(cluster, CLAIMS, "data") == "Bound"


async def test_a_bound_claim_whose_volume_is_gone_is_lost(cluster: Simulation) -> None:
    await cluster.apply(volume("one"))
    await cluster.apply(claim(storageClassName="manual"))
    await cluster.settle()

    await cluster.delete(VOLUMES, "one", namespace="")
    await cluster.client.patch(VOLUMES, "", "one", {"metadata": {"finalizers": None}})
    await cluster.settle()

    assert phase(cluster, CLAIMS, "data") == "Lost"
    assert "ClaimLost: Bound claim has lost its PersistentVolume. Data on the volume is lost!" in cluster.events("data")


async def test_a_volume_of_another_mode_that_was_promised_is_told_on_both_sides(cluster: Simulation) -> None:
    await cluster.apply(claim(storageClassName="manual"))
    await cluster.settle()
    reference = {"name": "data", "namespace": "default", "uid": cluster.get(CLAIMS, "data")["metadata"]["uid"]}
    await cluster.apply(volume("raw", volumeMode="Block", claimRef=reference))
    await cluster.settle()

    assert cluster.events("raw") == [
        'VolumeMismatch: Cannot bind PersistentVolume to requested PersistentVolumeClaim "data" due to incompatible volumeMode.'
    ]
    assert (
        'VolumeMismatch: Cannot bind PersistentVolume "raw" to requested PersistentVolumeClaim due to incompatible volumeMode.'
        in cluster.events("data")
    )


# Provisioning.


async def test_a_volume_is_made_at_once_where_the_class_says_so(cluster: Simulation) -> None:
    await cluster.apply(storage_class("now", reclaimPolicy="Retain", mountOptions=["ro"]))
    await cluster.apply(claim(storageClassName="now", modes=("ReadWriteMany",)))
    await cluster.settle()

    bound = cluster.get(CLAIMS, "data")
    name = f"pvc-{bound['metadata']['uid']}"
    made = cluster.get(VOLUMES, name, "")
    assert bound["spec"]["volumeName"] == name
    assert made["metadata"]["annotations"] == {"pv.kubernetes.io/provisioned-by": PROVISIONER}
    assert made["spec"]["persistentVolumeReclaimPolicy"] == "Retain" and made["spec"]["mountOptions"] == ["ro"]
    assert made["spec"]["accessModes"] == ["ReadWriteMany"] and made["status"]["phase"] == "Bound"
    assert cluster.events("data") == [
        f"ExternalProvisioning: Waiting for a volume to be created either by the external provisioner '{PROVISIONER}' or manually by the "
        "system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.",
        'Provisioning: External provisioner is provisioning volume for claim "default/data"',
        f"ProvisioningSucceeded: Successfully provisioned volume {name}",
    ]


async def test_the_default_class_waits_for_the_first_pod(cluster: Simulation) -> None:
    await cluster.apply(claim())
    await cluster.settle()
    assert phase(cluster, CLAIMS, "data") == "Pending" and not cluster.client.list(VOLUMES)

    await cluster.apply(pod("web"))
    await cluster.settle()

    bound, running = cluster.get(CLAIMS, "data"), cluster.get("pods", "web")
    assert bound["metadata"]["annotations"]["volume.kubernetes.io/selected-node"] == running["spec"]["nodeName"]
    assert (phase(cluster, CLAIMS, "data"), running["status"]["phase"]) == ("Bound", "Running")


async def test_zones_a_class_allows_bind_the_pod_and_the_volume(cluster: Simulation) -> None:
    zone = {"key": "topology.kubernetes.io/zone", "values": ["b"]}
    made = storage_class("zonal", volumeBindingMode="WaitForFirstConsumer", allowedTopologies=[{"matchLabelExpressions": [zone]}])
    await cluster.apply(made)
    await cluster.apply(claim(storageClassName="zonal"))
    await cluster.apply(pod("web"))
    await cluster.settle()
    assert cluster.events("web")[-1].startswith(
        "FailedScheduling: 0/3 nodes are available: 3 node(s) didn't find available persistent volumes to bind. no new claims"
    )

    node = name_of(cluster.client.list("nodes")[2])
    await cluster.client.patch("nodes", "", node, {"metadata": {"labels": {"topology.kubernetes.io/zone": "b"}}})
    await cluster.settle()

    assert cluster.get("pods", "web")["spec"]["nodeName"] == node
    affinity = cluster.client.list(VOLUMES)[0]["spec"]["nodeAffinity"]
    assert affinity["required"]["nodeSelectorTerms"] == [{"matchExpressions": [{"operator": "In", **zone}]}]


async def test_claims_of_one_pod_are_decided_together(cluster: Simulation) -> None:
    """Two local volumes on different nodes cannot serve one Pod; two on the same can."""
    await cluster.apply(storage_class("local", provisioner="kubernetes.io/no-provisioner", volumeBindingMode="WaitForFirstConsumer"))
    nodes = [name_of(node) for node in cluster.client.list("nodes")]
    for name, node in (("far", nodes[0]), ("near-1", nodes[1]), ("near-2", nodes[1])):
        await cluster.apply(volume(name, hostPath=None, local={"path": "/mnt"}, storageClassName="local", nodeAffinity=on_node(node)))
    for name in ("a", "b"):
        await cluster.apply(claim(name, storageClassName="local"))
    await cluster.apply(pod("web", claims=("a", "b")))
    await cluster.settle()

    assert cluster.get("pods", "web")["spec"]["nodeName"] == nodes[1]
    assert {cluster.get(CLAIMS, name)["spec"]["volumeName"] for name in ("a", "b")} == {"near-1", "near-2"}


async def test_only_a_new_cluster_gets_the_default_class(cluster: Simulation) -> None:
    await cluster.delete("storageclasses.storage.k8s.io", "standard", namespace="")
    await cluster.cluster.kubelet.stop()
    await cluster.cluster.runner.stop()

    await cluster.cluster.start()
    await cluster.settle()

    assert not cluster.client.list("storageclasses.storage.k8s.io")


async def test_a_cluster_that_starts_anew_goes_on_where_it_was(cluster: Simulation) -> None:
    """A claim whose node is chosen and whose volume is not made yet, when everything stops."""
    await cluster.apply(storage_class("slow", provisioner="example.com/slow", volumeBindingMode="WaitForFirstConsumer"))
    await cluster.apply(claim(storageClassName="slow"))
    await cluster.apply(pod("web"))
    await cluster.settle()
    node = cluster.get(CLAIMS, "data")["metadata"]["annotations"]["volume.kubernetes.io/selected-node"]

    await cluster.cluster.runner.stop()
    again = new_cluster(cluster.clock, Settings(pace="fast"), log=cluster.cluster.log)
    again.runner.start()
    await cluster.apply(volume("made", storageClassName="slow", claimRef={"name": "data", "namespace": "default"}))
    await cluster.settle()

    assert cluster.get("pods", "web")["spec"]["nodeName"] == node
    await again.runner.stop()


# Scheduling.


async def test_a_pod_waits_for_its_claim_and_runs_once_it_is_bound(cluster: Simulation) -> None:
    await cluster.apply(pod("web"))
    await cluster.settle()
    assert cluster.events("web")[-1] == 'FailedScheduling: 0/3 nodes are available: persistentvolumeclaim "data" not found. not found'

    await cluster.apply(claim(storageClassName="manual"))
    await cluster.settle()
    unbound = "FailedScheduling: 0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found"
    assert cluster.events("web")[-1] == unbound

    await cluster.apply(volume("one"))
    await cluster.settle()
    assert cluster.get("pods", "web")["status"]["phase"] == "Running"


async def test_a_pod_goes_where_its_bound_volume_is(cluster: Simulation) -> None:
    await cluster.apply(volume("one", nodeAffinity=on_node("nowhere")))
    await cluster.apply(claim(storageClassName="manual"))
    await cluster.apply(pod("web"))
    await cluster.settle()

    assert cluster.events("web")[-1] == (
        "FailedScheduling: 0/3 nodes are available: 3 node(s) didn't match PersistentVolume's node affinity. no new claims to deallocate, "
        "preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling."
    )


async def test_a_claim_for_one_pod_keeps_a_second_one_waiting(cluster: Simulation) -> None:
    await cluster.apply(claim(modes=("ReadWriteOncePod",)))
    await cluster.apply(pod("first"))
    await cluster.settle()
    await cluster.apply(pod("second"))
    await cluster.settle()
    assert (
        "3 node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod"
        in cluster.events("second")[-1]
    )

    await cluster.delete("pods", "first")
    await cluster.settle()

    assert cluster.get("pods", "second")["status"]["phase"] == "Running"


async def test_a_claim_for_one_pod_is_kept_for_the_one_that_preempted(cluster: Simulation) -> None:
    """Who waited before, and is less important, must not take the claim when the victim lets it go, only to be a victim itself."""
    await cluster.apply(claim(modes=("ReadWriteOncePod",)))
    await cluster.apply(pod("first", terminationGracePeriodSeconds=0))
    await cluster.settle()
    await cluster.apply(pod("second"))
    await cluster.settle()
    await cluster.clock.advance(5)

    await cluster.apply(pod("third", priorityClassName="system-node-critical"))
    await cluster.settle()

    assert {event.partition(":")[0] for event in cluster.events("second")} == {"FailedScheduling"}
    assert cluster.get("pods", "third")["status"]["phase"] == "Running"


async def test_a_pod_deleted_while_its_volume_is_awaited_leaves_nothing_behind(cluster: Simulation) -> None:
    await cluster.apply(storage_class("slow", provisioner="example.com/slow", volumeBindingMode="WaitForFirstConsumer"))
    await cluster.apply(claim(storageClassName="slow"))
    await cluster.apply(pod("web"))
    await cluster.settle()
    assert "volume.kubernetes.io/selected-node" in cluster.get(CLAIMS, "data")["metadata"]["annotations"]

    await cluster.delete("pods", "web")
    await cluster.settle()
    await cluster.advance(700)

    assert not [line for line in cluster.events("web") if line.startswith("FailedScheduling")]


async def test_an_awaited_volume_that_never_comes_is_told_after_ten_minutes(cluster: Simulation) -> None:
    await cluster.apply(storage_class("slow", provisioner="example.com/slow", volumeBindingMode="WaitForFirstConsumer"))
    await cluster.apply(claim(storageClassName="slow"))
    await cluster.apply(pod("web"))
    await cluster.settle()

    await cluster.advance(601)

    assert cluster.events("web") == ['FailedScheduling: running PreBind plugin "VolumeBinding": binding volumes: context deadline exceeded']


# Reclaiming and protection.


async def test_a_claim_in_use_stays_until_its_pod_is_gone_and_takes_its_volume_along(cluster: Simulation) -> None:
    await cluster.apply(claim())
    await cluster.apply(pod("web"))
    await cluster.settle()

    await cluster.delete(CLAIMS, "data")
    await cluster.settle()
    assert cluster.get(CLAIMS, "data")["metadata"]["deletionTimestamp"]
    assert phase(cluster, CLAIMS, "data") == "Bound"

    await cluster.delete("pods", "web")
    await cluster.settle()
    assert cluster.client.get(CLAIMS, "default", "data") is None
    assert not cluster.client.list(VOLUMES)
    assert not cluster.cluster.kubelet.disks.persistent


async def test_a_namespace_takes_its_claims_and_their_volumes_along(cluster: Simulation) -> None:
    await cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}})
    await cluster.settle()
    for made in (claim(), pod("web")):
        made["metadata"]["namespace"] = "team"
        await cluster.apply(made)
    await cluster.settle()
    assert cluster.get(CLAIMS, "data", "team")["status"]["phase"] == "Bound"

    await cluster.delete("namespaces", "team", namespace="")
    await cluster.settle()

    assert cluster.client.get("namespaces", "", "team") is None
    assert not cluster.client.list(VOLUMES)


async def test_a_bound_volume_stays_until_its_claim_is_gone(cluster: Simulation) -> None:
    await cluster.apply(volume("one"))
    await cluster.apply(claim(storageClassName="manual"))
    await cluster.settle()

    await cluster.delete(VOLUMES, "one", namespace="")
    await cluster.settle()
    assert phase(cluster, VOLUMES, "one") == "Bound"

    await cluster.delete(CLAIMS, "data")
    await cluster.settle()
    assert cluster.client.get(VOLUMES, "", "one") is None


async def test_a_retained_volume_is_released_and_serves_again_once_its_claim_is_forgotten(cluster: Simulation) -> None:
    await cluster.apply(volume("one", persistentVolumeReclaimPolicy="Retain"))
    await cluster.apply(claim(storageClassName="manual"))
    await cluster.settle()
    await cluster.delete(CLAIMS, "data")
    await cluster.settle()
    assert phase(cluster, VOLUMES, "one") == "Released"

    await cluster.apply(claim(storageClassName="manual"))
    await cluster.settle()
    assert phase(cluster, CLAIMS, "data") == "Pending"

    await cluster.client.patch(VOLUMES, "", "one", {"spec": {"claimRef": None}})
    await cluster.settle()
    assert (phase(cluster, VOLUMES, "one"), phase(cluster, CLAIMS, "data")) == ("Bound", "Bound")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"hostPath": {"path": "/var/data"}}, "host_path deleter only supports /tmp/.+ but received provided /var/data"),
        (
            {"hostPath": None, "nfs": {"server": "files", "path": "/"}},
            'error getting deleter volume plugin for volume "one": no deletable volume plugin matched',
        ),
        (
            {"hostPath": None, "local": {"path": "/mnt"}, "nodeAffinity": on_node("orrery-worker")},
            'error getting deleter volume plugin for volume "one": no volume plugin matched',
        ),
    ],
)
async def test_what_the_controller_cannot_delete_fails(cluster: Simulation, source: Object, message: str) -> None:
    await cluster.apply(volume("one", persistentVolumeReclaimPolicy="Delete", **source))
    await cluster.apply(claim(storageClassName="manual"))
    await cluster.settle()

    await cluster.delete(CLAIMS, "data")
    await cluster.settle()

    status = cluster.get(VOLUMES, "one", "")["status"]
    assert (status["phase"], status["message"]) == ("Failed", message)
    assert cluster.events("one") == [f"VolumeFailedDelete: {message}"]


async def test_a_recycled_volume_is_wiped_by_a_pod_and_free_again(cluster: Simulation) -> None:
    await cluster.apply(volume("one", path="/tmp/scratch", persistentVolumeReclaimPolicy="Recycle", nodeAffinity=on_node("orrery-worker")))
    await cluster.apply(claim(storageClassName="manual"))
    await cluster.apply(pod("writer", "echo secret > /data/file"))
    await cluster.settle()
    await cluster.delete("pods", "writer")
    await cluster.delete(CLAIMS, "data")
    await cluster.until(lambda: phase(cluster, VOLUMES, "one") == "Available")

    assert "VolumeRecycled: Volume recycled" in cluster.events("one")
    assert "RecyclerPod: Recycler pod: Successfully assigned default/recycler-for-one to " in "\n".join(cluster.events("one"))
    assert "claimRef" not in cluster.get(VOLUMES, "one", "")["spec"]
    await cluster.settle()
    assert not cluster.pods()


# Data.


async def test_data_outlives_its_pod_and_is_found_from_another_node(cluster: Simulation) -> None:
    await cluster.apply(claim())
    await cluster.apply(pod("writer", "echo kept > /data/file", nodeSelector={"kubernetes.io/hostname": "orrery-worker"}))
    await cluster.settle()
    await cluster.delete("pods", "writer")

    await cluster.apply(pod("reader", "cat /data/file", nodeSelector={"kubernetes.io/hostname": "orrery-worker2"}))
    await cluster.settle()

    assert await log_of(cluster, "reader") == "kept\n"


async def test_a_host_path_volume_is_its_nodes_own(cluster: Simulation) -> None:
    await cluster.apply(volume("one", path="/mnt/data"))
    await cluster.apply(claim(storageClassName="manual"))
    await cluster.apply(pod("writer", "echo kept > /data/file", nodeSelector={"kubernetes.io/hostname": "orrery-worker"}))
    await cluster.settle()

    for number, node in enumerate(("orrery-worker", "orrery-worker2")):
        await cluster.apply(pod(f"reader-{number}", "ls /data", nodeSelector={"kubernetes.io/hostname": node}))
    await cluster.settle()

    assert [await log_of(cluster, f"reader-{number}") for number in (0, 1)] == ["file\n", ""]


async def test_retained_data_is_found_by_a_new_volume_with_the_same_path(cluster: Simulation) -> None:
    await cluster.apply(storage_class("kept", reclaimPolicy="Retain"))
    await cluster.apply(claim(storageClassName="kept"))
    await cluster.apply(pod("writer", "echo kept > /data/file"))
    await cluster.settle()
    old = cluster.client.list(VOLUMES)[0]
    await cluster.delete("pods", "writer")
    await cluster.delete(CLAIMS, "data")
    await cluster.settle()
    await cluster.delete(VOLUMES, name_of(old), namespace="")
    await cluster.settle()

    await cluster.apply(volume("again", path=old["spec"]["hostPath"]["path"]))
    await cluster.apply(claim(storageClassName="manual"))
    await cluster.apply(pod("reader", "cat /data/file"))
    await cluster.settle()

    assert await log_of(cluster, "reader") == "kept\n"


async def test_a_read_only_claim_cannot_be_written(cluster: Simulation) -> None:
    await cluster.apply(claim())
    body = pod("web", "echo x > /data/file")
    body["spec"]["volumes"][0]["persistentVolumeClaim"]["readOnly"] = True
    await cluster.apply(body)
    await cluster.settle()

    assert "Read-only file system" in await log_of(cluster, "web")


async def test_the_group_of_a_pod_has_its_volume(cluster: Simulation) -> None:
    await cluster.apply(claim())
    await cluster.apply(pod("web", "stat -c '%g %a' /data", securityContext={"fsGroup": 2000}))
    await cluster.settle()

    assert await log_of(cluster, "web") == "2000 2777\n"


# Expansion.


async def test_a_claim_grows_on_the_node_where_it_is_mounted(cluster: Simulation) -> None:
    await cluster.apply(storage_class("elastic", allowVolumeExpansion=True))
    await cluster.apply(claim(storageClassName="elastic"))
    await cluster.settle()
    await cluster.edit("data", lambda draft: draft["spec"]["resources"]["requests"].update(storage="2Gi"), CLAIMS)
    await cluster.settle()

    waiting = cluster.get(CLAIMS, "data")
    assert waiting["status"]["capacity"] == {"storage": "1Gi"} and waiting["status"]["allocatedResources"] == {"storage": "2Gi"}
    assert waiting["status"]["allocatedResourceStatuses"] == {"storage": "NodeResizePending"}
    assert conditions(waiting) == {"FileSystemResizePending": "True"}
    assert cluster.client.list(VOLUMES)[0]["spec"]["capacity"] == {"storage": "2Gi"}

    await cluster.apply(pod("web"))
    await cluster.settle()

    grown = cluster.get(CLAIMS, "data")
    assert grown["status"]["capacity"] == {"storage": "2Gi"} and not conditions(grown)
    assert cluster.events("data")[-4:] == [
        "ExternalExpanding: waiting for an external controller to expand this PVC",
        f"Resizing: External resizer is resizing volume {grown['spec']['volumeName']}",
        "FileSystemResizeRequired: Require file system resize of volume on node",
        f'FileSystemResizeSuccessful: MountVolume.NodeExpandVolume succeeded for volume "{grown["spec"]["volumeName"]}" '
        + cluster.get("pods", "web")["spec"]["nodeName"],
    ]


async def test_a_claim_grows_under_a_running_pod(cluster: Simulation) -> None:
    await cluster.apply(storage_class("elastic", allowVolumeExpansion=True))
    await cluster.apply(claim(storageClassName="elastic"))
    await cluster.apply(pod("web"))
    await cluster.settle()

    await cluster.edit("data", lambda draft: draft["spec"]["resources"]["requests"].update(storage="3Gi"), CLAIMS)
    await cluster.settle()

    assert cluster.get(CLAIMS, "data")["status"]["capacity"] == {"storage": "3Gi"}


async def test_only_bound_claims_of_a_class_that_allows_it_may_ask_for_more(cluster: Simulation) -> None:
    await cluster.apply(claim())
    await cluster.settle()
    # Validation comes before admission: a claim that is not bound is immutable, whatever its class allows.
    with pytest.raises(Invalid, match="spec is immutable after creation except"):
        await _ask(cluster, "2Gi")

    await cluster.apply(pod("web"))
    await cluster.settle()
    with pytest.raises(Forbidden, match="only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc"):
        await _ask(cluster, "2Gi")


async def test_where_a_volume_is_cannot_be_changed(cluster: Simulation) -> None:
    """The message prints the new rule the way the API server holds it in memory."""
    await cluster.apply(volume("one", nodeAffinity=on_node("orrery-worker")))

    with pytest.raises(Invalid) as refused:
        await cluster.client.patch(VOLUMES, "", "one", {"spec": {"nodeAffinity": on_node("orrery-worker2")}})

    term = '{"MatchExpressions":[{"Key":"kubernetes.io/hostname","Operator":"In","Values":["orrery-worker2"]}],"MatchFields":null}'
    why = "field is immutable, except for updating from beta label to GA"
    assert f'nodeAffinity: Invalid value: {{"Required":{{"NodeSelectorTerms":[{term}]}}}}: {why}' in str(refused.value)


async def _ask(cluster: Simulation, size: str) -> None:
    await cluster.edit("data", lambda draft: draft["spec"]["resources"]["requests"].update(storage=size), CLAIMS)


# Ephemeral volumes.


async def test_an_ephemeral_volume_is_a_claim_that_lives_as_long_as_its_pod(cluster: Simulation) -> None:
    template = {"metadata": {"labels": {"for": "scratch"}}, "spec": claim()["spec"]}
    body = pod("web", "echo x > /data/file && sleep 100000")
    body["spec"]["volumes"] = [{"name": "v0", "ephemeral": {"volumeClaimTemplate": template}}]
    await cluster.apply(body)
    await cluster.settle()

    made, owner = cluster.get(CLAIMS, "web-v0"), cluster.get("pods", "web")
    assert owner["status"]["phase"] == "Running"
    assert made["metadata"]["labels"] == {"for": "scratch"}
    assert made["metadata"]["ownerReferences"][0]["uid"] == owner["metadata"]["uid"]

    await cluster.delete("pods", "web")
    await cluster.settle()

    assert cluster.client.get(CLAIMS, "default", "web-v0") is None
    assert not cluster.client.list(VOLUMES)


async def test_a_claim_with_the_name_of_an_ephemeral_volume_is_not_taken(cluster: Simulation) -> None:
    await cluster.apply(claim("web-v0"))
    body = pod("web")
    body["spec"]["volumes"] = [{"name": "v0", "ephemeral": {"volumeClaimTemplate": {"spec": claim()["spec"]}}}]
    await cluster.apply(body)
    await cluster.settle()

    why = "PVC default/web-v0 was not created for pod default/web (pod is not owner)"
    assert f"FailedBinding: ephemeral volume v0: {why}" in cluster.events("web")
    assert f"FailedScheduling: 0/3 nodes are available: {why}. not found" in cluster.events("web")
