"""What an autoscaler scales: any kind with a scale subresource, read and written through it."""

from typing import NamedTuple

from orrery.kinds.catalogue import Catalogue
from orrery.kinds.kind import Kind
from orrery.machinery.field_errors import go_quote
from orrery.machinery.objects import FrozenObject
from orrery.verbs.client import Client
from orrery.verbs.registry import stored_kind
from orrery.verbs.subresources.scale import scale_of


class NoScale(Exception):
    """The target's scale cannot be had; the message is the API server's or the REST mapper's."""


class Target(NamedTuple):
    """A workload's scale."""

    bucket: str
    namespace: str
    name: str
    wanted: int
    present: int
    selector: str


class Targets:
    """Finds and scales."""

    def __init__(self, client: Client, catalogue: Catalogue) -> None:
        self._client = client
        self._catalogue = catalogue

    def read(self, namespace: str, reference: FrozenObject) -> Target:
        """The scale that a scaleTargetRef means; its version does not matter."""
        kind = self._kind(reference)
        numbers = stored_kind(kind).behaviour.scale
        if numbers is None or kind.subresource("scale") is None:
            raise NoScale("the server could not find the requested resource")
        name = reference["name"]
        obj = self._client.get(kind.bucket, namespace, name)
        if obj is None:
            raise NoScale(f"{kind.group_resource} {go_quote(name)} not found")
        scale = scale_of(numbers, obj)
        selector = scale["status"].get("selector", "")
        return Target(kind.bucket, namespace, name, scale["spec"].get("replicas", 0), scale["status"]["replicas"], selector)

    def _kind(self, reference: FrozenObject) -> Kind:
        version, name = reference.get("apiVersion", ""), reference["kind"]
        if version.count("/") > 1:
            raise NoScale(f"unexpected GroupVersion string: {version}")
        group = version.rpartition("/")[0]
        found = next((kind for kind in self._catalogue if kind.group == group and kind.kind == name), None)
        if found is None:
            raise NoScale(f"no matches for kind {go_quote(name)} in group {go_quote(group)}")
        return found

    async def write(self, target: Target, replicas: int) -> None:
        """ApiError when it cannot be written."""
        patch = {"spec": {"replicas": replicas}}
        await self._client.patch(target.bucket, target.namespace, target.name, patch, subresource="scale")
