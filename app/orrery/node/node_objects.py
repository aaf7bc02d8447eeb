"""What the API shows of a node: the Node object, its Lease and its CSINode. Pure.

Follows upstream's `nodestatus/setters.go` and what a kubelet on Debian with containerd reports.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from typing import Final

from orrery.machinery.clock import micro_timestamp, timestamp
from orrery.machinery.objects import FrozenObject, Object, name_of
from orrery.node.kernel import RELEASE

KUBELET_VERSION: Final = "v1.35.4"
CONTAINERD_VERSION: Final = "2.2.1"
LEASE_NAMESPACE: Final = "kube-node-lease"
LEASE_S: Final = 40
SIMULATED: Final = "orrery.dev/simulated"
"""An annotation of the nodes that this process simulates: those that have it come back after a restart."""
FAILURE: Final = "orrery.dev/failure"
"""An annotation of a node whose machine is down: how it failed."""

_MIGRATED: Final = ("aws-ebs", "azure-disk", "azure-file", "cinder", "gce-pd", "portworx-volume", "vsphere-volume")
"""Volume plugins that once were part of the kubelet and now are drivers' work, as it says of itself."""

_CONDITIONS: Final = (
    ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
)


_HANDLER_FEATURES: Final = {"recursiveReadOnlyMounts": True, "userNamespaces": True}


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """One node as it registers itself."""

    name: str
    ip: str
    pod_cidr: str
    capacity: Mapping[str, str]
    """And allocatable, which is the same: nothing is reserved for the system."""
    boot_id: str
    labels: Mapping[str, str] = field(default_factory=dict)
    """What it registers with beyond what every node has; later they are the user's."""
    taints: Sequence[FrozenObject] = ()


def recorded_facts(node: FrozenObject, boot_id: str) -> NodeFacts | None:
    """The facts of a node that registered in a previous life of the process; None when its Node object does not tell them."""
    status = node.get("status") or {}
    ip = next((one["address"] for one in status.get("addresses") or () if one["type"] == "InternalIP"), None)
    pod_cidr = (node.get("spec") or {}).get("podCIDR")
    if not ip or not pod_cidr:
        return None
    try:
        IPv4Network(pod_cidr)
    except ValueError:
        return None  # Of the other family.
    return NodeFacts(name_of(node), ip, pod_cidr, status.get("capacity") or {}, boot_id)


def new_node(facts: NodeFacts, now_s: float) -> Object:
    """The Node object of a node that registers for the first time."""
    labels = {
        "beta.kubernetes.io/arch": "amd64",
        "beta.kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": facts.name,
        "kubernetes.io/os": "linux",
        **facts.labels,
    }
    annotations = {"node.alpha.kubernetes.io/ttl": "0", SIMULATED: "true", "volumes.kubernetes.io/controller-managed-attach-detach": "true"}
    spec: Object = {"podCIDR": facts.pod_cidr, "podCIDRs": [facts.pod_cidr]}
    if facts.taints:
        spec["taints"] = [dict(taint) for taint in facts.taints]
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": facts.name, "labels": labels, "annotations": annotations},
        "spec": spec,
        "status": node_status(facts, {}, now_s),
    }


def node_status(facts: NodeFacts, old: FrozenObject, now_s: float) -> Object:
    """The status a kubelet posts; transition times of conditions are kept from `old`."""
    status: Object = dict(old)
    status["addresses"] = [{"type": "InternalIP", "address": facts.ip}, {"type": "Hostname", "address": facts.name}]
    status["capacity"] = {**(old.get("capacity") or {}), **facts.capacity}
    status["allocatable"] = {**(old.get("allocatable") or {}), **facts.capacity}
    status["conditions"] = node_conditions(old.get("conditions") or (), now_s)
    status["daemonEndpoints"] = {"kubeletEndpoint": {"Port": 10250}}
    status["features"] = {"supplementalGroupsPolicy": True}
    status["nodeInfo"] = _node_info(facts)
    status["runtimeHandlers"] = [{"features": dict(_HANDLER_FEATURES), "name": name} for name in ("runc", "")]
    return status


def node_conditions(old: Sequence[FrozenObject], now_s: float) -> list[Object]:
    """The kubelet's conditions, all well; those of others stay."""
    known = {condition["type"]: condition for condition in old}
    now = timestamp(now_s)
    own = []
    for type_, state, reason, message in _CONDITIONS:
        before = known.pop(type_, None)
        since = before["lastTransitionTime"] if before is not None and before["status"] == state else now
        own.append(
            {
                "type": type_,
                "status": state,
                "lastHeartbeatTime": now,
                "lastTransitionTime": since,
                "reason": reason,
                "message": message,
            }
        )
    return [*map(dict, known.values()), *own]


def is_well(node: FrozenObject) -> bool:
    """Whether the Node's conditions are all as a kubelet without trouble posts them."""
    states = {one["type"]: one["status"] for one in (node.get("status") or {}).get("conditions") or ()}
    return all(states.get(type_) == state for type_, state, _, _ in _CONDITIONS)


def _node_info(facts: NodeFacts) -> Object:
    # DIFFERS: upstream reads these facts from the machine; we tell of a Debian machine with containerd, whatever the host is.
    machine = hashlib.sha256(f"machine/{facts.name}".encode()).hexdigest()
    return {
        "architecture": "amd64",
        "bootID": facts.boot_id,
        "containerRuntimeVersion": f"containerd://{CONTAINERD_VERSION}",
        "kernelVersion": RELEASE,
        "kubeProxyVersion": "",
        "kubeletVersion": KUBELET_VERSION,
        "machineID": machine[:32],
        "operatingSystem": "linux",
        "osImage": "Debian GNU/Linux 13 (trixie)",
        "systemUUID": f"{machine[32:40]}-{machine[40:44]}-{machine[44:48]}-{machine[48:52]}-{machine[52:64]}",
    }


def new_lease(name: str, node: FrozenObject, now_s: float) -> Object:
    """The node's heartbeat."""
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": name, "namespace": LEASE_NAMESPACE, "ownerReferences": [_owner(node)]},
        "spec": {"holderIdentity": name, "leaseDurationSeconds": LEASE_S, "renewTime": micro_timestamp(now_s)},
    }


def new_csi_node(node: FrozenObject) -> Object:
    """What a kubelet says of its storage drivers when it starts: it has none yet."""
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "CSINode",
        "metadata": {
            "name": name_of(node),
            "annotations": {"storage.alpha.kubernetes.io/migrated-plugins": ",".join(f"kubernetes.io/{plugin}" for plugin in _MIGRATED)},
            "ownerReferences": [_owner(node)],
        },
        "spec": {"drivers": []},
    }


def _owner(node: FrozenObject) -> Object:
    return {"apiVersion": "v1", "kind": "Node", "name": name_of(node), "uid": node["metadata"]["uid"]}
