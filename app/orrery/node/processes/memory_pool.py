"""The memory of all containers together: when it runs out, the container that holds most is killed, as the kernel does on a node."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orrery.node.processes.system import System


class MemoryPool:
    """Counts what processes hold beyond their bare existence."""

    def __init__(self, bytes_max: int) -> None:
        self.used = 0
        self._bytes_max = bytes_max
        self._held: dict[System, int] = {}

    def account(self, system: "System", count: int) -> None:
        """A container takes memory, or gives it back."""
        if not count:
            return
        self.used += count
        held = self._held.get(system, 0) + count
        if held:
            self._held[system] = held
        else:
            self._held.pop(system, None)
        if count > 0 and self.used > self._bytes_max and not any(one.is_out_of_memory for one in self._held):
            max(self._held, key=self._held.__getitem__).run_out_of_memory()
