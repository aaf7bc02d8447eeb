"""Forking. When the container can hold no more processes, background jobs that have ended make room, or the shell says that it cannot."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from orrery.node.processes.program import Child
from orrery.node.shell.errors import ShellError

if TYPE_CHECKING:
    from orrery.node.shell.shell import Shell


async def new_child(shell: "Shell", start: Callable[[], Awaitable[Child]]) -> Child:
    """What `start` starts; ShellError when there is no place for another process."""
    try:
        return await start()
    except BlockingIOError:
        if not await _reap(shell):
            raise _cannot_fork(shell) from None
    try:
        return await start()
    except BlockingIOError:
        raise _cannot_fork(shell) from None


async def _reap(shell: "Shell") -> int:
    """Take leave of the jobs that have ended; how many."""
    # DIFFERS: upstream's shells reap a background job as soon as it ends; we do when the place is needed.
    ended = [job for job in shell.jobs.items if job.code is not None]
    for job in ended:
        await job.child.wait()
        shell.jobs.forget(job)
    return len(ended)


def _cannot_fork(shell: "Shell") -> ShellError:
    reason = "Resource temporarily unavailable"
    if shell.flavour.is_bash:
        return ShellError(f"fork: {reason}", 254)
    return ShellError("Cannot fork" if shell.flavour.is_dash else f"can't fork: {reason}")
