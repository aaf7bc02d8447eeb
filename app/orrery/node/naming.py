"""How the kubelet names Pods and containers in messages, events and its own tables."""

from orrery.machinery.objects import FrozenObject, name_of, namespace_of, uid_of


def pod_title(pod: FrozenObject) -> str:
    """A Pod as the kubelet's messages name it: `web_default(uid)`."""
    return f"{name_of(pod)}_{namespace_of(pod)}({uid_of(pod)})"


def restart_key(pod: FrozenObject, container: FrozenObject) -> str:
    """Back-off belongs to a container as it is specified: another image begins anew."""
    return f"{uid_of(pod)}/{container['name']}/{container['image']}"


def field_path(pod: FrozenObject, container: FrozenObject) -> str:
    """Where the container is, as events tell it: `spec.containers{web}`."""
    name = container["name"]
    for place in ("containers", "initContainers", "ephemeralContainers"):
        for one in pod["spec"].get(place) or ():
            if one["name"] == name:
                return f"spec.{place}{{{name}}}"
    return ""
