"""What a controller is: a name, the events it listens to, and `reconcile(key)`.

Level-based: a key says where to look, never what happened. A controller reads what is, decides by a pure `plan_*`, changes one
kind of thing through the client, reports status, and says with its `Outcome` whether to come back by itself.

Reads come from the watch cache, which a write has reached before its call returns. That is why there are no expectations here
(upstream counts creations its informer has not seen yet) and no resync (no event is ever lost in between).
`tests/controllers/engine` holds the store to that promise.
"""

from dataclasses import dataclass
from typing import Final, Protocol

from orrery.controllers.engine.informer import Informer
from orrery.machinery.objects import FrozenObject, name_of, namespace_of


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a reconcile ended well. `after_s` None: nothing to come back for."""

    after_s: float | None = None
    background: bool = True
    """Whether nothing visible waits for the next look; `VirtualClock.settle` waits for those that are not background."""


DONE: Final = Outcome()


def requeue_after(delay_s: float, *, background: bool = True) -> Outcome:
    """Look at the key again after `delay_s` seconds, whatever happens until then."""
    return Outcome(delay_s, background)


class Controller(Protocol):
    """One control loop. An exception from `reconcile` means: again, with back-off."""

    @property
    def name(self) -> str:
        """As upstream's --controllers spells it: `deployment-controller`."""

    def watch(self, informer: Informer) -> None:
        """Say once, before the start, which events wake which keys."""

    async def reconcile(self, key: str) -> Outcome: ...


def key_for(namespace: str, name: str) -> str:
    """The key most controllers use: `default/web`; `/node-1` for what has no namespace."""
    return f"{namespace}/{name}"


def key_of_object(obj: FrozenObject) -> str:
    return f"{namespace_of(obj)}/{name_of(obj)}"


def split_key(key: str) -> tuple[str, str]:
    """Namespace and name of a key."""
    namespace, _, name = key.partition("/")
    return namespace, name
