"""redis' commands on lists, sets, hashes and sorted sets."""

from collections.abc import Callable
from functools import partial
from typing import Final

from orrery.node.programs.servers.redis_strings import Table, span
from orrery.node.programs.servers.redis_values import (
    NO_ARRAY,
    NO_KEY,
    NULL,
    OK,
    SYNTAX,
    Base,
    SortedSet,
    Wrong,
    array,
    as_float,
    bulk,
    integer,
    replies,
    shown,
)

# Lists.


def _push(base: Base, words: list[bytes], *, left: bool = False, only_old: bool = False) -> bytes:
    items = base.items_of(words[0])
    if only_old and not items:
        return integer(0)
    items = [*reversed(words[1:]), *items] if left else [*items, *words[1:]]
    base.put(words[0], items)
    return integer(len(items))


def _pop(base: Base, words: list[bytes], *, left: bool = False) -> bytes:
    items, wanted = list(base.items_of(words[0])), int(words[1]) if len(words) > 1 else None
    if not items:
        return NULL if wanted is None else NO_ARRAY
    taken = [items.pop(0 if left else -1) for _ in range(min(1 if wanted is None else wanted, len(items)))]
    base.put(words[0], items)
    return bulk(taken[0]) if wanted is None else array(taken)


def pop_first(base: Base, words: list[bytes], *, left: bool) -> bytes | None:
    """The end of the first of these lists that has one, as BLPOP answers it; None: they are all empty."""
    for key in words[:-1]:
        if base.items_of(key):
            base.told.append([b"LPOP" if left else b"RPOP", key])
            return replies([bulk(key), _pop(base, [key], left=left)])
    return None


def _move(base: Base, words: list[bytes], *, sides: tuple[bytes, bytes] | None = None) -> bytes:
    out, into = sides or (words[2].upper(), words[3].upper())
    taken = base.items_of(words[0])[0 if out == b"LEFT" else -1 :][:1]
    if not taken:
        return NULL
    _pop(base, [words[0]], left=out == b"LEFT")
    _push(base, [words[1], *taken], left=into == b"LEFT")
    return bulk(taken[0])


def _range(base: Base, words: list[bytes]) -> bytes:
    items = base.items_of(words[0])
    return array(items[span(len(items), words[1], words[2])])


def _index(base: Base, words: list[bytes]) -> bytes:
    items, place = base.items_of(words[0]), int(words[1])
    return bulk(items[place]) if -len(items) <= place < len(items) else NULL


def _set_item(base: Base, words: list[bytes]) -> bytes:
    items, place = list(base.items_of(words[0])), int(words[1])
    if not items:
        return NO_KEY
    if not -len(items) <= place < len(items):
        return b"-ERR index out of range\r\n"
    items[place] = words[2]
    base.put(words[0], items)
    return OK


def _remove_items(base: Base, words: list[bytes]) -> bytes:
    items, count = list(base.items_of(words[0])), int(words[1])
    places = [place for place, item in enumerate(items) if item == words[2]]
    gone = set(places[count:] if count < 0 else places[: count or None])
    base.put(words[0], [item for place, item in enumerate(items) if place not in gone])
    return integer(len(gone))


def _trim(base: Base, words: list[bytes]) -> bytes:
    items = base.items_of(words[0])
    base.put(words[0], items[span(len(items), words[1], words[2])])
    return OK


def _insert(base: Base, words: list[bytes]) -> bytes:
    items = list(base.items_of(words[0]))
    if words[2] not in items:
        return integer(-1 if items else 0)
    items.insert(items.index(words[2]) + (words[1].upper() == b"AFTER"), words[3])
    base.put(words[0], items)
    return integer(len(items))


# Sets.


def _add(base: Base, words: list[bytes]) -> bytes:
    members = base.members_of(words[0])
    base.put(words[0], members | set(words[1:]))
    return integer(len(set(words[1:]) - members))


def _discard(base: Base, words: list[bytes]) -> bytes:
    members = base.members_of(words[0])
    base.put(words[0], members - set(words[1:]))
    return integer(len(members & set(words[1:])))


def _pop_member(base: Base, words: list[bytes]) -> bytes:
    members = sorted(base.members_of(words[0]))
    chosen = base.process.clock.random.sample(members, min(int(words[1]) if len(words) > 1 else 1, len(members)))
    base.put(words[0], set(members) - set(chosen))
    base.told.append([b"SREM", words[0], *chosen])
    return array(chosen) if len(words) > 1 else bulk(chosen[0] if chosen else None)


def _random_member(base: Base, words: list[bytes]) -> bytes:
    members = sorted(base.members_of(words[0]))
    chosen = base.process.clock.random.sample(members, min(abs(int(words[1])) if len(words) > 1 else 1, len(members)))
    return array(chosen) if len(words) > 1 else bulk(chosen[0] if chosen else None)


def _move_member(base: Base, words: list[bytes]) -> bytes:
    if words[2] not in base.members_of(words[0]):
        return integer(0)
    _discard(base, [words[0], words[2]])
    _add(base, [words[1], words[2]])
    return integer(1)


def _combined(base: Base, words: list[bytes], *, join: Callable[..., set[bytes]]) -> bytes:
    return array(sorted(join(*(base.members_of(key) for key in words))))


# Hashes.


def _hash_set(base: Base, words: list[bytes], *, tells: bool = True) -> bytes:
    table, fields = dict(base.table_of(words[0])), words[1:]
    if len(fields) % 2:
        return b"-ERR wrong number of arguments for 'hset' command\r\n"
    before = len(table)
    table.update(zip(fields[::2], fields[1::2], strict=True))
    base.put(words[0], table)
    return integer(len(table) - before) if tells else OK


def _hash_set_new(base: Base, words: list[bytes]) -> bytes:
    return integer(0) if words[1] in base.table_of(words[0]) else _hash_set(base, words[:3])


def _hash_drop(base: Base, words: list[bytes]) -> bytes:
    table = dict(base.table_of(words[0]))
    gone = sum([table.pop(field, None) is not None for field in words[1:]])
    base.put(words[0], table)
    return integer(gone)


def _hash_increase(base: Base, words: list[bytes], *, is_float: bool = False) -> bytes:
    old = base.table_of(words[0]).get(words[1], b"0")
    value = shown(as_float(old) + as_float(words[2])) if is_float else b"%d" % (int(old) + int(words[2]))
    _hash_set(base, [words[0], words[1], value])
    return bulk(value) if is_float else integer(int(value))


def _hash_all(base: Base, words: list[bytes]) -> bytes:
    return array(item for pair in base.table_of(words[0]).items() for item in pair)


# Sorted sets.


def _score_add(base: Base, words: list[bytes]) -> bytes:
    scores, rest = SortedSet(base.scores_of(words[0])), words[1:]
    flags: set[bytes] = set()
    while rest and rest[0].upper() in (b"NX", b"XX", b"GT", b"LT", b"CH", b"INCR"):
        flags.add(rest.pop(0).upper())
    if not rest or len(rest) % 2:
        return SYNTAX
    added = changed = 0
    for score, member in zip([as_float(word) for word in rest[::2]], rest[1::2], strict=True):
        old = scores.get(member)
        if (b"NX" in flags and old is not None) or (b"XX" in flags and old is None):
            continue
        new = score + (old or 0.0) if b"INCR" in flags else score
        if old is not None and ((b"GT" in flags and new <= old) or (b"LT" in flags and new >= old)):
            continue
        added += old is None
        changed += old is not None and new != old
        scores[member] = new
    base.put(words[0], scores)
    if b"INCR" in flags:
        return bulk(shown(scores[rest[1]]))
    return integer(added + changed if b"CH" in flags else added)


def _score_increase(base: Base, words: list[bytes]) -> bytes:
    return _score_add(base, [words[0], b"INCR", words[1], words[2]])


def _scored(pairs: list[tuple[bytes, float]], *, with_scores: bool) -> bytes:
    return array(word for member, score in pairs for word in ((member, shown(score)) if with_scores else (member,)))


def _bound(word: bytes) -> tuple[float, bool]:
    """A score, and whether it does not belong to the range itself."""
    try:
        return float(word.removeprefix(b"(")), word.startswith(b"(")
    except ValueError:
        raise Wrong(b"-ERR min or max is not a float\r\n") from None


def _between(base: Base, key: bytes, low: bytes, high: bytes) -> list[tuple[bytes, float]]:
    (least, no_least), (most, no_most) = _bound(low), _bound(high)
    pairs = base.scores_of(key).in_order()
    return [one for one in pairs if (least < one[1] if no_least else least <= one[1]) and (one[1] < most if no_most else one[1] <= most)]


def _by_rank(base: Base, words: list[bytes], *, is_reversed: bool = False) -> bytes:
    options = [word.upper() for word in words[3:]]
    is_reversed = is_reversed or b"REV" in options
    if b"BYSCORE" in options:
        return _by_score(base, words, is_reversed=is_reversed)
    pairs = base.scores_of(words[0]).in_order()
    pairs = pairs[::-1] if is_reversed else pairs
    return _scored(pairs[span(len(pairs), words[1], words[2])], with_scores=b"WITHSCORES" in options)


def _by_score(base: Base, words: list[bytes], *, is_reversed: bool = False) -> bytes:
    options = [word.upper() for word in words[3:]]
    low, high = (words[2], words[1]) if is_reversed else (words[1], words[2])
    pairs = _between(base, words[0], low, high)
    pairs = pairs[::-1] if is_reversed else pairs
    if b"LIMIT" in options:
        at = 3 + options.index(b"LIMIT")
        skipped, count = int(words[at + 1]), int(words[at + 2])
        pairs = pairs[skipped:] if count < 0 else pairs[skipped : skipped + count]
    return _scored(pairs, with_scores=b"WITHSCORES" in options)


def _score(base: Base, words: list[bytes]) -> bytes:
    score = base.scores_of(words[0]).get(words[1])
    return NULL if score is None else bulk(shown(score))


def _rank(base: Base, words: list[bytes], *, is_reversed: bool = False) -> bytes:
    members = [member for member, _ in base.scores_of(words[0]).in_order()]
    members = members[::-1] if is_reversed else members
    return integer(members.index(words[1])) if words[1] in members else NULL


def _score_drop(base: Base, words: list[bytes]) -> bytes:
    scores = SortedSet(base.scores_of(words[0]))
    gone = sum([scores.pop(member, None) is not None for member in words[1:]])
    base.put(words[0], scores)
    return integer(gone)


def _score_drop_between(base: Base, words: list[bytes]) -> bytes:
    return _score_drop(base, [words[0], *(member for member, _ in _between(base, words[0], words[1], words[2]))])


def _score_pop(base: Base, words: list[bytes], *, is_reversed: bool = False) -> bytes:
    pairs = base.scores_of(words[0]).in_order()
    taken = (pairs[::-1] if is_reversed else pairs)[: int(words[1]) if len(words) > 1 else 1]
    _score_drop(base, [words[0], *(member for member, _ in taken)])
    return _scored(taken, with_scores=True)


READS: Final[Table] = {
    "LRANGE": (3, _range), "LLEN": (1, lambda base, words: integer(len(base.items_of(words[0])))), "LINDEX": (2, _index),
    "SMEMBERS": (1, lambda base, words: array(sorted(base.members_of(words[0])))),
    "SISMEMBER": (2, lambda base, words: integer(int(words[1] in base.members_of(words[0])))),
    "SCARD": (1, lambda base, words: integer(len(base.members_of(words[0])))), "SRANDMEMBER": (1, _random_member),
    "SINTER": (1, partial(_combined, join=lambda first, *rest: first.intersection(*rest))),
    "SUNION": (1, partial(_combined, join=lambda first, *rest: first.union(*rest))),
    "SDIFF": (1, partial(_combined, join=lambda first, *rest: first.difference(*rest))),
    "HGET": (2, lambda base, words: bulk(base.table_of(words[0]).get(words[1]))), "HGETALL": (1, _hash_all),
    "HMGET": (2, lambda base, words: replies(bulk(base.table_of(words[0]).get(field)) for field in words[1:])),
    "HKEYS": (1, lambda base, words: array(base.table_of(words[0]))), "HVALS": (1, lambda base, words: array(base.table_of(words[0]).values())),
    "HLEN": (1, lambda base, words: integer(len(base.table_of(words[0])))),
    "HEXISTS": (2, lambda base, words: integer(int(words[1] in base.table_of(words[0])))),
    "HSTRLEN": (2, lambda base, words: integer(len(base.table_of(words[0]).get(words[1], b"")))),
    "ZRANGE": (3, _by_rank), "ZREVRANGE": (3, partial(_by_rank, is_reversed=True)), "ZRANGEBYSCORE": (3, _by_score),
    "ZREVRANGEBYSCORE": (3, partial(_by_score, is_reversed=True)), "ZSCORE": (2, _score), "ZRANK": (2, _rank),
    "ZREVRANK": (2, partial(_rank, is_reversed=True)), "ZCARD": (1, lambda base, words: integer(len(base.scores_of(words[0])))),
    "ZCOUNT": (3, lambda base, words: integer(len(_between(base, words[0], words[1], words[2])))),
}  # fmt: skip
WRITES: Final[Table] = {
    "RPUSH": (2, _push), "LPUSH": (2, partial(_push, left=True)), "RPUSHX": (2, partial(_push, only_old=True)),
    "LPUSHX": (2, partial(_push, left=True, only_old=True)), "RPOP": (1, _pop), "LPOP": (1, partial(_pop, left=True)), "LMOVE": (4, _move),
    "RPOPLPUSH": (2, partial(_move, sides=(b"RIGHT", b"LEFT"))), "LSET": (3, _set_item), "LREM": (3, _remove_items), "LTRIM": (3, _trim),
    "LINSERT": (4, _insert), "SADD": (2, _add), "SREM": (2, _discard), "SPOP": (1, _pop_member), "SMOVE": (3, _move_member),
    "HSET": (3, _hash_set), "HMSET": (3, partial(_hash_set, tells=False)), "HSETNX": (3, _hash_set_new), "HDEL": (2, _hash_drop),
    "HINCRBY": (3, _hash_increase), "HINCRBYFLOAT": (3, partial(_hash_increase, is_float=True)), "ZADD": (3, _score_add),
    "ZINCRBY": (3, _score_increase), "ZREM": (2, _score_drop), "ZREMRANGEBYSCORE": (3, _score_drop_between), "ZPOPMIN": (1, _score_pop),
    "ZPOPMAX": (1, partial(_score_pop, is_reversed=True)),
}  # fmt: skip
