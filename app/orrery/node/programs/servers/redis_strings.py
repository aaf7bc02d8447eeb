"""redis' commands on strings and on keys."""

from collections.abc import Callable
from functools import partial
from typing import Final, TypeAlias

from orrery.node.programs.call import decode
from orrery.node.programs.patterns.glob import matches_glob
from orrery.node.programs.servers.redis_values import (
    NO_KEY,
    NULL,
    OK,
    SYNTAX,
    TYPES,
    Base,
    Wrong,
    array,
    as_float,
    bulk,
    integer,
    replies,
    shown,
)

Command: TypeAlias = Callable[[Base, list[bytes]], bytes]
Table: TypeAlias = dict[str, tuple[int, Command]]
"""By name: how many words there are at least, and what it does."""
_UNITS: Final = {b"EX": 1.0, b"PX": 0.001}
_MOMENTS: Final = {b"EXAT": 1.0, b"PXAT": 0.001}
_SCAN_COUNT: Final = 10


def _set(base: Base, words: list[bytes]) -> bytes:
    key, value, options = words[0], words[1], [word.upper() for word in words[2:]]
    old = base.string_of(key) if b"GET" in options else base.get(key)
    refused = (b"NX" in options and old is not None) or (b"XX" in options and old is None)
    if not refused:
        base.put(key, value)
        if b"KEEPTTL" not in options:
            base.expires.pop(key, None)
        if (due := _due(base, options)) is not None:
            base.told.append([b"SET", key, value])
            base.expire(key, due)
    if b"GET" in options:
        return bulk(old if isinstance(old, bytes) else None)
    return NULL if refused else OK


def _due(base: Base, options: list[bytes]) -> float | None:
    """When what these options are given to ends."""
    for place, word in enumerate(options):
        if word not in _UNITS and word not in _MOMENTS:
            if word not in (b"NX", b"XX", b"KEEPTTL", b"GET") and (not place or options[place - 1] not in (*_UNITS, *_MOMENTS)):
                raise Wrong(SYNTAX)
            continue
        if place + 1 >= len(options):
            raise Wrong(SYNTAX)
        number = int(options[place + 1])
        if number <= 0:
            raise Wrong(b"-ERR invalid expire time in 'set' command\r\n")
        return base.now() + number * _UNITS[word] if word in _UNITS else number * _MOMENTS[word]
    return None


def _set_for(base: Base, words: list[bytes], *, unit: bytes) -> bytes:
    return _set(base, [words[0], words[2], unit, words[1]])


def _set_if_new(base: Base, words: list[bytes]) -> bytes:
    return integer(int(_set(base, [*words[:2], b"NX"]) == OK))


def _get(base: Base, words: list[bytes]) -> bytes:
    return bulk(base.string_of(words[0]))


def _get_and_drop(base: Base, words: list[bytes]) -> bytes:
    value = base.string_of(words[0])
    base.drop(words[0])
    return bulk(value)


def _increase(base: Base, words: list[bytes], *, sign: int = 1) -> bytes:
    number = int(base.string_of(words[0]) or b"0") + sign * (int(words[1]) if len(words) > 1 else 1)
    if abs(number) >= 2**63:
        raise ValueError
    base.put(words[0], b"%d" % number)
    return integer(number)


def _increase_by_float(base: Base, words: list[bytes]) -> bytes:
    text = shown(as_float(base.string_of(words[0]) or b"0") + as_float(words[1]))
    base.put(words[0], text)
    return bulk(text)


def _append(base: Base, words: list[bytes]) -> bytes:
    value = (base.string_of(words[0]) or b"") + words[1]
    base.put(words[0], value)
    return integer(len(value))


def _length(base: Base, words: list[bytes]) -> bytes:
    return integer(len(base.string_of(words[0]) or b""))


def span(length: int, first: bytes, last: bytes) -> slice:
    """Both ends belong to it; negative ones count from the end."""
    start, stop = int(first), int(last)
    start = max(start + length, 0) if start < 0 else start
    stop = stop + length if stop < 0 else stop
    return slice(start, max(stop + 1, 0))


def _get_range(base: Base, words: list[bytes]) -> bytes:
    value = base.string_of(words[0]) or b""
    return bulk(value[span(len(value), words[1], words[2])])


def _set_range(base: Base, words: list[bytes]) -> bytes:
    at, value = int(words[1]), base.string_of(words[0]) or b""
    if at < 0:
        return b"-ERR offset is out of range\r\n"
    value = value.ljust(at, b"\0")
    base.put(words[0], value[:at] + words[2] + value[at + len(words[2]) :])
    return _length(base, words)


def _get_many(base: Base, words: list[bytes]) -> bytes:
    values = [base.get(key) for key in words]
    return replies(bulk(value if isinstance(value, bytes) else None) for value in values)


def _set_many(base: Base, words: list[bytes], *, only_new: bool = False) -> bytes:
    if len(words) % 2:
        return b"-ERR wrong number of arguments for 'mset' command\r\n"
    if only_new and any(base.get(key) is not None for key in words[::2]):
        return integer(0)
    for key, value in zip(words[::2], words[1::2], strict=True):
        base.put(key, value)
        base.expires.pop(key, None)
    return integer(1) if only_new else OK


def _delete(base: Base, words: list[bytes]) -> bytes:
    return integer(sum([base.get(key) is not None and base.drop(key) for key in words]))


def _exists(base: Base, words: list[bytes]) -> bytes:
    return integer(sum(base.get(key) is not None for key in words))


def _keys(base: Base, words: list[bytes]) -> bytes:
    pattern = decode(words[0])
    return array(key for key in base.live() if matches_glob(pattern, decode(key)))


def _scan(base: Base, words: list[bytes]) -> bytes:
    """All that is left after the cursor's place, `COUNT` at a time."""
    options = [word.upper() for word in words]
    pattern = decode(words[options.index(b"MATCH") + 1]) if b"MATCH" in options else "*"
    count = int(words[options.index(b"COUNT") + 1]) if b"COUNT" in options else _SCAN_COUNT
    start, keys = int(words[0]), base.live()
    following = start + count if start + count < len(keys) else 0
    return replies([bulk(b"%d" % following), array(key for key in keys[start : start + count] if matches_glob(pattern, decode(key)))])


def _expire(base: Base, words: list[bytes], *, unit_s: float = 1.0, is_moment: bool = False) -> bytes:
    if base.get(words[0]) is None:
        return integer(0)
    due = int(words[1]) * unit_s + (0.0 if is_moment else base.now())
    base.expire(words[0], due)
    base.get(words[0])
    return integer(1)


def _lifetime(base: Base, words: list[bytes], *, unit_s: float = 1.0) -> bytes:
    if base.get(words[0]) is None:
        return integer(-2)
    due = base.expires.get(words[0])
    return integer(-1 if due is None else round((due - base.now()) / unit_s))


def _persist(base: Base, words: list[bytes]) -> bytes:
    return integer(int(base.expires.pop(words[0], None) is not None))


def _type(base: Base, words: list[bytes]) -> bytes:
    value = base.get(words[0])
    return b"+%b\r\n" % (b"none" if value is None else TYPES[type(value)].encode())


def _rename(base: Base, words: list[bytes], *, only_new: bool = False) -> bytes:
    value, due = base.get(words[0]), base.expires.get(words[0])
    if value is None:
        return NO_KEY
    if only_new and base.get(words[1]) is not None:
        return integer(0)
    base.drop(words[0])
    base.drop(words[1])
    base.put(words[1], value)
    if due is not None:
        base.expires[words[1]] = due
    return integer(1) if only_new else OK


def _random_key(base: Base, _: list[bytes]) -> bytes:
    keys = base.live()
    return bulk(base.process.clock.random.choice(keys) if keys else None)


def _size(base: Base, _: list[bytes]) -> bytes:
    return integer(len(base.live()))


def _object(base: Base, words: list[bytes]) -> bytes:
    value = base.get(words[-1])
    if value is None:
        return NULL
    if words[0].upper() != b"ENCODING":
        return integer(1 if words[0].upper() == b"REFCOUNT" else 0)
    if isinstance(value, bytes):
        return bulk(b"int" if value.removeprefix(b"-").isdigit() and len(value) < 20 else b"embstr" if len(value) <= 44 else b"raw")
    return bulk(b"listpack" if len(value) <= 128 else b"quicklist" if isinstance(value, list) else b"hashtable")


READS: Final[Table] = {
    "GET": (1, _get), "STRLEN": (1, _length), "GETRANGE": (3, _get_range), "SUBSTR": (3, _get_range), "MGET": (1, _get_many),
    "EXISTS": (1, _exists), "TOUCH": (1, _exists), "KEYS": (1, _keys), "SCAN": (1, _scan), "TTL": (1, _lifetime),
    "PTTL": (1, partial(_lifetime, unit_s=0.001)), "TYPE": (1, _type), "RANDOMKEY": (0, _random_key), "DBSIZE": (0, _size), "OBJECT": (2, _object),
}  # fmt: skip
WRITES: Final[Table] = {
    "SET": (2, _set), "SETEX": (3, partial(_set_for, unit=b"EX")), "PSETEX": (3, partial(_set_for, unit=b"PX")), "SETNX": (2, _set_if_new),
    "GETSET": (2, lambda base, words: _set(base, [*words[:2], b"GET"])), "GETDEL": (1, _get_and_drop), "INCR": (1, _increase),
    "INCRBY": (2, _increase), "DECR": (1, partial(_increase, sign=-1)), "DECRBY": (2, partial(_increase, sign=-1)),
    "INCRBYFLOAT": (2, _increase_by_float), "APPEND": (2, _append), "SETRANGE": (3, _set_range), "MSET": (2, _set_many),
    "MSETNX": (2, partial(_set_many, only_new=True)), "DEL": (1, _delete), "UNLINK": (1, _delete), "EXPIRE": (2, _expire),
    "PEXPIRE": (2, partial(_expire, unit_s=0.001)), "EXPIREAT": (2, partial(_expire, is_moment=True)),
    "PEXPIREAT": (2, partial(_expire, unit_s=0.001, is_moment=True)), "PERSIST": (1, _persist), "RENAME": (2, _rename),
    "RENAMENX": (2, partial(_rename, only_new=True)),
}  # fmt: skip
