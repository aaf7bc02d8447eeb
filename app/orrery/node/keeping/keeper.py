"""When and where things are kept: some time after they change, and all at once when the server stops.

A process that is killed loses what was written in the last moment (`interval_s`); what takes long to write is written less often, so that
keeping costs a fiftieth of the time at most. Nothing here is in the log: revisions and snapshots know nothing of it. Upstream has a
disk for this.
"""

import asyncio
import hashlib
import logging
import os
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import quote

from orrery.machinery.clock import Clock, Timer

_SHARE: Final = 0.02
_NAME_MAX: Final = 200
_FOLDERS: Final = ("logs", "volumes")
"""What a folder of a Pod holds."""
Work = Callable[[], int]
"""Writes the files, away from the event loop; how many bytes they then hold."""

log = logging.getLogger(__name__)


class Keepsake(Protocol):
    """Something that is kept."""

    @property
    def path(self) -> Path: ...

    def snapshot(self) -> tuple[int, Work]:
        """What it is now, to be written later: how many bytes it will take at most, and the writing of them."""


class Keeper:
    """Keeps things in files of one directory: `pods/UID/logs`, `pods/UID/volumes`, `nodes`, `volumes`."""

    def __init__(
        self,
        directory: Path,
        clock: Clock,
        *,
        bytes_max: int,
        interval_s: float = 1.0,
        aside: Callable[[Callable[[], int]], Awaitable[int]] = asyncio.to_thread,
    ) -> None:
        """`aside` runs what may take long."""
        self._directory = directory
        self._clock = clock
        self._bytes_max = bytes_max
        self._interval_s = interval_s
        self._aside = aside
        self._changed: dict[Path, dict[Keepsake, None]] = {}
        """By folder."""
        self._not_before_s: dict[Path, float] = {}
        self._sizes: dict[Path, dict[str, int]] = {}
        """Of what is there, by folder and name."""
        self._total = 0
        self._timer: Timer | None = None
        self._task: asyncio.Task[None] | None = None
        self._writing: Path | None = None
        self._has_complained = self._is_stopped = False
        for path in directory.rglob("*"):
            if path.is_file():
                self._note(path, path.stat().st_size)

    def path(self, *parts: str) -> Path:
        """Where something of that name is kept."""
        return self._directory.joinpath(*map(file_name, parts))

    def names(self, *parts: str) -> Iterable[str]:
        """The files that are there."""
        return tuple(self._sizes.get(self.path(*parts), ()))

    def folders(self, *parts: str) -> set[str]:
        """The folders in that one that hold files now, however deep."""
        place = self.path(*parts)
        return {folder.relative_to(place).parts[0] for folder in self._sizes if folder != place and folder.is_relative_to(place)}

    def changed(self, item: Keepsake) -> None:
        """Write it soon."""
        self._changed.setdefault(item.path.parent, {})[item] = None
        if self._timer is None and self._task is None and not self._is_stopped:
            self._timer = self._clock.call_later(self._interval_s, self._begin, background=True)

    def drop(self, *parts: str) -> None:
        """Forget a file, or a folder and the folders in it."""
        self._drop(self.path(*parts))

    def _drop(self, gone: Path) -> None:
        for folder in (gone, *(gone / name for name in _FOLDERS)):
            self._changed.pop(folder, None)
            for name in self._sizes.pop(folder, {}):
                self._forget(folder / name)
        for item in [item for item in self._changed.get(gone.parent, ()) if item.path == gone]:
            del self._changed[gone.parent][item]
        if gone.name in self._sizes.get(gone.parent, ()):
            self._forget(gone)
        if self._writing is not None and self._writing.is_relative_to(gone):
            self._writing = None

    def keep_only(self, names: Iterable[str], *parts: str) -> None:
        """Forget everything in there that has another name."""
        wanted, folder = set(map(file_name, names)), self.path(*parts)
        for path in list(folder.iterdir()) if folder.is_dir() else ():
            if path.name not in wanted:
                self._drop(path)

    async def stop(self) -> None:
        """Write what has changed."""
        self._is_stopped = True
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)
        self._not_before_s.clear()
        await self._save()

    def _begin(self) -> None:
        self._timer = None
        self._task = asyncio.get_running_loop().create_task(self._save_and_go_on())

    async def _save_and_go_on(self) -> None:
        try:
            await self._save()
        finally:
            self._task = None
            if self._changed and not self._is_stopped:
                self._timer = self._clock.call_later(self._interval_s, self._begin, background=True)

    async def _save(self) -> None:
        now_s = self._clock.now_s()
        for item in [item for items in self._changed.values() for item in items]:
            held = self._changed.get(item.path.parent, {})
            if item in held and self._not_before_s.get(item.path, 0.0) <= now_s:
                del held[item]
                await self._save_one(item)
        self._changed = {folder: items for folder, items in self._changed.items() if items}

    async def _save_one(self, item: Keepsake) -> None:
        path, before_s = item.path, self._clock.busy_s()
        size, work = item.snapshot()
        if self._total - self._sizes.get(path.parent, {}).get(path.name, 0) + size > self._bytes_max:
            self._complain()
            return
        self._writing = path
        try:
            written = await self._aside(work)
        except OSError as error:
            log.warning("Cannot keep %s: %s", path, error)
            return
        self._note(path, written)
        if not self._is_wanted(path):
            self._forget(path)
        self._writing = None
        rest_s = (self._clock.busy_s() - before_s) / _SHARE
        if rest_s > self._interval_s:
            self._not_before_s[path] = self._clock.now_s() + rest_s

    def _is_wanted(self, path: Path) -> bool:
        """Whether nobody has dropped it while it was written."""
        return self._writing == path

    def _note(self, path: Path, size: int) -> None:
        held = self._sizes.setdefault(path.parent, {})
        self._total += size - held.get(path.name, 0)
        held[path.name] = size

    def _forget(self, path: Path) -> None:
        held = self._sizes.get(path.parent, {})
        self._total -= held.pop(path.name, 0)
        self._not_before_s.pop(path, None)
        path.unlink(missing_ok=True)
        with suppress(OSError):  # They are not empty, or gone already.
            path.parent.rmdir()
            path.parent.parent.rmdir()

    def _complain(self) -> None:
        if not self._has_complained:
            self._has_complained = True
            log.warning("Files and logs of containers take more than %d bytes: newer ones will not survive a restart", self._bytes_max)


def file_name(text: str) -> str:
    """The text as the name of a file, whatever is in it."""
    quoted = quote(text, safe="")
    is_fit = 0 < len(quoted) <= _NAME_MAX and not quoted.startswith(".")
    return quoted if is_fit else hashlib.sha256(text.encode()).hexdigest()


def write_whole(path: Path, pieces: Iterable[bytes]) -> int:
    """Write a file for its owner's eyes only, whole or not at all; its size."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}~")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.writelines(pieces)
        size = file.tell()
    draft.replace(path)
    return size
