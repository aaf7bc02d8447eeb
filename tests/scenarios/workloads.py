"""StatefulSets and DaemonSets as users write them, and what scenarios ask about them."""

from typing import Any

from orrery.machinery.objects import Object, name_of
from orrery.store.log import Event, Operation
from orrery.testing import Simulation

STATEFULSETS, DAEMONSETS, REVISIONS, CLAIMS = "statefulsets.apps", "daemonsets.apps", "controllerrevisions.apps", "persistentvolumeclaims"
READINESS = {"httpGet": {"port": 80, "path": "/"}, "periodSeconds": 1}


def _template(name: str, image: str, **container: Any) -> Object:
    return {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "web", "image": image, **container}]}}


def statefulset(name: str = "web", *, image: str = "nginx:1.25", replicas: int = 3, **spec: Any) -> Object:
    wanted = {"serviceName": name, "replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": _template(name, image)}
    return {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": name, "namespace": "default"}, "spec": {**wanted, **spec}}


def daemonset(name: str = "agent", *, image: str = "nginx:1.25", pod: Object | None = None, **spec: Any) -> Object:
    template = _template(name, image)
    template["spec"].update(pod or {})
    wanted = {"selector": {"matchLabels": {"app": name}}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": name, "namespace": "default"}, "spec": {**wanted, **spec}}


def claim_template(name: str = "data") -> Object:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    return {"metadata": {"name": name}, "spec": spec}


def rolling(**limits: Any) -> Object:
    return {"type": "RollingUpdate", "rollingUpdate": limits}


async def set_image(cluster: Simulation, bucket: str, name: str, image: str) -> None:
    await cluster.edit(name, lambda draft: draft["spec"]["template"]["spec"]["containers"][0].update(image=image), bucket)


def names(cluster: Simulation, app: str) -> list[str]:
    return [name_of(pod) for pod in cluster.pods(app=app)]


def revisions(cluster: Simulation, app: str) -> dict[int, str]:
    """Image by revision number."""
    found = cluster.list(REVISIONS, app=app)
    return {one["revision"]: one["data"]["spec"]["template"]["spec"]["containers"][0]["image"] for one in found}


def lives(seen: list[Event]) -> list[str]:
    """`+web-0` for each Pod that came, `~web-0` when its deletion began, `-web-0` when it was gone, in order."""
    told = []
    for event in seen:
        name = name_of(event.record.object)
        if event.operation is Operation.CREATED:
            told.append(f"+{name}")
        elif event.operation is Operation.DELETED:
            told.append(f"-{name}")
        elif f"~{name}" not in told[_last(told, f"+{name}") :] and "deletionTimestamp" in event.record.object["metadata"]:
            told.append(f"~{name}")
    return told


def _last(told: list[str], entry: str) -> int:
    return max((index for index, one in enumerate(told) if one == entry), default=0)
