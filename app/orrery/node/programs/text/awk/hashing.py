"""The order in which `for (key in array)` meets the keys: by the place of each in the real awks' hash tables, the youngest of a place first."""

from collections.abc import Iterator
from itertools import chain

_PRIMES = (61, 251, 1021, 4093, 16_381, 65_521)
_PER_PLACE_BUSYBOX = 8
_PLACES_MAWK = 64
_PER_PLACE_MAWK = 12
KEYS_PER_STEP = 500


def in_hash_order(keys: list[str], *, is_busybox: bool) -> Iterator[list[str] | None]:
    """None at each pause, and at last the keys in order."""
    hashed, count = (_busybox_hash, _busybox_places(len(keys))) if is_busybox else (_fnv, _mawk_places(len(keys)))
    places: list[list[str]] = [[] for _ in range(count)]
    for number, key in enumerate(reversed(keys), 1):
        places[hashed(key) % count].append(key)
        if not number % KEYS_PER_STEP:
            yield None
    yield list(chain.from_iterable(places))


def _busybox_places(size: int) -> int:
    return next((prime for prime in _PRIMES if size <= prime * _PER_PLACE_BUSYBOX), _PRIMES[-1])


def _mawk_places(size: int) -> int:
    places = _PLACES_MAWK
    while size > places * _PER_PLACE_MAWK:
        places *= 2
    return places


def _busybox_hash(key: str) -> int:
    total = 0
    for char in key:
        total = ord(char) + total * 63 & 0xFFFFFFFF
    return total


def _fnv(key: str) -> int:
    total = 2_166_136_261
    for char in key:
        total = (total ^ ord(char)) * 16_777_619 & 0xFFFFFFFF
    return total
