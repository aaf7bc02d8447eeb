"""Which tree of files a PersistentVolume is: its path on the node, or one of its own that all nodes see.

Files of a volume lie where its source says, as in real life: a volume that is made anew with the same source finds them again, unless
the old one was to be deleted with what is in it.
"""

from typing import Final

from orrery.machinery.objects import FrozenObject, name_of
from orrery.machinery.quantities import parse

SHARED: Final = "/var/local-path-provisioner/"
"""What every node sees the same: where provisioned volumes lie."""
_ON_NODE: Final = ("hostPath", "local")


def node_source(volume: FrozenObject) -> FrozenObject | None:
    """The path on the node, checked as a hostPath of that type; None for a tree of its own."""
    for kind in _ON_NODE:
        source: FrozenObject | None = volume["spec"].get(kind)
        if source is not None and not source["path"].startswith(SHARED):
            return {"type": "", **source}
    return None


def tree_of(volume: FrozenObject) -> str:
    """The name of its own tree in `Disks.persistent`."""
    spec = volume["spec"]
    for kind in _ON_NODE:
        if spec.get(kind) is not None:
            return str(spec[kind]["path"])
    if (nfs := spec.get("nfs")) is not None:
        return f"nfs:{nfs.get('server', '')}:{nfs.get('path', '')}"
    if (csi := spec.get("csi")) is not None:
        return f"csi:{csi.get('driver', '')}:{csi.get('volumeHandle', '')}"
    return name_of(volume)


def size_of(volume: FrozenObject) -> int:
    return int(parse(str((volume["spec"].get("capacity") or {}).get("storage") or "0")).value)


def is_emptied(volume: FrozenObject) -> bool:
    """Whether what is in its tree goes when the volume does."""
    return node_source(volume) is None and volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete"
