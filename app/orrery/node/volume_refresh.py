"""Letting changes of ConfigMaps and Secrets reach the volumes that show them, some time after, as the kubelet's sync loop does."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from orrery.machinery.clock import Timer
from orrery.machinery.objects import FrozenObject, namespace_of
from orrery.node.environment import Surroundings
from orrery.node.host import Host
from orrery.node.pod_volumes import PodVolumes
from orrery.store.log import key_of


@dataclass(slots=True, eq=False)
class VolumeRefresh:
    """Follows what one Pod has mounted, until its volumes are released."""

    host: Host
    pod_uid: str
    volumes: PodVolumes
    around: Surroundings
    keys: list[str] = field(default_factory=list)
    timer: Timer | None = None

    def begin(self) -> None:
        namespace = namespace_of(self.around.pod)
        self.keys = [key_of(bucket, namespace, name) for bucket, name in mounted_objects(self.around.pod["spec"])]
        for key in self.keys:
            self.host.followers.follow(key, self.pod_uid, self.soon)
        self.volumes.on_release = self.end

    def soon(self) -> None:
        """Something has changed."""
        if self.timer is None:
            self.timer = self.host.clock.call_later(self.host.pace.refresh_s(), self._refresh, background=True)

    def end(self) -> None:
        for key in self.keys:
            self.host.followers.drop(key, self.pod_uid)
        if self.timer is not None:
            self.timer.cancel()

    def _refresh(self) -> None:
        self.timer = None
        self.volumes.refresh(self.around)


def mounted_objects(spec: FrozenObject) -> Iterator[tuple[str, str]]:
    """Buckets and names of the ConfigMaps and Secrets in a Pod's volumes."""
    for volume in spec.get("volumes") or ():
        for source in [volume, *((volume.get("projected") or {}).get("sources") or ())]:
            if source.get("configMap"):
                yield "configmaps", source["configMap"].get("name", "")
            if source.get("secret"):
                yield "secrets", source["secret"].get("secretName") or source["secret"].get("name", "")
