"""The order in which upstream writes ports: by the FNV-1a hash of Go's dump of each, so that what `kubectl` shows is the same list.

The two kinds name their fields in another order, so the same ports come in another order in Endpoints and in EndpointSlices.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from orrery.machinery.objects import FrozenObject, Object

_OFFSET: Final = 0x6C62272E07BB014262B821756295C58D
_PRIME: Final = 0x0000000001000000000000000000013B
_MASK: Final = (1 << 128) - 1


def in_endpoints_order(ports: Iterable[Object]) -> list[Object]:
    return sorted(ports, key=lambda port: _hash(_fields(port), in_slice=False))


def in_slice_order(ports: Iterable[Object]) -> list[Object]:
    return sorted(ports, key=lambda port: _hash(_fields(port), in_slice=True))


def _fields(port: FrozenObject) -> tuple[str, int, str, str]:
    return port.get("name", ""), port["port"], port["protocol"], port.get("appProtocol", "<nil>")


@lru_cache(maxsize=1024)
def _hash(fields: tuple[str, int, str, str], *, in_slice: bool) -> int:
    name, number, protocol, app = fields
    if in_slice:
        dump = f"Name:(*string){name} Protocol:(*v1.Protocol){protocol} Port:(*int32){number} AppProtocol:(*string){app}"
    else:
        dump = f"Name:(string){name} Port:(int32){number} Protocol:(v1.Protocol){protocol} AppProtocol:(*string){app}"
    value = _OFFSET
    for byte in f"(v1.EndpointPort){{{dump}}}".encode():
        value = ((value ^ byte) * _PRIME) & _MASK
    return value
