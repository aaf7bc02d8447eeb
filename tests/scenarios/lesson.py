"""Pods of the lesson as its stories write them, and what is asked about their containers."""

from collections.abc import Callable, Sequence
from typing import Any

from orrery.machinery.clock import parse_timestamp
from orrery.machinery.objects import FrozenObject, Object, uid_of
from orrery.store.log import Event
from orrery.testing import Simulation

_STATUSES = ("initContainerStatuses", "containerStatuses")


def container(name: str, image: str = "busybox:1.28", *, script: str = "", **fields: Any) -> Object:
    """A container; `script` is what its shell runs."""
    return {"name": name, "image": image, **({"command": ["sh", "-c", script]} if script else {}), **fields}


def configmap(name: str, **data: str) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}, "data": data}


def secret(name: str, **data: str) -> Object:
    """An Opaque Secret; the values in clear."""
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": "default"}, "stringData": data}


def service(name: str, /, *, port: int = 80, target: int = 80, **selector: str) -> Object:
    spec = {"selector": selector, "ports": [{"port": port, "targetPort": target}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "default"}, "spec": spec}


def title(cluster: Simulation, pod: str) -> str:
    """A Pod as the kubelet names it in messages."""
    return f"{pod}_default({uid_of(cluster.get('pods', pod))})"


def ended(cluster: Simulation, pod: str, name: str = "") -> FrozenObject:
    """How the container ended, now or the last time."""
    status = cluster.container(pod, name)
    found: FrozenObject = status["state"].get("terminated") or status["lastState"]["terminated"]
    return found


def ran_s(end: FrozenObject) -> float:
    return parse_timestamp(end["finishedAt"]) - parse_timestamp(end["startedAt"])


def condition(pod: FrozenObject, type_: str) -> FrozenObject:
    found: FrozenObject = next(one for one in pod["status"]["conditions"] if one["type"] == type_)
    return found


def is_ready(cluster: Simulation, pod: str) -> bool:
    return bool(condition(cluster.get("pods", pod), "Ready")["status"] == "True")


def has_restarted(cluster: Simulation, pod: str, count: int) -> bool:
    return bool(cluster.container(pod)["restartCount"] >= count)


def waits(seen: Sequence[Event], name: str, read: Callable[[FrozenObject], str]) -> list[str]:
    """What `read` finds in each state of a container that waits, without repetitions."""
    pods = [event.record.object.get("status", {}) for event in seen]
    statuses = [one for pod in pods for key in _STATUSES for one in pod.get(key, ()) if one["name"] == name]
    return list(dict.fromkeys(read(one["state"]["waiting"]) for one in statuses if "waiting" in one["state"]))


def back_offs(seen: Sequence[Event], name: str) -> list[str]:
    """`10s`, `20s`, …: the delays that a container's restarts were told to wait."""
    words = waits(seen, name, lambda waiting: str(waiting.get("message", "")))
    return list(dict.fromkeys(word.split()[1] for word in words if word.startswith("back-off ")))


def told_of(cluster: Simulation, pod: str) -> list[tuple[str, str]]:
    """What each event of a Pod is about, and its reason, in order; `` is the Pod itself."""
    events = [one for one in cluster.list("events") if one["involvedObject"]["name"] == pod]
    events.sort(key=lambda one: int(one["metadata"]["resourceVersion"]))
    return [(one["involvedObject"].get("fieldPath", ""), one["reason"]) for one in events]
