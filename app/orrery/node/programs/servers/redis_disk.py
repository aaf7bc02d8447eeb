"""redis on the disk: what is there when it starts, what it leaves there when it ends or is told to save.

DIFFERS: upstream saves a small change after an hour, so that a node that stops at once takes it away; ours is on the disk after seconds.

DIFFERS: upstream's dump.rdb is packed; ours holds, behind the same first word, the commands that make the data, as an append-only file does.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Final

from orrery.node.programs.reasons import reason
from orrery.node.programs.servers.redis_store import Store
from orrery.node.programs.servers.redis_values import array

_MAGIC: Final = b"REDIS0012\n"
_AOF: Final = "appendonlydir"
_SOON_S: Final = 5.0
_SOON_KEYS_MAX: Final = 1_000
Log = Callable[..., Awaitable[None]]


def packed(commands: list[list[bytes]]) -> bytes:
    return b"".join(array(words) for words in commands)


def unpacked(data: bytes) -> Iterator[list[bytes]]:
    """Commands one after the other; what is cut off at the end is left away."""
    place = 0
    try:
        while place < len(data):
            end = data.index(b"\r\n", place)
            count, place, words = int(data[place + 1 : end]), end + 2, []
            for _ in range(count):
                end = data.index(b"\r\n", place)
                size = int(data[place + 1 : end])
                words.append(data[end + 2 : end + 2 + size])
                place = end + 2 + size + 2
            if place > len(data):
                return
            yield words
    except ValueError:
        return


class RedisDisk:
    """The folder of one server."""

    def __init__(self, store: Store) -> None:
        self._store, self._files = store, store.call.process.files
        self._database = -1
        self._changed = asyncio.Event()
        store.on_save = self.save
        store.on_write.append(self._wrote)

    @property
    def _values(self) -> dict[str, str]:
        return self._store.settings.values

    @property
    def _dump(self) -> str:
        return f"{self._values['dir'].rstrip('/')}/{self._values['dbfilename']}"

    @property
    def _appended(self) -> str:
        return f"{self._values['dir'].rstrip('/')}/{_AOF}/{self._values['appendfilename']}.1.incr.aof"

    @property
    def _appends(self) -> bool:
        return self._values["appendonly"] == "yes"

    async def load(self, log: Log) -> None:
        """What was left here, by the append-only file where there is to be one."""
        path = self._appended if self._appends else self._dump
        try:
            data = self._files.read(path)
        except OSError:
            if self._appends:
                await self._begin(log)
            return
        for words in unpacked(data.removeprefix(_MAGIC)):
            self._store.run(words, self._store.own)
        self._store.own.database = self._store.dirty = 0
        if self._appends:
            name = path.rpartition("/")[2]
            await log(f"DB loaded from incr file {name}: 0.000 seconds")
            await log("DB loaded from append only file: 0.000 seconds")
            await log(f"Opening AOF incr file {name} on server start")
            return
        count = sum(len(base.live()) for base in self._store.bases)
        await log(f"Done loading RDB, keys loaded: {count}, keys expired: 0.")
        await log("DB loaded from disk: 0.000 seconds")

    async def _begin(self, log: Log) -> None:
        folder, _, name = self._appended.rpartition("/")
        try:
            if not self._files.exists(folder):
                self._files.make_directory(folder)
            self._files.write(self._appended, b"")
            base = name.replace(".incr.aof", ".base.rdb")
            self._files.write(f"{folder}/{base}", _MAGIC)
            lines = f"file {base} seq 1 type b\nfile {name} seq 1 type i\n"
            self._files.write(f"{folder}/{self._values['appendfilename']}.manifest", lines.encode())
        except OSError as error:
            await log(f"Can't open or create append-only dir {_AOF}: {reason(error)}", "#")
            return
        await log(f"Creating AOF base file {base} on server start")
        await log(f"Creating AOF incr file {name} on server start")

    def save(self) -> str:
        """Write everything down; the complaint, if that cannot be."""
        try:
            self._files.write(self._dump, _MAGIC + packed(self._store.dump()))
        except OSError as error:
            pid = self._store.call.process.pid
            return f"Failed opening the temp RDB file temp-{pid}.rdb (in server root dir {self._values['dir']}) for saving: {reason(error)}"
        self._store.dirty, self._store.saved_s = 0, self._store.call.process.clock.now_s()
        return ""

    def _wrote(self, database: int, words: list[bytes]) -> None:
        if self._appends:
            selected = array([b"SELECT", b"%d" % database]) if database != self._database else b""
            self._database = database
            try:
                self._files.write(self._appended, selected + array(words), append=True)
            except OSError:
                return
        elif self._is_due():
            self.save()
        else:
            self._changed.set()

    async def keep_up(self) -> None:
        """Save what changed some seconds ago, unless that is much or nothing is to be saved at all; for ever."""
        while True:
            await self._changed.wait()
            await self._store.call.process.clock.sleep(_SOON_S, background=True)
            self._changed.clear()
            if self._values["save"].strip('"') and sum(len(base.data) for base in self._store.bases) <= _SOON_KEYS_MAX:
                self.save()

    def _is_due(self) -> bool:
        """Whether one of the pairs of `save` is reached: so many seconds since the last time, and so many changes."""
        words = self._values["save"].split()
        since_s = self._store.call.process.clock.now_s() - self._store.saved_s
        return any(since_s >= int(age) and self._store.dirty >= int(count) for age, count in zip(words[::2], words[1::2], strict=False))
