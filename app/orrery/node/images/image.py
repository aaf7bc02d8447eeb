"""What a node knows about one image: how it starts, how it ends, and what is in it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from orrery.node.images.references import Reference


@dataclass(frozen=True, slots=True, eq=False)
class Image:
    """One repository of the catalogue."""

    repository: str
    """In normal form: `docker.io/library/nginx`."""
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    is_server: bool = True
    """Whether entrypoint and command run until they are stopped; else they end at once with exit code 0."""
    ports: tuple[int, ...] = ()
    """Ports the image's own command listens on; empty with `is_server`: not known."""
    uid: int = 0
    gid: int = 0
    workdir: str = "/"
    size_bytes: int = 30_000_000
    """Compressed, as the kubelet's event prints it."""
    programs: frozenset[str] = frozenset()
    """Commands on its $PATH; empty means that every command is believed to exist."""
    stop_s: float = 0.2
    """How long its own command needs to end after SIGTERM."""
    stop_code: int = 0
    """Exit code of its own command after SIGTERM."""
    tags: frozenset[str] = frozenset()
    """Tags that exist; empty means that all do."""
    needs_one_of: tuple[str, ...] = ()
    """Environment variables of which one must be set; without, the image's own command ends with exit code 1."""

    environment: Mapping[str, str] = field(default_factory=dict)
    """Its ENV."""

    def has(self, reference: Reference) -> bool:
        """Whether the registry has that tag. A digest is believed."""
        return bool(reference.digest) or not self.tags or reference.tag in self.tags


@lru_cache(maxsize=4096)
def digest_of(reference: Reference) -> str:
    """A stable digest for a tag: the same in every process."""
    return reference.digest or "sha256:" + hashlib.sha256(str(reference).encode()).hexdigest()


@lru_cache(maxsize=4096)
def image_id(reference: Reference) -> str:
    """As `imageID` in a container status: `docker.io/library/nginx@sha256:…`."""
    return f"{reference.repository}@{digest_of(reference)}"


def size_bytes(image: "Image", reference: Reference) -> int:
    """The image's size at that tag: near the catalogue's figure, a third of it for alpine, never twice the same."""
    variant = 3 if "alpine" in reference.tag and "alpine" not in image.repository else 1
    spread = int(digest_of(reference)[-6:], 16) % 1_000_003
    return image.size_bytes // variant + spread * image.size_bytes // 40_000_000
