"""What a node knows about one image at one tag: how it starts, what is in it. Looked up by `catalogue.py`."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from orrery.node.images.references import Reference
from orrery.node.images.systems import DEBIAN

if TYPE_CHECKING:
    from orrery.node.images.brought import Brought


@dataclass(frozen=True, slots=True, eq=False)
class Image:
    """One image of the catalogue."""

    repository: str
    """In normal form: `docker.io/library/nginx`."""
    version: str = ""
    """What its tag means: `1.25.5` for nginx:1.25-alpine; empty where tags are no versions."""
    base: str = DEBIAN
    """What it is built on, as a Dockerfile's FROM names it."""
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    is_server: bool = True
    """Whether its own program, when nobody has written it, runs until it is stopped; else it ends at once with exit code 0."""
    ports: tuple[int, ...] = ()
    """Ports the image's own command listens on; empty with `is_server`: not known."""
    uid: int = 0
    gid: int = 0
    workdir: str = "/"
    size_bytes: int = 30_000_000
    """Compressed, as the kubelet's event prints it."""
    programs: frozenset[str] = frozenset()
    """Commands on its $PATH; empty means that every command is believed to exist."""
    own: frozenset[str] = frozenset()
    """Those of them that are not its distribution's."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Its ENV."""
    stop_signal: int = 15
    """STOPSIGNAL."""
    is_believed: bool = False
    """Whether nobody knows it, and it is only believed to exist."""
    brought: "Brought | None" = None
    """What the user who added it wants in it: files, programs, a script."""


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
    if image.brought is not None:
        return image.size_bytes
    variant = 3 if "alpine" in reference.tag and "alpine" not in image.repository else 1
    spread = int(digest_of(reference)[-6:], 16) % 1_000_003
    return image.size_bytes // variant + spread * image.size_bytes // 40_000_000
