"""What the API server checks about a Pod before it asks the node: is it there, which container is meant, has it a host.

Follows `pkg/registry/core/pod/strategy.go`.
"""

from orrery.machinery.errors import BadRequest, NotFound
from orrery.machinery.objects import FrozenObject
from orrery.verbs.client import Client


def find_pod(client: Client, namespace: str, name: str) -> FrozenObject:
    pod = client.get("pods", namespace, name)
    if pod is None:
        raise NotFound("pods", name)
    return pod


def choose_container(pod: FrozenObject, wanted: str) -> str:
    """The container that was named, or the only one."""
    spec, name = pod["spec"], pod["metadata"]["name"]
    containers = spec["containers"]
    if not wanted and len(containers) == 1:
        return str(containers[0]["name"])
    names = [one["name"] for key in ("initContainers", "containers", "ephemeralContainers") for one in spec.get(key) or ()]
    if not wanted:
        raise BadRequest(f"a container name must be specified for pod {name}, choose one of: [{' '.join(names)}]")
    if wanted not in names:
        raise BadRequest(f"container {wanted} is not valid for pod {name}")
    return wanted


def check_has_host(pod: FrozenObject) -> None:
    if not pod["spec"].get("nodeName"):
        raise BadRequest(f"pod {pod['metadata']['name']} does not have a host assigned")
