"""Which family of userland an image has: the same program speaks differently in busybox, Alpine (busybox on musl) and Debian."""

import re
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Final

_VERSION: Final = re.compile(r"(\d+)\.(\d+)")


class Flavour(Enum):
    """Whose programs the image has."""

    BUSYBOX = "busybox"
    ALPINE = "alpine"
    DEBIAN = "debian"

    @property
    def is_busybox(self) -> bool:
        """Alpine's programs are busybox too, with another C library."""
        return self is not Flavour.DEBIAN


BANNERS = {
    Flavour.BUSYBOX: "BusyBox v1.37.0 (2024-09-26 21:31:42 UTC) multi-call binary.",
    Flavour.ALPINE: "BusyBox v1.37.0 (2025-08-05 16:40:33 UTC) multi-call binary.",
    Flavour.DEBIAN: "BusyBox v1.35.0 (Debian 1:1.35.0-4+deb12u1) multi-call binary.",
}


@dataclass(frozen=True, slots=True)
class Family:
    """`debian`, `alpine` or `busybox`, with the image's short name and tag behind colons where they matter: `debian:nginx:1.25`."""

    flavour: Flavour
    image: str
    tag: str = ""

    def is_before(self, **versions: tuple[int, int]) -> bool:
        """Whether the image is one of these in an older version: `is_before(busybox=(1, 29))`."""
        wanted, numbers = versions.get(self.image), _VERSION.match(self.tag)
        return wanted is not None and numbers is not None and (int(numbers[1]), int(numbers[2])) < wanted


@lru_cache(maxsize=512)
def parse_family(text: str) -> Family:
    """An unknown flavour counts as Debian's, the most common one."""
    flavour, image, tag = (*text.split(":", 2), "", "")[:3]
    known = {member.value: member for member in Flavour}
    return Family(known.get(flavour, Flavour.DEBIAN), image or flavour, tag)
