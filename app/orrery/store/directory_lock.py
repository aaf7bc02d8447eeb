"""One process per data directory: a lock that the kernel lets go when its holder dies, however it dies."""

import fcntl
import os
from pathlib import Path

from orrery.store.log import StoreUnusable


class DataDirectoryInUse(StoreUnusable):
    """Another process has the data directory, or the database, open."""


class DirectoryLock:
    """Held from construction until `release` or the end of the process."""

    def __init__(self, path: Path) -> None:
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreUnusable(f"cannot write to {path}: {error.strerror}") from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._descriptor, 32).decode(errors="replace").strip()
            os.close(self._descriptor)
            by = f"process {holder}" if holder else "another process"
            raise DataDirectoryInUse(f"the data directory {path.parent} is in use by {by}") from None
        os.truncate(self._descriptor, 0)
        os.write(self._descriptor, f"{os.getpid()}\n".encode())  # Only for the message of the next who comes.

    def release(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
