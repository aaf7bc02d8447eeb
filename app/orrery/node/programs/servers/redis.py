"""redis-server: its log, its connections, blocking pops, and how it ends."""

import asyncio
from typing import Final

from orrery.node.processes.program import Connection
from orrery.node.programs.call import Applet, Call
from orrery.node.programs.faults import Fault
from orrery.node.programs.net.http import BadMessage, Incoming
from orrery.node.programs.reasons import reason
from orrery.node.programs.servers.redis_collections import pop_first
from orrery.node.programs.servers.redis_disk import RedisDisk
from orrery.node.programs.servers.redis_following import Following
from orrery.node.programs.servers.redis_info import server_version
from orrery.node.programs.servers.redis_protocol import read_command
from orrery.node.programs.servers.redis_settings import RedisSettings
from orrery.node.programs.servers.redis_store import Store
from orrery.node.programs.servers.redis_values import NO_ARRAY, Session, Wrong
from orrery.node.programs.servers.service import Stop, accept_all
from orrery.node.programs.servers.versions import numbers_of
from orrery.node.programs.system.moments import format_moment

_NO_FILE: Final = (
    "Warning: no config file specified, using the default config. In order to specify a config file use redis-server /path/to/redis.conf"
)


class _Server:
    """One redis-server that runs."""

    def __init__(self, call: Call, settings: RedisSettings) -> None:
        self.call, self.process = call, call.process
        self.store = Store(call, settings)
        self.disk = RedisDisk(self.store)
        self.following = Following(self.store, self.log)
        self.stop = Stop(call, (15, 2))
        self.version = server_version(call)
        self._count = 0
        self._wrote = asyncio.Event()
        self.store.on_write.append(lambda _, __: self._wrote.set())

    async def log(self, text: str, mark: str = "*", letter: str = "") -> None:
        letter = letter or ("S" if self.store.leader is not None else "M")
        await self.call.print(f"{self.process.pid}:{letter} {_moment(self.process.clock.now_s())} {mark} {text}\n")

    async def talk(self, connection: Connection) -> None:
        self._count += 1
        incoming, session = Incoming(connection), Session(self._count, connection.remote)
        self.store.sessions.append(session)
        try:
            await self.process.first_of(self._answer(connection, incoming, session), self._deliver(connection, session))
        finally:
            self.store.leave(session)

    async def _answer(self, connection: Connection, incoming: Incoming, session: Session) -> None:
        while True:
            try:
                command = await read_command(incoming)
            except BadMessage:
                await connection.write(b"-ERR Protocol error: invalid multibulk length\r\n")
                return
            except (EOFError, OSError):
                return
            if not command:
                continue
            await self.process.tick()
            name = command[0].upper()
            reply = self.store.run(command, session)
            if name in (b"PSYNC", b"SYNC") and not reply.startswith(b"-"):
                await self.following.admit(connection, session)
                continue
            if name in (b"BLPOP", b"BRPOP") and reply.startswith(b"+OK"):
                reply = await self._pop(command, session)
            if not session.is_following:
                await connection.write(reply)
            if name == b"QUIT":
                return
            if name == b"SHUTDOWN":
                self.stop.set()

    async def _deliver(self, connection: Connection, session: Session) -> None:
        """What is sent without having been asked for."""
        while True:
            await session.wake.wait()
            session.wake.clear()
            pieces, session.outbox = session.outbox, []
            try:
                await connection.write(b"".join(pieces))
            except OSError:
                return

    async def _pop(self, command: list[bytes], session: Session) -> bytes:
        """BLPOP and BRPOP: wait until one of the lists has something."""
        base, clock = self.store.bases[session.database], self.process.clock
        try:
            patience_s = float(command[-1])
        except ValueError:
            return b"-ERR timeout is not a float or out of range\r\n"
        due_s = clock.now_s() + patience_s if patience_s else None
        while True:
            try:
                found = pop_first(base, command[1:], left=command[0].upper() == b"BLPOP")
            except Wrong as wrong:
                return bytes(wrong.args[0])
            if found is not None:
                told, base.told = base.told, []
                self.store.note(session.database, told)
                return found
            left_s = due_s - clock.now_s() if due_s is not None else None
            if left_s is not None and left_s <= 0:
                return NO_ARRAY
            self._wrote.clear()
            if left_s is None:
                await self._wrote.wait()
            else:
                await self.process.first_of(self._wrote.wait(), clock.sleep(left_s, background=True))

    async def run(self) -> int:
        store, is_old = self.store, numbers_of(self.version) < (7, 2)
        mark, values = "#" if is_old else "*", store.settings.values
        await self.log("oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo", mark, "C")
        about = f"bits=64, commit=00000000, modified={int(not is_old)}, pid={self.process.pid}, just started"
        await self.log(f"Redis version={self.version}, {about}", mark, "C")
        if store.settings.has_file or self.call.arguments:
            await self.log("Configuration loaded", mark, "C")
        else:
            await self.log(_NO_FILE, "#", "C")
        if numbers_of(self.version) >= (6, 2):
            await self.log("monotonic clock: POSIX clock_gettime")
        port = store.settings.port
        try:
            listener = self.process.network.listen("0.0.0.0", port)
        except OSError as error:
            await self.log(f"Warning: Could not create server TCP listening socket *:{port}: bind: {reason(error)}", "#")
            await self.log(f"Failed listening on port {port} (tcp), aborting.", "#")
            return 1
        await self.log(f"Running mode=standalone, port={port}.")
        await self.log("Server initialized", mark)
        await self.disk.load(self.log)
        await self.log("Ready to accept connections" if is_old else "Ready to accept connections tcp")
        serving = accept_all(self.process, listener, self.talk)
        await self.process.first_of(self.stop.wait(), serving, self.following.follow(), self.disk.keep_up())
        if self.stop.signal:
            await self.log(f"Received {'SIGINT' if self.stop.signal == 2 else 'SIGTERM'} scheduling shutdown...")
        await self.log("User requested shutdown...")
        if values["save"] and values["save"] != '""':
            await self.log("Saving the final RDB snapshot before exiting.")
            # DIFFERS: upstream goes on running when it cannot save, until it is killed; we say so and end.
            complaint = self.disk.save()
            await self.log(complaint or "DB saved on disk", "#" if complaint else "*")
        await self.log("Redis is now ready to exit, bye bye...", "#")
        return 0


async def redis_server(call: Call) -> int:
    if "--version" in call.arguments or "-v" in call.arguments:
        version = server_version(call)
        await call.print(f"Redis server v={version} sha=00000000:1 malloc=jemalloc-5.3.0 bits=64 build=0000000000000000\n")
        return 0
    try:
        settings = RedisSettings(call)
    except Fault as fault:
        await call.print(f"{call.process.pid}:C {_moment(call.process.clock.now_s())} # {fault}\n")
        return 1
    return await _Server(call, settings).run()


def _moment(now_s: float) -> str:
    return format_moment("%d %b %Y %H:%M:%S", now_s) + f".{int(now_s % 1 * 1000):03}"


PROGRAMS: dict[str, Applet] = {"redis-server": redis_server}
