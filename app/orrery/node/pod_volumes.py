"""A Pod's volumes as file systems, and where its containers see them. Follows upstream's volume plugins and `makeMounts`.

ConfigMaps, Secrets, the downward API and projections of them are atomic trees that `refresh` brings up to date; emptyDirs live as long
as the Pod; hostPaths are part of the node's simulated disk; claims belong to the cluster. DIFFERS: upstream gives a volume of another
kind to its driver; we mount an empty directory.
"""

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from orrery.machinery.clock import Clock
from orrery.machinery.field_errors import go_quote
from orrery.machinery.objects import FrozenObject, namespace_of
from orrery.machinery.quantities import parse
from orrery.node.environment import Surroundings, expand_variables, field_value, resource_value
from orrery.node.files.accounts import Root
from orrery.node.files.atomic import Projected, publish
from orrery.node.files.filesystem import UNLIMITED_BYTES, FileSystem, Mounted, new_filesystem, new_table
from orrery.node.files.inodes import Inode
from orrery.node.files.plant import plant_directory, plant_file
from orrery.node.files.space import Space
from orrery.node.files.walk import walk

_MODE: Final = 0o644
_OBJECTS: Final = (("configMap", "configmaps", "name"), ("secret", "secrets", "secretName"))

Token = Callable[[FrozenObject, FrozenObject], bytes]
"""A service account token for a Pod by its projection (`audience`, `expirationSeconds`)."""


@dataclass(slots=True, eq=False)
class Disks:
    """What outlives Pods: nodes' disks by node name, claims by namespace and name."""

    space: Space
    volume_bytes: int = 128 * 1024 * 1024
    nodes: dict[str, FileSystem] = field(default_factory=dict)
    claims: dict[tuple[str, str], FileSystem] = field(default_factory=dict)

    def new(self, *, size: int = UNLIMITED_BYTES, mode: int = 0o777, source: str = "/dev/vda1", type_: str = "ext4") -> FileSystem:
        filesystem = new_filesystem(size=size, real_max=self.volume_bytes, parent=self.space, type_=type_, mode=mode)
        filesystem.source = source
        return filesystem

    def of_node(self, name: str) -> FileSystem:
        if name not in self.nodes:
            self.nodes[name] = self.new(mode=0o755)
        return self.nodes[name]

    def of_claim(self, namespace: str, name: str) -> FileSystem:
        if (namespace, name) not in self.claims:
            self.claims[(namespace, name)] = self.new()
        return self.claims[(namespace, name)]


class MountFailed(Exception):
    """A container's mount cannot be made; the message is the kubelet's."""


@dataclass(slots=True, eq=False)
class PodVolumes:
    """One Pod's. Volumes are made when a container first mounts them."""

    disks: Disks
    clock: Clock
    node: str
    token: Token | None = None
    made: dict[str, FileSystem] = field(default_factory=dict)
    on_release: Callable[[], None] | None = None

    def mounts(self, around: Surroundings, container: FrozenObject, environment: Mapping[str, str]) -> tuple[Mounted, ...]:
        """What the container sees where, outer mounts before inner ones; MountFailed when that cannot be."""
        volumes = {one["name"]: one for one in around.pod["spec"].get("volumes") or ()}
        mounted = [
            self._mounted(around, volumes[mount["name"]], mount, environment)
            for mount in container.get("volumeMounts") or ()
            if mount["name"] in volumes
        ]
        return tuple(sorted(mounted, key=lambda one: one.path))

    def refresh(self, around: Surroundings) -> None:
        """Bring the atomic ones up to date; one whose object is gone stays as it is."""
        for volume in around.pod["spec"].get("volumes") or ():
            filesystem = self.made.get(volume["name"])
            if filesystem is not None and (files := _projected(volume, around, self.token)) is not None:
                publish(filesystem, files, clock=self.clock, gid=_group(around.pod))

    def release(self) -> None:
        """The Pod is gone: so is what was its own."""
        kept = {id(one) for one in [*self.disks.nodes.values(), *self.disks.claims.values()]}
        for filesystem in self.made.values():
            if id(filesystem) not in kept:
                filesystem.space.release()
        self.made.clear()
        if self.on_release is not None:
            self.on_release()

    def _mounted(self, around: Surroundings, volume: FrozenObject, mount: FrozenObject, environment: Mapping[str, str]) -> Mounted:
        filesystem = self.made.get(volume["name"])
        if filesystem is None:
            filesystem = self.made[volume["name"]] = self._make(around, volume)
        top: Inode | None = None
        if host_path := volume.get("hostPath"):
            top = _host_top(filesystem, host_path)
        sub_path = expand_variables(mount.get("subPathExpr") or "", environment) or mount.get("subPath") or ""
        if sub_path:
            top = _sub_top(filesystem, sub_path, volume, top)
        is_read_only = bool(mount.get("readOnly")) or _is_projection(volume)
        path = "/" + "/".join(part for part in mount["mountPath"].split("/") if part)
        return Mounted(path, filesystem, top, is_read_only=is_read_only)

    def _make(self, around: Surroundings, volume: FrozenObject) -> FileSystem:
        group = _group(around.pod)
        if volume.get("hostPath"):
            return self.disks.of_node(self.node)
        if claim := volume.get("persistentVolumeClaim"):
            return _owned(self.disks.of_claim(namespace_of(around.pod), claim["claimName"]), group)
        files = _projected(volume, around, self.token)
        if files is not None:
            filesystem = self.disks.new(source="tmpfs", type_="tmpfs", mode=0o1777)
            publish(filesystem, files, clock=self.clock, gid=group)
            return filesystem
        empty = volume.get("emptyDir") or {}
        size = parse(str(empty["sizeLimit"])).value if empty.get("sizeLimit") else UNLIMITED_BYTES
        kind = "tmpfs" if empty.get("medium") == "Memory" else "ext4"
        return _owned(self.disks.new(size=size, type_=kind, source="tmpfs" if kind == "tmpfs" else "/dev/vda1"), group)


def _group(pod: FrozenObject) -> int:
    return int((pod["spec"].get("securityContext") or {}).get("fsGroup") or 0)


def _owned(filesystem: FileSystem, group: int) -> FileSystem:
    """fsGroup: the volume belongs to the group, and what is made in it too."""
    if group:
        filesystem.root.gid = group
        filesystem.root.mode |= 0o2775
    return filesystem


def _is_projection(volume: FrozenObject) -> bool:
    return any(volume.get(kind) is not None for kind in ("configMap", "secret", "downwardAPI", "projected"))


def _host_top(disk: FileSystem, host_path: FrozenObject) -> Inode:
    path = host_path["path"].rstrip("/") or "/"
    if host_path.get("type") in ("File", "FileOrCreate"):
        place = walk(new_table(disk), path, Root()) if _exists(disk, path) else None
        return place.found() if place is not None else plant_file(disk, path, b"")
    return plant_directory(disk, path)


def _exists(filesystem: FileSystem, path: str) -> bool:
    try:
        return walk(new_table(filesystem), path, Root()).node is not None
    except OSError:
        return False


def _sub_top(filesystem: FileSystem, sub_path: str, volume: FrozenObject, top: Inode | None) -> Inode:
    """What a subPath leads to, inside the volume; a directory is made when there is nothing."""
    base = (volume["hostPath"]["path"].rstrip("/") if volume.get("hostPath") else "") + "/"
    if ".." in sub_path.split("/") or sub_path.startswith("/"):
        raise MountFailed(f"failed to prepare subPath for volumeMount {go_quote(volume['name'])}")
    if _exists(filesystem, base + sub_path):
        return walk(new_table(filesystem), base + sub_path, Root()).found()
    return plant_directory(filesystem, base + sub_path, 0o750)


def _projected(volume: FrozenObject, around: Surroundings, token: Token | None) -> dict[str, Projected] | None:
    """The files of an atomic volume; None for other kinds."""
    if not _is_projection(volume):
        return None
    projected = volume.get("projected")
    sources = [volume] if projected is None else projected.get("sources") or ()
    holder = projected or volume.get("configMap") or volume.get("secret") or volume.get("downwardAPI") or {}
    mode = _mode(holder.get("defaultMode"), _MODE)
    files: dict[str, Projected] = {}
    for source in sources:
        files.update(_of_source(source, around, mode, token))
    return files


def _of_source(source: FrozenObject, around: Surroundings, mode: int, token: Token | None) -> Iterator[tuple[str, Projected]]:
    for kind, bucket, name in _OBJECTS:
        if (reference := source.get(kind)) is not None:
            obj = around.lookup(bucket, reference.get(name) or reference.get("name") or "")
            yield from _of_object(_content(bucket, obj or {}), reference, mode)
    for item in (source.get("downwardAPI") or {}).get("items") or ():
        if reference := item.get("fieldRef"):
            text = field_value(reference["fieldPath"], around)
        else:
            text = resource_value(item["resourceFieldRef"], around.pod["spec"]["containers"][0], around)
        yield item["path"], Projected(text.encode(), _mode(item.get("mode"), mode))
    if (projection := source.get("serviceAccountToken")) is not None and token is not None:
        yield projection["path"], Projected(token(around.pod, projection), mode)


def _of_object(content: Mapping[str, bytes], reference: FrozenObject, mode: int) -> Iterator[tuple[str, Projected]]:
    """All keys, or the items asked for; keys that are missing have been refused before, or are optional."""
    if not reference.get("items"):
        yield from ((key, Projected(data, mode)) for key, data in content.items())
        return
    for item in reference["items"]:
        if item["key"] in content:
            yield item["path"], Projected(content[item["key"]], _mode(item.get("mode"), mode))


def _content(bucket: str, obj: FrozenObject) -> dict[str, bytes]:
    data = obj.get("data") or {}
    if bucket == "secrets":
        return {key: _unpacked(text) for key, text in data.items()}
    binary = {key: _unpacked(text) for key, text in (obj.get("binaryData") or {}).items()}
    return {**{key: text.encode(errors="surrogateescape") for key, text in data.items()}, **binary}


def _unpacked(text: str) -> bytes:
    try:
        return base64.b64decode(text)
    except (binascii.Error, ValueError):
        return text.encode()


def _mode(value: object, otherwise: int) -> int:
    return otherwise if value is None else int(str(value))
