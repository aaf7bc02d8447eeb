"""What redis keeps and the commands on it: strings, numbers, lists, sets, hashes, expiry; enough for examples and for the guestbook."""

from collections.abc import Callable
from typing import Final, TypeAlias

from orrery.node.kernel import RELEASE
from orrery.node.programs.call import Call, decode, encode
from orrery.node.programs.patterns.glob import matches_glob
from orrery.node.programs.servers.redis_settings import RedisSettings
from orrery.node.programs.servers.versions import version_of

VERSION: Final = "8.2.3"
_ITEM_BYTES: Final = 64
_BULK_MAX: Final = 8 << 20
Value: TypeAlias = bytes | list[bytes] | set[bytes] | dict[bytes, bytes]
_WRONG_TYPE: Final = b"-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"


class _Wrong(Exception):
    """An error reply."""


def _bulk(data: bytes | None) -> bytes:
    return b"$-1\r\n" if data is None else b"$%d\r\n%b\r\n" % (len(data), data)


def array(items: list[bytes]) -> bytes:
    return b"*%d\r\n" % len(items) + b"".join(_bulk(item) for item in items)


def _integer(number: int) -> bytes:
    return b":%d\r\n" % number


_OK: Final = b"+OK\r\n"
_WRONG_PASSWORD: Final = b"-WRONGPASS invalid username-password pair or user is disabled.\r\n"


class Session:
    """A client's connection."""

    __slots__ = ("is_known",)

    def __init__(self) -> None:
        self.is_known = False
        """Whether it has said the password."""


class Store:
    """The data and the commands on it."""

    def __init__(self, call: Call, settings: RedisSettings) -> None:
        self._call = call
        self._settings = settings
        self._data: dict[bytes, Value] = {}
        self._expires: dict[bytes, float] = {}
        self.started_s = call.process.clock.now_s()

    def _now(self) -> float:
        return self._call.process.clock.now_s()

    def _get(self, key: bytes) -> Value | None:
        if (due := self._expires.get(key)) is not None and due <= self._now():
            self._drop(key)
        return self._data.get(key)

    def _string(self, key: bytes) -> bytes | None:
        value = self._get(key)
        if value is not None and not isinstance(value, bytes):
            raise _Wrong(_WRONG_TYPE)
        return value

    def _drop(self, key: bytes) -> bool:
        self._expires.pop(key, None)
        value = self._data.pop(key, None)
        if value is None:
            return False
        self._call.process.allocate(-(len(key) + _weight(value)))
        return True

    def _set(self, key: bytes, value: Value) -> None:
        old = self._data.get(key)
        self._call.process.allocate(_weight(value) - (_weight(old) if old is not None else -len(key)))
        self._data[key] = value

    def _list(self, key: bytes) -> list[bytes]:
        value = self._get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            raise _Wrong(_WRONG_TYPE)
        return value

    def _members(self, key: bytes) -> set[bytes]:
        value = self._get(key)
        if value is None:
            return set()
        if not isinstance(value, set):
            raise _Wrong(_WRONG_TYPE)
        return value

    def _hash(self, key: bytes) -> dict[bytes, bytes]:
        value = self._get(key)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise _Wrong(_WRONG_TYPE)
        return value

    @property
    def _role(self) -> str:
        return "slave" if self._settings.values["replicaof"] else "master"

    def run(self, words: list[bytes], session: Session) -> bytes:
        """The reply to a command."""
        name = words[0].upper().decode("latin-1")
        if name == "AUTH" and len(words) > 1:
            return self._known(words[-1], session)
        if self._settings.password and not session.is_known and name not in ("AUTH", "QUIT", "HELLO"):
            return b"-NOAUTH Authentication required.\r\n"
        command = _COMMANDS.get(name)
        if command is None:
            shown = words[0].decode("utf-8", "replace")
            arguments = " ".join(f"'{word.decode('utf-8', 'replace')}'" for word in words[1:4])
            return encode(f"-ERR unknown command '{shown}', with args beginning with: {arguments}{' ' if arguments else ''}\r\n")
        least, function = command
        if len(words) - 1 < least:
            return encode(f"-ERR wrong number of arguments for '{name.lower()}' command\r\n")
        try:
            return function(self, words[1:])
        except _Wrong as wrong:
            return bytes(wrong.args[0])
        except ValueError:
            return b"-ERR value is not an integer or out of range\r\n"

    def ping(self, words: list[bytes]) -> bytes:
        return _bulk(words[0]) if words else b"+PONG\r\n"

    def set(self, words: list[bytes]) -> bytes:
        key, value, options = words[0], words[1], [word.upper() for word in words[2:]]
        exists = self._get(key) is not None
        if (b"NX" in options and exists) or (b"XX" in options and not exists):
            return _bulk(None)
        self._set(key, value)
        if b"KEEPTTL" not in options:
            self._expires.pop(key, None)
        for unit, factor in ((b"EX", 1.0), (b"PX", 0.001)):
            if unit in options:
                self._expires[key] = self._now() + int(options[options.index(unit) + 1]) * factor
        return _OK

    def get(self, words: list[bytes]) -> bytes:
        return _bulk(self._string(words[0]))

    def delete(self, words: list[bytes]) -> bytes:
        return _integer(sum([self._get(key) is not None and self._drop(key) for key in words]))

    def exists(self, words: list[bytes]) -> bytes:
        return _integer(sum(self._get(key) is not None for key in words))

    def increase(self, words: list[bytes], sign: int = 1) -> bytes:
        step = int(words[1]) if len(words) > 1 else 1
        number = int(self._string(words[0]) or b"0") + sign * step
        if abs(number) >= 2**63:
            raise ValueError
        self._set(words[0], b"%d" % number)
        return _integer(number)

    def decrease(self, words: list[bytes]) -> bytes:
        return self.increase(words, -1)

    def append(self, words: list[bytes]) -> bytes:
        value = (self._string(words[0]) or b"") + words[1]
        self._set(words[0], value)
        return _integer(len(value))

    def length(self, words: list[bytes]) -> bytes:
        return _integer(len(self._string(words[0]) or b""))

    def keys(self, words: list[bytes]) -> bytes:
        pattern = decode(words[0])
        return array([key for key in list(self._data) if self._get(key) is not None and matches_glob(pattern, decode(key))])

    def scan(self, words: list[bytes]) -> bytes:
        pattern = words[words.index(b"MATCH") + 1] if b"MATCH" in words else b"*"
        return b"*2\r\n" + _bulk(b"0") + self.keys([pattern])

    def expire(self, words: list[bytes]) -> bytes:
        if self._get(words[0]) is None:
            return _integer(0)
        self._expires[words[0]] = self._now() + int(words[1])
        return _integer(1)

    def lifetime(self, words: list[bytes]) -> bytes:
        if self._get(words[0]) is None:
            return _integer(-2)
        due = self._expires.get(words[0])
        return _integer(-1 if due is None else round(due - self._now()))

    def persist(self, words: list[bytes]) -> bytes:
        return _integer(int(self._expires.pop(words[0], None) is not None))

    def type(self, words: list[bytes]) -> bytes:
        value = self._get(words[0])
        names = {bytes: b"string", list: b"list", set: b"set", dict: b"hash"}
        return b"+" + (b"none" if value is None else names[type(value)]) + b"\r\n"

    def many(self, words: list[bytes]) -> bytes:
        values = [self._get(key) for key in words]
        return b"*%d\r\n" % len(values) + b"".join(_bulk(value if isinstance(value, bytes) else None) for value in values)

    def set_many(self, words: list[bytes]) -> bytes:
        if len(words) % 2:
            return b"-ERR wrong number of arguments for 'mset' command\r\n"
        for key, value in zip(words[::2], words[1::2], strict=True):
            self._set(key, value)
        return _OK

    def push(self, words: list[bytes], *, left: bool = False) -> bytes:
        items = self._list(words[0])
        items = [*reversed(words[1:]), *items] if left else [*items, *words[1:]]
        self._set(words[0], items)
        return _integer(len(items))

    def push_left(self, words: list[bytes]) -> bytes:
        return self.push(words, left=True)

    def pop(self, words: list[bytes], place: int = -1) -> bytes:
        items = list(self._list(words[0]))
        if not items:
            return _bulk(None)
        item = items.pop(place)
        if items:
            self._set(words[0], items)
        else:
            self._drop(words[0])
        return _bulk(item)

    def pop_left(self, words: list[bytes]) -> bytes:
        return self.pop(words, 0)

    def range(self, words: list[bytes]) -> bytes:
        items, start, stop = self._list(words[0]), int(words[1]), int(words[2])
        start = max(start + len(items), 0) if start < 0 else start
        stop = stop + len(items) if stop < 0 else stop
        return array(items[start : stop + 1])

    def list_length(self, words: list[bytes]) -> bytes:
        return _integer(len(self._list(words[0])))

    def add(self, words: list[bytes]) -> bytes:
        members = self._members(words[0])
        fresh = set(words[1:]) - members
        self._set(words[0], members | fresh)
        return _integer(len(fresh))

    def discard(self, words: list[bytes]) -> bytes:
        members = self._members(words[0])
        gone = members & set(words[1:])
        if members - gone:
            self._set(words[0], members - gone)
        elif members:
            self._drop(words[0])
        return _integer(len(gone))

    def members(self, words: list[bytes]) -> bytes:
        return array(sorted(self._members(words[0])))

    def is_member(self, words: list[bytes]) -> bytes:
        return _integer(int(words[1] in self._members(words[0])))

    def count_members(self, words: list[bytes]) -> bytes:
        return _integer(len(self._members(words[0])))

    def hash_set(self, words: list[bytes]) -> bytes:
        table = dict(self._hash(words[0]))
        fields = words[1:]
        if len(fields) % 2:
            return b"-ERR wrong number of arguments for 'hset' command\r\n"
        before = len(table)
        table.update(zip(fields[::2], fields[1::2], strict=True))
        self._set(words[0], table)
        return _integer(len(table) - before)

    def hash_get(self, words: list[bytes]) -> bytes:
        return _bulk(self._hash(words[0]).get(words[1]))

    def hash_all(self, words: list[bytes]) -> bytes:
        return array([item for pair in self._hash(words[0]).items() for item in pair])

    def hash_keys(self, words: list[bytes]) -> bytes:
        return array(list(self._hash(words[0])))

    def hash_drop(self, words: list[bytes]) -> bytes:
        table = dict(self._hash(words[0]))
        gone = sum([table.pop(field, None) is not None for field in words[1:]])
        if table:
            self._set(words[0], table)
        else:
            self._drop(words[0])
        return _integer(gone)

    def size(self, _: list[bytes]) -> bytes:
        return _integer(len(self._data))

    def flush(self, _: list[bytes]) -> bytes:
        for key in list(self._data):
            self._drop(key)
        return _OK

    def info(self, words: list[bytes]) -> bytes:
        up_s = int(self._now() - self.started_s)
        sections = {
            "server": (
                f"redis_version:{version_of(self._call, 'redis', VERSION)}\r\nredis_mode:standalone\r\nos:Linux {RELEASE} x86_64\r"
                f"\nprocess_id:{self._call.process.pid}\r\ntcp_port:{self._settings.port}\r\nuptime_in_seconds:{up_s}"
            ),
            "clients": "connected_clients:1",
            "memory": (
                "used_memory:1048576\r\nused_memory_human:1.00M\r\n"
                f"maxmemory:{self._settings.values['maxmemory']}\r\nmaxmemory_policy:{self._settings.values['maxmemory-policy']}"
            ),
            "replication": f"role:{self._role}\r\nconnected_slaves:0",
            "keyspace": f"db0:keys={len(self._data)},expires={len(self._expires)},avg_ttl=0" if self._data else "",
        }
        wanted = words[0].decode().lower() if words else ""
        chosen = {name: text for name, text in sections.items() if not wanted or wanted in (name, "all", "everything", "default")}
        return _bulk("\r\n".join(f"# {name.capitalize()}\r\n{text}\r\n" for name, text in chosen.items()).encode())

    def okay(self, _: list[bytes]) -> bytes:
        return _OK

    def echo(self, words: list[bytes]) -> bytes:
        return _bulk(words[0])

    def config(self, words: list[bytes]) -> bytes:
        verb, rest = words[0].upper(), words[1:]
        if verb == b"GET":
            return array(self._settings.find(rest))
        if verb == b"SET" and (problem := self._settings.change(rest)):
            return encode(f"-ERR {problem}\r\n")
        return _OK

    def _known(self, password: bytes, session: Session) -> bytes:
        if not self._settings.password:
            return (
                b"-ERR AUTH <password> called without any password configured for the default user."
                b" Are you sure your configuration is correct?\r\n"
            )
        session.is_known = session.is_known or password == encode(self._settings.password)
        return _OK if password == encode(self._settings.password) else _WRONG_PASSWORD

    def role(self, _: list[bytes]) -> bytes:
        return b"*3\r\n" + _bulk(self._role.encode()) + _integer(0) + array([])

    def empty(self, _: list[bytes]) -> bytes:
        return array([])


def _weight(value: Value) -> int:
    if isinstance(value, bytes):
        return len(value) + _ITEM_BYTES
    if isinstance(value, dict):
        return sum(len(key) + len(item) + _ITEM_BYTES for key, item in value.items())
    return sum(len(item) + _ITEM_BYTES for item in value)


_Command: TypeAlias = tuple[int, Callable[[Store, list[bytes]], bytes]]
_COMMANDS: Final[dict[str, _Command]] = {
    "PING": (0, Store.ping), "SET": (2, Store.set), "GET": (1, Store.get), "DEL": (1, Store.delete), "UNLINK": (1, Store.delete),
    "EXISTS": (1, Store.exists), "INCR": (1, Store.increase), "INCRBY": (2, Store.increase), "DECR": (1, Store.decrease),
    "DECRBY": (2, Store.decrease), "APPEND": (2, Store.append), "STRLEN": (1, Store.length), "KEYS": (1, Store.keys),
    "SCAN": (1, Store.scan), "EXPIRE": (2, Store.expire), "TTL": (1, Store.lifetime), "PERSIST": (1, Store.persist),
    "TYPE": (1, Store.type), "MGET": (1, Store.many), "MSET": (2, Store.set_many), "RPUSH": (2, Store.push), "LPUSH": (2, Store.push_left),
    "RPOP": (1, Store.pop), "LPOP": (1, Store.pop_left), "LRANGE": (3, Store.range), "LLEN": (1, Store.list_length),
    "SADD": (2, Store.add), "SREM": (2, Store.discard), "SMEMBERS": (1, Store.members), "SISMEMBER": (2, Store.is_member),
    "SCARD": (1, Store.count_members), "HSET": (3, Store.hash_set), "HGET": (2, Store.hash_get), "HGETALL": (1, Store.hash_all),
    "HKEYS": (1, Store.hash_keys), "HDEL": (2, Store.hash_drop), "DBSIZE": (0, Store.size), "FLUSHALL": (0, Store.flush),
    "FLUSHDB": (0, Store.flush), "INFO": (0, Store.info), "SELECT": (1, Store.okay), "ECHO": (1, Store.echo), "AUTH": (1, Store.okay),
    "CONFIG": (1, Store.config), "CLIENT": (1, Store.okay), "SAVE": (0, Store.okay), "BGSAVE": (0, Store.okay), "ROLE": (0, Store.role),
    "COMMAND": (0, Store.empty), "REPLICAOF": (2, Store.okay), "SLAVEOF": (2, Store.okay), "QUIT": (0, Store.okay),
}  # fmt: skip
