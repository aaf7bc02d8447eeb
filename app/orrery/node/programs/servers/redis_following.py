"""redis' replication: a leader tells its followers all it has and then every write; a follower asks until its leader is there."""

import asyncio
from typing import Final

from orrery.node.processes.program import Connection
from orrery.node.programs.call import encode
from orrery.node.programs.net.http import BadMessage, Incoming
from orrery.node.programs.reasons import reason
from orrery.node.programs.servers.redis_disk import Log, packed, unpacked
from orrery.node.programs.servers.redis_protocol import read_command
from orrery.node.programs.servers.redis_store import Store
from orrery.node.programs.servers.redis_values import Session, array

_RETRY_S: Final = 1.0
_ID_BITS: Final = 160


class Following:
    """Both sides of it for one server."""

    def __init__(self, store: Store, log: Log) -> None:
        self._store, self._log = store, log
        self._changed = asyncio.Event()
        self._id = f"{store.call.process.clock.random.getrandbits(_ID_BITS):040x}"
        self._database = -1
        store.on_follow = self._changed.set
        store.on_write.append(self._wrote)

    async def admit(self, connection: Connection, session: Session) -> None:
        """Answer a follower's PSYNC: everything, and from now on each write."""
        data = packed(self._store.dump())
        address = f"{session.address[0]}:{self._store.settings.port}"
        await self._log(f"Replica {address} asks for synchronization")
        await self._log("Starting BGSAVE for SYNC with target: replicas sockets")
        await connection.write(encode(f"+FULLRESYNC {self._id} {self._store.offset}\r\n${len(data)}\r\n") + data)
        self._database, session.is_following = -1, True
        await self._log(f"Synchronization with replica {address} succeeded")

    def _wrote(self, database: int, words: list[bytes]) -> None:
        data = (array([b"SELECT", b"%d" % database]) if database != self._database else b"") + array(words)
        self._database = database
        self._store.offset += len(data)
        for one in self._store.sessions:
            if one.is_following:
                one.send(data)

    async def follow(self) -> None:
        """Follow whom the settings name, for ever."""
        process = self._store.call.process
        while True:
            self._changed.clear()
            leader = self._store.leader
            if leader is None:
                await self._changed.wait()
                continue
            await process.first_of(self._changed.wait(), self._keep_up(leader))
            self._store.link_up = False
            if not self._changed.is_set():
                await process.first_of(self._changed.wait(), process.clock.sleep(_RETRY_S, background=True))

    async def _keep_up(self, leader: tuple[str, int]) -> None:
        host, port = leader
        await self._log(f"Connecting to MASTER {host}:{port}", letter="S")
        try:
            connection = await self._store.call.process.network.connect(host, port, timeout_s=60)
        except OSError as error:
            await self._log(f"Error condition on socket for SYNC: {reason(error)}", "#", "S")
            return
        try:
            await self._synchronise(connection)
        except (EOFError, OSError, BadMessage, ValueError):
            await self._log("Connection with master lost.", letter="S")
        finally:
            connection.close()

    async def _synchronise(self, connection: Connection) -> None:
        store, incoming = self._store, Incoming(connection)
        await self._log("MASTER <-> REPLICA sync started", letter="S")
        await self._log("Non blocking connect for SYNC fired the event.", letter="S")
        if password := store.settings.values["masterauth"]:
            await connection.write(array([b"AUTH", encode(password)]))
            await incoming.line()
        await connection.write(array([b"PING"]))
        answer = await incoming.line()
        if answer.startswith(b"-"):
            await self._log(f"Error reply to PING from master: '{answer.decode()}'", "#", "S")
            return
        await self._log("Master replied to PING, replication can continue...", letter="S")
        await connection.write(array([b"PSYNC", b"?", b"-1"]))
        word, identity, offset = (await incoming.line()).decode().split()
        await self._log(f"Full resync from master: {identity}:{offset}", letter="S")
        size = int((await incoming.line())[1:])
        await self._log(f"MASTER <-> REPLICA sync: receiving {size} bytes from master to disk", letter="S")
        data = b"".join([piece async for piece in incoming.exactly(size)])
        await self._log("MASTER <-> REPLICA sync: Flushing old data", letter="S")
        store.clear()
        await self._log("MASTER <-> REPLICA sync: Loading DB in memory", letter="S")
        for words in unpacked(data):
            store.run(words, store.own)
        store.offset = int(offset)
        await self._log("MASTER <-> REPLICA sync: Finished with success", letter="S")
        store.link_up = word == "+FULLRESYNC"
        while True:
            store.run(await read_command(incoming), store.own)
