"""Which family of userland an image has: the same program speaks differently in busybox, Alpine (busybox on musl) and Debian."""

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache


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
    """`debian`, `alpine` or `busybox`, with the image's short name behind a colon where it matters: `debian:nginx`."""

    flavour: Flavour
    image: str


@lru_cache(maxsize=512)
def parse_family(text: str) -> Family:
    """An unknown flavour counts as Debian's, the most common one."""
    flavour, _, image = text.partition(":")
    known = {member.value: member for member in Flavour}
    return Family(known.get(flavour, Flavour.DEBIAN), image or flavour)
