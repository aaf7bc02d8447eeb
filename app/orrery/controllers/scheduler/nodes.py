"""One node: what it has, what is taken on it, and what it last answered to whom."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeVar

from orrery.controllers.scheduler.refusals import Refusal
from orrery.controllers.scheduler.wishes import Amounts, HostPort, Shape, Wish, amount_of
from orrery.machinery.objects import FrozenObject, Object, labels_of, name_of

_MEMORIES_MAX: Final = 256
"""Of how many shapes a node remembers whether they fit."""


@dataclass(frozen=True, slots=True)
class NodeView:
    """A node's own side: what it offers and whom it wants."""

    name: str
    labels: Mapping[str, str]
    taints: Sequence[Object]
    unschedulable: bool
    allocatable: Amounts
    images: Mapping[str, int] = field(default_factory=dict)
    """Size in bytes of the images it holds, by each of their names."""


def view_of(node: FrozenObject) -> NodeView:
    spec, status = node.get("spec") or {}, node.get("status") or {}
    return NodeView(
        name_of(node),
        labels_of(node),
        spec.get("taints") or (),
        bool(spec.get("unschedulable")),
        {key: amount_of(key, value) for key, value in (status.get("allocatable") or {}).items()},
        {name: image.get("sizeBytes", 0) for image in status.get("images") or () for name in image.get("names") or ()},
    )


class Judgement(NamedTuple):
    """What a node has to say to a shape, as long as nothing changes on it."""

    refusal: Refusal | None
    points: int


class Usage:
    """What the Pods of one node take in all; it may outlive its node and meet it again."""

    __slots__ = ("cpu_for_score", "judgements", "memory_for_score", "placed", "ports", "requested")

    def __init__(self) -> None:
        self.requested: dict[str, int] = {}
        self.cpu_for_score = 0
        self.memory_for_score = 0
        self.ports: Counter[HostPort] = Counter()
        self.placed: dict[str, Wish] = {}
        """The Pods by their keys."""
        self.judgements: dict[Shape, Judgement] = {}

    @property
    def pods(self) -> int:
        return len(self.placed)

    def add(self, wish: Wish) -> None:
        self.placed[wish.key] = wish
        self._count(wish.shape, 1)

    def remove(self, wish: Wish) -> None:
        del self.placed[wish.key]
        self._count(wish.shape, -1)

    def _count(self, shape: Shape, sign: int) -> None:
        self.judgements.clear()
        self.cpu_for_score += sign * shape.cpu_for_score
        self.memory_for_score += sign * shape.memory_for_score
        for key, amount in shape.requests.items():
            self.requested[key] = self.requested.get(key, 0) + sign * amount
        for port in shape.ports:
            count(self.ports, port, sign)

    def copy(self) -> "Usage":
        """For trying things out."""
        made = Usage()
        made.requested, made.ports, made.placed = dict(self.requested), self.ports.copy(), dict(self.placed)
        made.cpu_for_score, made.memory_for_score = self.cpu_for_score, self.memory_for_score
        return made

    def remember(self, shape: Shape, judgement: Judgement) -> None:
        if len(self.judgements) >= _MEMORIES_MAX:
            self.judgements.clear()
        self.judgements[shape] = judgement


_Key = TypeVar("_Key")


def count(counter: Counter[_Key], key: _Key, sign: int) -> None:
    """Add to a counter that holds no zeros."""
    counter[key] += sign
    if not counter[key]:
        del counter[key]
