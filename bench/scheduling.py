"""How fast Pods get their nodes: 10,000 of one ReplicaSet on 100 nodes that nobody runs, so that only scheduling is measured.

Pods are made while others are scheduled, as on any cluster; the figure ends when the last has a node.
"""

import time
from typing import Any, Final

from bench.server import running

Figures = dict[str, float]

NODES: Final = 100
PODS: Final = 10_000
_LIST: Final = "/api/v1/namespaces/bench/pods"
_NAMESPACE: Final = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "bench"}}


def _node(number: int) -> dict[str, Any]:
    name = f"bench-{number}"
    room = {"cpu": "32", "memory": "256Gi", "pods": "200"}
    labels = {"kubernetes.io/hostname": name, "topology.kubernetes.io/zone": f"zone-{number % 3}", "bench": "yes"}
    status = {"capacity": room, "allocatable": room, "conditions": [{"type": "Ready", "status": "True"}]}
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}, "status": status}


def _replicaset() -> dict[str, Any]:
    labels = {"app": "bench"}
    container = {"name": "web", "image": "nginx", "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}}}
    spec = {"containers": [container], "nodeSelector": {"bench": "yes"}, "tolerations": [{"operator": "Exists"}]}
    template = {"metadata": {"labels": labels}, "spec": spec}
    wanted = {"replicas": PODS, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "bench"}, "spec": wanted}


def measure_scheduling(seconds: float) -> Figures:
    """From the first Pod's creation to the last Pod's binding; making the Pods is part of it and is told beside it."""
    with running("--pace", "fast", "--nodes", "1") as server:
        server.ask("POST", "/api/v1/namespaces", _NAMESPACE)
        for number in range(NODES):
            server.ask("POST", "/api/v1/nodes", _node(number))
        time.sleep(1)
        begin, used_s = time.perf_counter(), server.cpu_s()
        server.ask("POST", "/apis/apps/v1/namespaces/bench/replicasets", _replicaset())
        made_s = 0.0
        while True:
            time.sleep(0.2)
            status = server.ask("GET", "/apis/apps/v1/namespaces/bench/replicasets/bench").get("status", {})
            if not made_s and status.get("replicas", 0) >= PODS:
                made_s = time.perf_counter() - begin
            if made_s and not server.ask("GET", f"{_LIST}?limit=1&fieldSelector=spec.nodeName%3D")["items"]:
                break
        return {
            "10000_pods_on_100_nodes_made_s": made_s,
            "10000_pods_on_100_nodes_scheduled_s": time.perf_counter() - begin,
            "10000_pods_on_100_nodes_cpu_s": server.cpu_s() - used_s,
        }
