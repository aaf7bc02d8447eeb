"""memcached: the text protocol's get, set, add, replace, delete, incr, decr, flush_all, stats, version."""

from orrery.node.processes.program import Connection
from orrery.node.programs.call import Applet, Call
from orrery.node.programs.net.http import Incoming
from orrery.node.programs.reasons import reason
from orrery.node.programs.servers.service import Stop, accept_all
from orrery.node.programs.servers.versions import version_of

_VERSION = "1.6.39"
_ITEM_MAX = 1 << 20


class _Cache:
    """Items with their flags, oldest first; the oldest go when there are too many bytes."""

    def __init__(self, call: Call, limit: int) -> None:
        self._call = call
        self._limit = limit
        self._items: dict[bytes, tuple[bytes, bytes]] = {}
        self._size = 0
        self.version = version_of(call, "memcached", _VERSION)

    def get(self, key: bytes) -> tuple[bytes, bytes] | None:
        return self._items.get(key)

    def put(self, key: bytes, flags: bytes, data: bytes) -> None:
        self.drop(key)
        while self._items and self._size + len(data) > self._limit:
            self.drop(next(iter(self._items)))
        self._items[key] = (flags, data)
        self._size += len(data)
        self._call.process.allocate(len(data) + 64)

    def drop(self, key: bytes) -> bool:
        item = self._items.pop(key, None)
        if item is None:
            return False
        self._size -= len(item[1])
        self._call.process.allocate(-len(item[1]) - 64)
        return True

    def clear(self) -> None:
        for key in list(self._items):
            self.drop(key)

    def stats(self) -> bytes:
        facts = {"pid": self._call.process.pid, "version": self.version, "curr_items": len(self._items), "bytes": self._size}
        return "".join(f"STAT {name} {value}\r\n" for name, value in facts.items()).encode() + b"END\r\n"


async def memcached(call: Call) -> int:
    options = call.options("p:m:u:c:vt:l:I:o:dU:s:hV")
    if options.has("V"):
        await call.print(f"memcached {version_of(call, 'memcached', _VERSION)}\n")
        return 0
    if call.process.uid == 0 and not options.has("u"):
        await call.process.complain("can't run as root without the -u switch")
        return 64
    port, megabytes = options.value("p") or "11211", options.value("m") or "64"
    if not port.isdigit() or not megabytes.isdigit():
        return 64
    try:
        listener = call.process.network.listen("0.0.0.0", int(port))
    except OSError as error:
        await call.process.complain(f"bind(): {reason(error)}\nfailed to listen on TCP port {port}: {reason(error)}")
        return 71
    cache = _Cache(call, int(megabytes) << 20)
    stop = Stop(call, (15, 2))

    async def talk(connection: Connection) -> None:
        incoming = Incoming(connection)
        while (reply := await _command(cache, incoming)) is not None:
            await connection.write(reply)
            await call.process.tick()

    await call.process.first_of(stop.wait(), accept_all(call.process, listener, talk))
    await call.process.complain("Signal handled: Terminated." if stop.signal == 15 else "Signal handled: Interrupt.")
    return 0


async def _command(cache: _Cache, incoming: Incoming) -> bytes | None:
    words = (await incoming.line()).split()
    name = words[0] if words else b""
    if name in (b"get", b"gets"):
        out = [(key, cache.get(key)) for key in words[1:]]
        return b"".join([b"VALUE %b %b %d\r\n%b\r\n" % (key, item[0], len(item[1]), item[1]) for key, item in out if item]) + b"END\r\n"
    if name in (b"set", b"add", b"replace", b"append", b"prepend") and len(words) >= 5 and words[4].isdigit():
        return await _store(cache, incoming, words)
    if name == b"delete" and len(words) > 1:
        return b"DELETED\r\n" if cache.drop(words[1]) else b"NOT_FOUND\r\n"
    if name in (b"incr", b"decr") and len(words) > 2 and words[2].isdigit():
        item = cache.get(words[1])
        if item is None:
            return b"NOT_FOUND\r\n"
        if not item[1].isdigit():
            return b"CLIENT_ERROR cannot increment or decrement non-numeric value\r\n"
        number = max(int(item[1]) + (int(words[2]) if name == b"incr" else -int(words[2])), 0)
        cache.put(words[1], item[0], b"%d" % number)
        return b"%d\r\n" % number
    if name == b"flush_all":
        cache.clear()
        return b"OK\r\n"
    if name == b"stats":
        return cache.stats()
    if name == b"version":
        return b"VERSION " + cache.version.encode() + b"\r\n"
    return None if name == b"quit" else b"ERROR\r\n"


async def _store(cache: _Cache, incoming: Incoming, words: list[bytes]) -> bytes:
    size = int(words[4])
    data = b"".join([piece async for piece in incoming.exactly(min(size, _ITEM_MAX))])
    if size > _ITEM_MAX:
        async for _ in incoming.exactly(size - _ITEM_MAX):
            continue
        await incoming.line()
        return b"SERVER_ERROR object too large for cache\r\n"
    await incoming.line()
    old = cache.get(words[1])
    if (words[0] == b"add" and old) or (words[0] in (b"replace", b"append", b"prepend") and not old):
        return b"NOT_STORED\r\n"
    if old and words[0] in (b"append", b"prepend"):
        data = old[1] + data if words[0] == b"append" else data + old[1]
    cache.put(words[1], words[2], data)
    return b"STORED\r\n"


PROGRAMS: dict[str, Applet] = {"memcached": memcached}
