"""Node objects and their heartbeats."""

from itertools import pairwise

from orrery.machinery.clock import parse_timestamp
from orrery.settings import Settings
from tests.node.cluster import NODE, NodeCluster


async def test_nodes_register_ready_and_with_what_a_node_shows() -> None:
    cluster = NodeCluster(Settings(nodes=3))
    await cluster.start()
    nodes = cluster.client.list("nodes")

    assert [node["metadata"]["name"] for node in nodes] == ["orrery-worker", "orrery-worker2", "orrery-worker3"]
    node = nodes[1]
    assert node["spec"]["podCIDR"] == "10.244.1.0/24"
    assert node["metadata"]["labels"]["kubernetes.io/hostname"] == "orrery-worker2"
    assert node["status"]["addresses"] == [
        {"type": "InternalIP", "address": "172.18.0.3"},
        {"type": "Hostname", "address": "orrery-worker2"},
    ]
    assert node["status"]["capacity"]["pods"] == "110"
    assert node["status"]["allocatable"]["memory"] == "16Gi"
    assert node["status"]["nodeInfo"]["kubeletVersion"] == "v1.35.4"
    conditions = {one["type"]: (one["status"], one["reason"], one["message"]) for one in node["status"]["conditions"]}
    assert conditions["Ready"] == ("True", "KubeletReady", "kubelet is posting ready status")
    assert conditions["MemoryPressure"] == ("False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available")
    assert cluster.events.reasons("orrery-worker2") == [
        "Starting",
        "NodeHasSufficientMemory",
        "NodeHasNoDiskPressure",
        "NodeHasSufficientPID",
        "NodeReady",
    ]
    await cluster.kubelet.stop()


async def test_a_node_tells_that_it_has_no_storage_drivers(fast: NodeCluster) -> None:
    """Every kubelet makes a CSINode when it starts; it goes with its Node."""
    found = fast.client.get("csinodes.storage.k8s.io", "", NODE)

    assert found is not None
    assert found["spec"] == {"drivers": []}
    assert found["metadata"]["ownerReferences"][0]["name"] == NODE
    plugins = found["metadata"]["annotations"]["storage.alpha.kubernetes.io/migrated-plugins"].split(",")
    assert (plugins[0], plugins[-1]) == ("kubernetes.io/aws-ebs", "kubernetes.io/vsphere-volume")


async def test_leases_are_renewed_every_ten_seconds(fast: NodeCluster) -> None:
    times, lease = [], None
    for _ in range(3):
        lease = fast.client.get("leases.coordination.k8s.io", "kube-node-lease", NODE)
        assert lease is not None
        times.append(parse_timestamp(lease["spec"]["renewTime"]))
        await fast.clock.advance(10)

    assert [round(later - earlier) for earlier, later in pairwise(times)] == [10, 10]
    assert lease is not None
    assert lease["spec"]["holderIdentity"] == NODE
    assert lease["spec"]["leaseDurationSeconds"] == 40
    assert lease["metadata"]["ownerReferences"][0]["kind"] == "Node"


async def test_a_status_is_posted_every_five_minutes_and_nothing_else_is_written(fast: NodeCluster) -> None:
    node = fast.client.get("nodes", "", NODE)
    revision = fast.log.revision
    await fast.clock.advance(299)
    between = fast.client.get("nodes", "", NODE)
    await fast.clock.advance(12)
    after = fast.client.get("nodes", "", NODE)

    assert node == between
    assert after is not None and after != node
    assert fast.log.revision - revision == 31 + 1


async def test_a_node_somebody_deleted_is_left_alone_until_the_next_start(fast: NodeCluster) -> None:
    await fast.client.delete("nodes", "", NODE)
    await fast.clock.advance(30)

    assert fast.client.get("nodes", "", NODE) is None


async def test_heartbeats_wait_for_their_namespace() -> None:
    cluster = NodeCluster(Settings(nodes=1))
    await cluster.kubelet.start()
    await cluster.clock.advance(30)

    assert cluster.client.get("nodes", "", NODE) is not None
    await cluster.kubelet.stop()
