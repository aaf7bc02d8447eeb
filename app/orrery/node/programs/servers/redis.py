"""redis-server and redis-cli: strings, numbers, lists, sets, hashes, expiry; enough for examples and for the guestbook."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

from orrery.node.processes.program import Connection
from orrery.node.programs.call import Applet, Call, decode, encode
from orrery.node.programs.lines import LineReader
from orrery.node.programs.net.http import BadMessage, Incoming
from orrery.node.programs.patterns.glob import matches_glob
from orrery.node.programs.reasons import reason
from orrery.node.programs.servers.service import Stop, accept_all
from orrery.node.programs.system.moments import format_moment

VERSION: Final = "8.2.3"
_ITEM_BYTES: Final = 64
_BULK_MAX: Final = 8 << 20
Value: TypeAlias = bytes | list[bytes] | set[bytes] | dict[bytes, bytes]
_WRONG_TYPE: Final = b"-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"


class _Wrong(Exception):
    """An error reply."""


def _bulk(data: bytes | None) -> bytes:
    return b"$-1\r\n" if data is None else b"$%d\r\n%b\r\n" % (len(data), data)


def _array(items: list[bytes]) -> bytes:
    return b"*%d\r\n" % len(items) + b"".join(_bulk(item) for item in items)


def _integer(number: int) -> bytes:
    return b":%d\r\n" % number


_OK: Final = b"+OK\r\n"


class _Store:
    """The data and the commands on it."""

    def __init__(self, call: Call, role: str) -> None:
        self._call = call
        self._data: dict[bytes, Value] = {}
        self._expires: dict[bytes, float] = {}
        self._role = role
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

    def run(self, words: list[bytes]) -> bytes:
        """The reply to a command."""
        name = words[0].upper().decode("latin-1")
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
        return _array([key for key in list(self._data) if self._get(key) is not None and matches_glob(pattern, decode(key))])

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
        return _array(items[start : stop + 1])

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
        return _array(sorted(self._members(words[0])))

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
        return _array([item for pair in self._hash(words[0]).items() for item in pair])

    def hash_keys(self, words: list[bytes]) -> bytes:
        return _array(list(self._hash(words[0])))

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
                f"redis_version:{VERSION}\r\nredis_mode:standalone\r\nos:Linux 6.8.0-1-generic x86_64\r"
                f"\nprocess_id:{self._call.process.pid}\r\ntcp_port:6379\r\nuptime_in_seconds:{up_s}"
            ),
            "clients": "connected_clients:1",
            "memory": "used_memory:1048576\r\nused_memory_human:1.00M",
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
        return _OK if words[0].upper() == b"SET" else _array([])

    def role(self, _: list[bytes]) -> bytes:
        return b"*3\r\n" + _bulk(self._role.encode()) + _integer(0) + _array([])

    def empty(self, _: list[bytes]) -> bytes:
        return _array([])


def _weight(value: Value) -> int:
    if isinstance(value, bytes):
        return len(value) + _ITEM_BYTES
    if isinstance(value, dict):
        return sum(len(key) + len(item) + _ITEM_BYTES for key, item in value.items())
    return sum(len(item) + _ITEM_BYTES for item in value)


_Command: TypeAlias = tuple[int, Callable[[_Store, list[bytes]], bytes]]
_COMMANDS: Final[dict[str, _Command]] = {
    "PING": (0, _Store.ping), "SET": (2, _Store.set), "GET": (1, _Store.get), "DEL": (1, _Store.delete), "UNLINK": (1, _Store.delete),
    "EXISTS": (1, _Store.exists), "INCR": (1, _Store.increase), "INCRBY": (2, _Store.increase), "DECR": (1, _Store.decrease),
    "DECRBY": (2, _Store.decrease), "APPEND": (2, _Store.append), "STRLEN": (1, _Store.length), "KEYS": (1, _Store.keys),
    "SCAN": (1, _Store.scan), "EXPIRE": (2, _Store.expire), "TTL": (1, _Store.lifetime), "PERSIST": (1, _Store.persist),
    "TYPE": (1, _Store.type), "MGET": (1, _Store.many), "MSET": (2, _Store.set_many), "RPUSH": (2, _Store.push), "LPUSH": (2, _Store.push_left),
    "RPOP": (1, _Store.pop), "LPOP": (1, _Store.pop_left), "LRANGE": (3, _Store.range), "LLEN": (1, _Store.list_length),
    "SADD": (2, _Store.add), "SREM": (2, _Store.discard), "SMEMBERS": (1, _Store.members), "SISMEMBER": (2, _Store.is_member),
    "SCARD": (1, _Store.count_members), "HSET": (3, _Store.hash_set), "HGET": (2, _Store.hash_get), "HGETALL": (1, _Store.hash_all),
    "HKEYS": (1, _Store.hash_keys), "HDEL": (2, _Store.hash_drop), "DBSIZE": (0, _Store.size), "FLUSHALL": (0, _Store.flush),
    "FLUSHDB": (0, _Store.flush), "INFO": (0, _Store.info), "SELECT": (1, _Store.okay), "ECHO": (1, _Store.echo), "AUTH": (1, _Store.okay),
    "CONFIG": (1, _Store.config), "CLIENT": (1, _Store.okay), "SAVE": (0, _Store.okay), "BGSAVE": (0, _Store.okay), "ROLE": (0, _Store.role),
    "COMMAND": (0, _Store.empty), "REPLICAOF": (2, _Store.okay), "SLAVEOF": (2, _Store.okay), "QUIT": (0, _Store.okay),
}  # fmt: skip


async def _read_command(incoming: Incoming) -> list[bytes]:
    """A command as an array of bulk strings, or in one line."""
    line = await incoming.line()
    if not line.startswith(b"*"):
        return line.split()
    words: list[bytes] = []
    if not line[1:].isdigit() or int(line[1:]) > 100_000:
        raise BadMessage
    for _ in range(int(line[1:])):
        size = await incoming.line()
        if not size.startswith(b"$") or not size[1:].isdigit() or int(size[1:]) > _BULK_MAX:
            raise BadMessage
        words.append(b"".join([piece async for piece in incoming.exactly(int(size[1:]))]))
        await incoming.line()
    return words


async def redis_server(call: Call) -> int:
    process = call.process
    if "--version" in call.arguments or "-v" in call.arguments:
        await call.print(f"Redis server v={VERSION} sha=00000000:1 malloc=jemalloc-5.3.0 bits=64 build=0000000000000000\n")
        return 0
    stop = Stop(call, (15, 2))
    words = call.arguments
    port = int(words[words.index("--port") + 1]) if "--port" in words and words[-1] != "--port" else 6379
    role = "slave" if any(word in ("--slaveof", "--replicaof") for word in words) else "master"

    async def log(text: str, mark: str = "*", letter: str = "M") -> None:
        now_s = process.clock.now_s()
        stamp = format_moment("%d %b %Y %H:%M:%S", now_s) + f".{int(now_s % 1 * 1000):03}"
        await call.print(f"{process.pid}:{letter} {stamp} {mark} {text}\n")

    await log("oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo", letter="C")
    await log(f"Redis version={VERSION}, bits=64, commit=00000000, modified=1, pid={process.pid}, just started", letter="C")
    if not any(word.endswith(".conf") for word in words):
        await log(
            (
                "Warning: no config file specified, using the default config. In "
                "order to specify a config file use redis-server /path/to/redis.conf"
            ),
            "#",
            "C",
        )
    await log("monotonic clock: POSIX clock_gettime")
    try:
        listener = process.network.listen("0.0.0.0", port)
    except OSError as error:
        await log(f"Warning: Could not create server TCP listening socket *:{port}: bind: {reason(error)}", "#")
        await log(f"Failed listening on port {port} (tcp), aborting.", "#")
        return 1
    await log(f"Running mode=standalone, port={port}.")
    await log("Server initialized")
    await log("Ready to accept connections tcp")
    store = _Store(call, role)

    async def talk(connection: Connection) -> None:
        incoming = Incoming(connection)
        while True:
            try:
                command = await _read_command(incoming)
            except BadMessage:
                await connection.write(b"-ERR Protocol error: invalid multibulk length\r\n")
                return
            if not command:
                continue
            await process.tick()
            await connection.write(store.run(command))
            if command[0].upper() == b"QUIT":
                return
            if command[0].upper() == b"SHUTDOWN":
                stop.set()

    await process.first_of(stop.wait(), accept_all(process, listener, talk))
    name = "SIGINT" if stop.signal == 2 else "SIGTERM"
    if stop.signal:
        await log(f"Received {name} scheduling shutdown...")
    await log("User requested shutdown...")
    await log("Saving the final RDB snapshot before exiting.")
    await log("DB saved on disk")
    await log("Redis is now ready to exit, bye bye...", "#")
    return 0


async def redis_cli(call: Call) -> int:
    host, port, words = "127.0.0.1", 6379, list(call.arguments)
    while words and words[0].startswith("-"):
        word = words.pop(0)
        if word in ("-h", "-p", "-a", "-n", "--user", "-i", "-r") and words:
            value = words.pop(0)
            host = value if word == "-h" else host
            port = int(value) if word == "-p" and value.isdigit() else port
        elif word in ("-v", "--version"):
            await call.print(f"redis-cli {VERSION}\n")
            return 0
    try:
        connection = await call.process.network.connect(host, port)
    except OSError as error:
        why = reason(error) if error.errno and error.errno > 0 else "Name or service not known"
        await call.process.complain(f"Could not connect to Redis at {host}:{port}: {why}")
        return 1
    incoming = Incoming(connection)
    plain = not call.process.stdout.is_terminal

    async def ask(command: list[bytes]) -> None:
        await connection.write(_array(command))
        await call.write(await _reply(incoming, plain=plain))

    try:
        if words:
            await ask([encode(word) for word in words])
        else:
            await _interactive(call, ask, f"{host}:{port}> ")
    except EOFError:
        await call.process.complain("Error: Server closed the connection")
        return 1
    finally:
        connection.close()
    return 0


async def _interactive(call: Call, ask: Callable[[list[bytes]], Awaitable[None]], prompt: str) -> None:
    reader = LineReader(call.process, call.process.stdin)
    shows = call.process.stdin.is_terminal
    if shows:
        await call.print(prompt)
    while batch := await reader.batch():
        for line in batch:
            command = line.split()
            if command and command[0].lower() in (b"quit", b"exit"):
                return
            if command:
                await ask([word.strip(b"\"'") for word in command])
            if shows:
                await call.print(prompt)


async def _reply(incoming: Incoming, *, plain: bool) -> bytes:
    """A reply as redis-cli prints it: bare when its output is no terminal."""
    line = await incoming.line()
    kind, rest = line[:1], line[1:]
    if kind == b"$":
        if rest == b"-1":
            return b"\n" if plain else b"(nil)\n"
        data = b"".join([piece async for piece in incoming.exactly(int(rest))])
        await incoming.line()
        return data + b"\n" if plain else b'"' + data.replace(b'"', b'\\"') + b'"\n'
    if kind == b"*":
        count = int(rest)
        if count <= 0:
            return b"\n" if plain else b"(empty array)\n"
        rows = [await _reply(incoming, plain=plain) for _ in range(count)]
        return b"".join(rows) if plain else b"".join(b"%d) %b" % (number, row) for number, row in enumerate(rows, 1))
    if kind == b":":
        return rest + b"\n" if plain else b"(integer) " + rest + b"\n"
    if kind == b"-":
        return rest + b"\n\n" if plain else b"(error) " + rest + b"\n"
    return rest + b"\n"


PROGRAMS: dict[str, Applet] = {"redis-server": redis_server, "redis-cli": redis_cli}
