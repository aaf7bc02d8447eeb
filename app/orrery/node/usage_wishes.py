"""What users say that containers use: annotations of the Pod, or a total of its workload that the ready Pods share.

A Pod's own annotation goes before its workload's total, a container's before its Pod's. Text that is no amount counts as not said.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from orrery.machinery.objects import FrozenObject, annotations_of, controller_of, namespace_of, uid_of
from orrery.machinery.quantities import QuantityError, parse
from orrery.verbs.client import Client
from orrery.verbs.usage import CPU, MEMORY, TOTAL_CPU, TOTAL_MEMORY

_BUCKETS: Final = {
    ("ReplicaSet", "apps"): "replicasets.apps",
    ("Deployment", "apps"): "deployments.apps",
    ("StatefulSet", "apps"): "statefulsets.apps",
    ("DaemonSet", "apps"): "daemonsets.apps",
    ("Job", "batch"): "jobs.batch",
    ("ReplicationController", ""): "replicationcontrollers",
}
_READY: Final = ("readyReplicas", "numberReady", "ready")
"""Where a workload's status tells how many of its Pods are ready."""
_TOTALS: Final = {CPU: TOTAL_CPU, MEMORY: TOTAL_MEMORY}


def wishes(client: Client, pod: FrozenObject, containers: Sequence[str], what: str) -> Mapping[str, int]:
    """The amounts of `what` (CPU or MEMORY) that users have set, in billionths, by container."""
    annotations = annotations_of(pod)
    own = {name: amount for name in containers if (amount := _amount(annotations, f"{what}.{name}")) is not None}
    whole = _amount(annotations, what)
    if whole is None and len(own) < len(containers):
        whole = _share(client, pod, _TOTALS[what])
    others = [name for name in containers if name not in own]
    if whole is None or not others:
        return own
    each = max(whole - sum(own.values()), 0) // len(others)
    return own | dict.fromkeys(others, each)


def _share(client: Client, pod: FrozenObject, annotation: str) -> int | None:
    """This Pod's share of its uppermost workload's total (ReplicaSets keep copies of their Deployment's). Who is not ready gets no work."""
    workload = _owner(client, pod)
    while workload is not None and (above := _owner(client, workload)) is not None:
        workload = above
    total = _amount(annotations_of(workload), annotation) if workload is not None else None
    if workload is None or total is None or not _is_ready(pod):
        return None
    status = workload.get("status") or {}
    ready = next((status[field] for field in _READY if status.get(field)), 1)
    return total // max(int(ready), 1)


def _owner(client: Client, obj: FrozenObject) -> FrozenObject | None:
    reference = controller_of(obj)
    if reference is None:
        return None
    bucket = _BUCKETS.get((reference["kind"], reference["apiVersion"].rpartition("/")[0]))
    owner = client.get(bucket, namespace_of(obj), reference["name"]) if bucket is not None else None
    return owner if owner is not None and uid_of(owner) == reference["uid"] else None


def _is_ready(pod: FrozenObject) -> bool:
    return any(one["type"] == "Ready" and one["status"] == "True" for one in (pod.get("status") or {}).get("conditions") or ())


def _amount(annotations: Mapping[str, str], key: str) -> int | None:
    text = annotations.get(key)
    if text is None:
        return None
    try:
        return max(parse(text).nano, 0)
    except QuantityError:
        return None
