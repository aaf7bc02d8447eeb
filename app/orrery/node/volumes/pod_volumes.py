"""A Pod's volumes as file systems, and where its containers see them. Follows upstream's volume plugins and `makeMounts`.

What is made of objects is an atomic tree that `refresh` brings up to date; emptyDirs live as long as the Pod; hostPaths are part of the
node's simulated disk; PersistentVolumes belong to the cluster. An emptyDir on disk may outgrow its
sizeLimit, until the node looks and evicts the Pod; one in memory is full then.

DIFFERS: upstream gives a volume of another kind to its driver; we mount an empty directory.
"""

import stat as modes
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple

from orrery.kinds.storage.volumeattachment import ATTACHMENTS, DRIVERS, attachment_name, is_attachable, is_attached
from orrery.machinery.clock import Clock
from orrery.machinery.field_errors import go_quote
from orrery.machinery.objects import FrozenObject, annotations_of, name_of, uid_of
from orrery.machinery.quantities import parse
from orrery.node.environment import ConfigError, Lookup, Surroundings, Unattached, expand_variables
from orrery.node.files.atomic import publish
from orrery.node.files.filesystem import FileSystem, Mounted
from orrery.node.files.inodes import Directory, Inode
from orrery.node.files.plant import plant_directory, plant_file
from orrery.node.volumes import host_path
from orrery.node.volumes.claims import bound_volume, is_read_only
from orrery.node.volumes.disks import Disks
from orrery.node.volumes.growth import ClaimGrowth
from orrery.node.volumes.host_path import WrongType, find
from orrery.node.volumes.ownership import fs_group_of, give_to_group
from orrery.node.volumes.payload import is_made_of_objects, payload_of
from orrery.node.volumes.refresh import VolumeRefresh
from orrery.node.volumes.storage import node_source, size_of, tree_of
from orrery.node.volumes.tokens import PodTokens

_NO_DRIVER: Final = (
    "kubernetes.io/csi: mounter.SetUpAt failed to get CSI client: driver name {name} not found in the list of registered CSI drivers"
)
_GID: Final = "pv.beta.kubernetes.io/gid"
_OVERFULL: Final = "Usage of EmptyDir volume {name} exceeds the limit {limit}. "
_LOOK_S: Final = 10.0
"""How often the node looks at what Pods have taken of its disk."""


class MountFailed(Exception):
    """A container's mount cannot be made; the message is the kubelet's."""


@dataclass(slots=True)
class Volume:
    """One that is set up."""

    filesystem: FileSystem
    top: str = ""
    """Where in the file system the volume begins; empty: at its root."""
    is_own: bool = False
    """Whether it goes with the Pod."""
    is_read_only: bool = False


@dataclass(slots=True, eq=False)
class PodVolumes:
    """One Pod's. `set_up` until it has no errors, then `mounts` for each start of a container, `release` in the end."""

    disks: Disks
    clock: Clock
    node: str
    tokens: PodTokens | None = None
    pod_uid: str = ""
    ready: dict[str, Volume] = field(default_factory=dict)
    follows: VolumeRefresh | None = None
    """Brings what is made of objects up to date."""
    grows: ClaimGrowth | None = None
    """Lets file systems of claims take their volumes' size."""
    on_overfull: Callable[[], None] | None = None
    """Called some time after an emptyDir has outgrown its sizeLimit."""

    def set_up(self, around: Surroundings, volumes: Lookup) -> list[ConfigError]:
        """Make what is not there yet; one error for each volume that cannot be mounted now. `volumes` finds PersistentVolumes."""
        errors = []
        self.pod_uid = uid_of(around.pod)
        for volume in around.pod["spec"].get("volumes") or ():
            name = volume["name"]
            if name in self.ready:
                continue
            try:
                self.ready[name] = self._make(around, volume, volumes)
            except _Unmounted as error:
                errors.append(error.why)
            except (ConfigError, WrongType, OSError) as error:
                missing = error.missing if isinstance(error, ConfigError) else None
                errors.append(ConfigError(f"MountVolume.SetUp failed for volume {go_quote(name)} : {error}", missing))
        return errors

    def mounts(self, container: FrozenObject, environment: Mapping[str, str]) -> tuple[Mounted, ...]:
        """What the container sees where, outer mounts before inner ones; MountFailed when that cannot be."""
        wanted = [mount for mount in container.get("volumeMounts") or () if mount["name"] in self.ready]
        views = [_view(self.ready[mount["name"]], container, mount, environment, self.clock.now_s()) for mount in wanted]
        views.sort(key=lambda view: view.mounted.path)
        for index, view in enumerate(views):
            _make_room(view.mounted, views[:index])
        return tuple(view.mounted for view in views)

    def refresh(self, around: Surroundings) -> None:
        """Bring what is made of objects up to date; a volume whose object is gone stays as it is."""
        for volume in around.pod["spec"].get("volumes") or ():
            made = self.ready.get(volume["name"])
            if made is None or not is_made_of_objects(volume):
                continue
            try:
                self._publish(made.filesystem, around, volume)
            except ConfigError:
                continue

    def due_s(self) -> float | None:
        """When something is to be made new though no object changes."""
        return self.tokens.due_s() if self.tokens is not None else None

    def complaint(self, pod: FrozenObject) -> str:
        """Which emptyDir has outgrown its sizeLimit, in the kubelet's words; empty: none has."""
        for volume in pod["spec"].get("volumes") or ():
            limit = str((volume.get("emptyDir") or {}).get("sizeLimit") or "0")
            made = self.ready.get(volume["name"])
            if made is not None and 0 < _bytes(limit) < made.filesystem.space.used:
                return _OVERFULL.format(name=go_quote(volume["name"]), limit=go_quote(limit))
        return ""

    def _outgrown(self) -> None:
        if self.on_overfull is not None:
            self.clock.call_later(_LOOK_S, self.on_overfull, background=True)

    def reboot(self) -> None:
        """The node goes down: what is on disk stays, what was in memory or made of objects will be made anew."""
        self._unfollow()
        lost = [
            name for name, volume in self.ready.items() if not volume.is_own or volume.is_read_only or volume.filesystem.type == "tmpfs"
        ]
        for name in lost:
            volume = self.ready.pop(name)
            if volume.is_own:
                volume.filesystem.space.release()

    def _unfollow(self) -> None:
        if self.follows is not None:
            self.follows.end()
        if self.grows is not None:
            self.grows.end()
        self.follows = self.grows = None

    def release(self) -> None:
        """The Pod is gone: so is what was its own."""
        self._unfollow()
        for volume in self.ready.values():
            if volume.is_own:
                volume.filesystem.space.release()
        self.ready.clear()
        self.disks.forget("pods", self.pod_uid, "volumes")

    # Making.

    def _make(self, around: Surroundings, volume: FrozenObject, volumes: Lookup) -> Volume:
        if source := volume.get("hostPath"):
            return self._on_node(source)
        if csi := volume.get("csi"):
            raise OSError(_NO_DRIVER.format(name=csi["driver"]))
        if volume.get("persistentVolumeClaim") is not None or volume.get("ephemeral") is not None:
            return self._persistent(around, volume, volumes)
        if is_made_of_objects(volume):
            is_in_memory = volume.get("configMap") is None
            kind = ("tmpfs", "tmpfs", 0o1777) if is_in_memory else ("ext4", "/dev/vda1", 0o777)
            filesystem = self.disks.new(size=_memory(around) if is_in_memory else 0, type_=kind[0], source=kind[1], mode=kind[2])
            self._publish(filesystem, around, volume)
            return Volume(filesystem, is_own=True, is_read_only=True)
        return Volume(self._empty(around, volume["name"], volume.get("emptyDir") or {}), is_own=True)

    def _publish(self, filesystem: FileSystem, around: Surroundings, volume: FrozenObject) -> None:
        if publish(filesystem, payload_of(volume, around, self.tokens), clock=self.clock):
            _give(filesystem.root, fs_group_of(around.pod), is_read_only=True)

    def _empty(self, around: Surroundings, name: str, source: FrozenObject) -> FileSystem:
        size = _bytes(str(source.get("sizeLimit") or "0"))
        if source.get("medium") == "Memory":
            memory = _memory(around)
            filesystem = self.disks.new(size=min(size, memory) or memory, type_="tmpfs", source="tmpfs", mode=0o1777)
        else:
            filesystem = self.disks.new()
            if size:
                filesystem.space.watch(size, self._outgrown)
        filesystem.root.modified_s = self.clock.now_s()
        if source.get("medium") != "Memory":  # That does not survive the reboot of a node.
            self.disks.keep(filesystem, "pods", self.pod_uid, "volumes", name)
        _give(filesystem.root, fs_group_of(around.pod))
        return filesystem

    def _on_node(self, source: FrozenObject) -> Volume:
        disk, path = self.disks.of_node(self.node), "/" + source["path"].strip("/")
        host_path.prepare(disk, path, source.get("type") or "")
        return Volume(disk, path.rstrip("/"))

    def _persistent(self, around: Surroundings, volume: FrozenObject, volumes: Lookup) -> Volume:
        try:
            found = bound_volume(around.pod, volume, around.lookup, volumes)
            self._check_attached(found, volumes)
            made = self._behind(found)
        except ConfigError as error:
            raise _Unmounted(error) from None
        except (WrongType, OSError) as error:
            raise _Unmounted(ConfigError(f"MountVolume.SetUp failed for volume {go_quote(name_of(found))} : {error}")) from None
        made.is_read_only = is_read_only(volume)
        if found["spec"].get("hostPath") is None or not made.top:
            group = fs_group_of(around.pod)
            root = find(made.filesystem, made.top) if made.top else made.filesystem.root
            _give(root or made.filesystem.root, int(annotations_of(found).get(_GID, 0)) or None if group is None else group)
        return made

    def _check_attached(self, volume: FrozenObject, volumes: Lookup) -> None:
        """Unattached when another volume has to be waited for: the attach/detach controller brings it to the node."""
        csi = volume["spec"].get("csi")
        if csi is None or not is_attachable(volume, volumes(DRIVERS, csi.get("driver", ""))):
            return
        attachment = attachment_name(volume, self.node)
        if not is_attached(volumes(ATTACHMENTS, attachment)):
            raise Unattached("Volume not attached according to node status", (ATTACHMENTS, attachment))

    def _behind(self, volume: FrozenObject) -> Volume:
        """Where the files of a PersistentVolume are."""
        source = node_source(volume)
        if source is None:
            return Volume(self.disks.of_persistent(tree_of(volume), size_of(volume)))
        if volume["spec"].get("local") is not None and find(self.disks.of_node(self.node), source["path"]) is None:
            why = f"path {go_quote(source['path'])} does not exist"
            raise ConfigError(f"MountVolume.NewMounter initialization failed for volume {go_quote(name_of(volume))} : {why}")
        return self._on_node(source)


class _View(NamedTuple):
    """A mount, and where in its file system it begins."""

    mounted: Mounted
    top: str


def _view(volume: Volume, container: FrozenObject, mount: FrozenObject, environment: Mapping[str, str], now_s: float) -> _View:
    top, sub_path = volume.top, _sub_path(mount, environment)
    node: Inode | None = find(volume.filesystem, top) if top else None
    if sub_path:
        where = f"volumeMount {go_quote(mount['name'])} of container {go_quote(container['name'])}"
        node, top = _sub_top(volume, sub_path, where, now_s), f"{top}/{sub_path}"
    path = "/" + "/".join(part for part in mount["mountPath"].split("/") if part)
    mounted = Mounted(path, volume.filesystem, node, is_read_only=bool(mount.get("readOnly")) or volume.is_read_only)
    return _View(mounted, top)


def _make_room(inner: Mounted, outer: Sequence[_View]) -> None:
    """What is mounted inside another volume needs something there to be mounted on."""
    around = [view for view in outer if inner.path.startswith(view.mounted.path.rstrip("/") + "/")]
    if not around:
        return
    view = around[-1]
    filesystem, path = view.mounted.filesystem, view.top + inner.path[len(view.mounted.path.rstrip("/")) :]
    if find(filesystem, path) is None:
        try:
            plant_directory(filesystem, path) if isinstance(inner.top, Directory) else plant_file(filesystem, path, b"")
        except NotADirectoryError:
            raise MountFailed(f"mkdir {path}: not a directory") from None


class _Unmounted(Exception):
    """A claim that cannot be mounted: the message says everything already."""

    def __init__(self, why: ConfigError) -> None:
        super().__init__(str(why))
        self.why = why


def _memory(around: Surroundings) -> int:
    """What a file system in memory may take: what the Pod may, when all its containers have a limit, else all the node has."""
    whole = _bytes(around.allocatable.get("memory", "0"))
    spec = around.pod["spec"]
    first = spec.get("initContainers") or ()
    staying = [*spec["containers"], *(one for one in first if one.get("restartPolicy") == "Always")]
    of_pod = _limit(spec)
    if not of_pod and not all(_limit(one) for one in (*staying, *first)):
        return whole
    return min(of_pod or max(sum(map(_limit, staying)), *map(_limit, first), 0), whole)


def _limit(holder: FrozenObject) -> int:
    """The memory limit of a container, or of the Pod itself; 0: none."""
    return _bytes(str(((holder.get("resources") or {}).get("limits") or {}).get("memory") or "0"))


@lru_cache(maxsize=64)
def _bytes(text: str) -> int:
    return int(parse(text).value)


def _give(root: Inode, group: int | None, *, is_read_only: bool = False) -> None:
    if group is not None:
        give_to_group(root, group, is_read_only=is_read_only)


def _sub_path(mount: FrozenObject, environment: Mapping[str, str]) -> str:
    """The path as it is now, checked."""
    text: str = mount.get("subPath") or ""
    if expression := mount.get("subPathExpr"):
        missing: set[str] = set()
        text = expand_variables(expression, _Watched(environment, missing))
        if missing:
            raise MountFailed(f"missing value for {', '.join(sorted(missing))}")
    if text.startswith("/"):
        raise MountFailed(f"error SubPath `{text}` must not be an absolute path")
    if ".." in text.split("/"):
        raise MountFailed(f"unable to provision SubPath `{text}`: must not contain '..'")
    return text.strip("/")


@dataclass(frozen=True, slots=True)
class _Watched(Mapping[str, str]):
    """Variables that note which of them were asked for and are missing or empty."""

    variables: Mapping[str, str]
    missing: set[str]

    def __getitem__(self, name: str) -> str:
        value = self.variables.get(name, "")
        if not value:
            self.missing.add(name)
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self.variables)

    def __len__(self) -> int:
        return len(self.variables)


def _sub_top(volume: Volume, sub_path: str, where: str, now_s: float) -> Inode:
    """What a subPath leads to, inside the volume; where there is nothing, directories with the volume's own mode are made."""
    path = f"{volume.top}/{sub_path}"
    found = find(volume.filesystem, path)
    if found is not None:
        return found
    top = find(volume.filesystem, volume.top or "/")
    if not isinstance(top, Directory):
        raise MountFailed(f"failed to prepare subPath for {where}")
    gid, step = top.gid if top.mode & modes.S_ISGID else 0, volume.top
    try:
        for name in filter(None, sub_path.split("/")):
            step = f"{step}/{name}"
            if find(volume.filesystem, step) is None:
                plant_directory(volume.filesystem, step, top.mode & 0o7777, gid=gid, modified_s=now_s)
        return plant_directory(volume.filesystem, path)
    except NotADirectoryError:
        raise MountFailed(f"failed to create subPath directory for {where}") from None
