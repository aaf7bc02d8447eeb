"""All nodes and what is placed on them, kept up to date event by event.

Deciding about one Pod looks at nodes and at groups of Pods that want the same, never at all Pods. A Pod that is being bound is
`assume`d, so that many can be bound at the same time; its event then finds it in place. A Pod for which others had to go is
`nominate`d: its room is kept from Pods that are not more important.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from orrery.controllers.engine.informer import Change
from orrery.controllers.scheduler.nodes import NodeView, Usage, count, view_of
from orrery.controllers.scheduler.wishes import Shape, Wish, keeps_shape, wish_of
from orrery.machinery.objects import is_deleting

_ENDED: Final = ("Succeeded", "Failed")


@dataclass(frozen=True, slots=True)
class Placed:
    """A Pod on a node, or on its way there."""

    wish: Wish
    node: str
    is_leaving: bool = False
    is_assumed: bool = False
    """It was placed here before its binding was written."""
    started: str = ""
    """When its node took it on, as its status says."""


class Group:
    """Where the placed Pods of one shape are."""

    __slots__ = ("leaving", "shape", "total")

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.total: Counter[str] = Counter()
        """How many are on each node."""
        self.leaving: Counter[str] = Counter()
        """How many of them are being deleted."""


class NodeNews(NamedTuple):
    """A node that came, changed or went."""

    old: NodeView | None
    new: NodeView | None


class PodNews(NamedTuple):
    """A Pod that came to a node, changed there or left it."""

    old: Shape | None
    new: Shape | None


class Cluster:
    """Everything that can be scheduled to and what is there already."""

    def __init__(self) -> None:
        self.nodes: dict[str, NodeView] = {}
        self.social: dict[Shape, Group] = {}
        """The groups that state rules about other Pods: the only ones a newcomer has to ask."""
        self.image_nodes: Counter[str] = Counter()
        """How many nodes hold an image."""
        self._usage: dict[str, Usage] = {}
        self._placed: dict[str, Placed] = {}
        self._groups: dict[str, dict[Shape, Group]] = {}
        self._nominated: dict[str, dict[str, Wish]] = {}
        self._nominations: dict[str, str] = {}
        self._unread: dict[str, Change] = {}
        """Pods that were on nodes at the start: looked at when the first Pod is to be placed, a few at a time."""
        self._pairs: list[tuple[NodeView, Usage]] | None = None
        self.first = 0
        """From which node on the next search begins, so that all have the same chance."""

    # What there is.

    def usage(self, node: str) -> Usage:
        """What is taken on that node."""
        found = self._usage.get(node)
        return found if found is not None else _NOTHING

    def placed(self, key: str) -> Placed | None:
        return self._placed.get(key)

    def node_of(self, key: str) -> str:
        """Where the Pod of that key is, or will be; empty when nowhere."""
        placed = self._placed.get(key)
        return placed.node if placed is not None else ""

    def in_order(self) -> Sequence[tuple[NodeView, Usage]]:
        """Nodes as they came, with what is taken on them; scheduling is repeatable because that order is."""
        if self._pairs is None:
            self._pairs = [(view, self._usage.setdefault(name, Usage())) for name, view in self.nodes.items()]
        return self._pairs

    def groups_in(self, namespace: str) -> Iterable[Group]:
        return self._groups.get(namespace, _NO_GROUPS).values()

    def namespaces(self) -> Iterable[str]:
        """Those with Pods on nodes."""
        return self._groups

    def forget_answers(self) -> None:
        """What nodes answered depends on something that has changed."""
        for usage in self._usage.values():
            usage.judgements.clear()

    # Pods that wait for a certain node.

    def nominate(self, wish: Wish, node: str) -> None:
        """Keep room for the Pod there, and nowhere else; an empty node means nowhere at all."""
        self.withdraw(wish.key)
        if node:
            self._nominations[wish.key] = node
            self._nominated.setdefault(node, {})[wish.key] = wish

    def withdraw(self, key: str) -> Wish | None:
        """Nobody keeps room for the Pod any more; None when nobody did."""
        node = self._nominations.pop(key, "")
        if not node:
            return None
        wish = self._nominated[node].pop(key)
        if not self._nominated[node]:
            del self._nominated[node]
        return wish

    def nomination(self, key: str) -> str:
        """The node the Pod was promised; empty when none."""
        return self._nominations.get(key, "")

    def is_promised(self, key: str, priority: int) -> bool:
        """Whether the Pod was promised a node and is as important as that, or more."""
        node = self._nominations.get(key)
        return node is not None and self._nominated[node][key].shape.priority >= priority

    @property
    def has_nominated(self) -> bool:
        return bool(self._nominated)

    def nominated_on(self, node: str) -> Mapping[str, Wish]:
        return self._nominated.get(node, _NOBODY)

    # What happens.

    def assume(self, wish: Wish, node: str) -> None:
        """Count the Pod as placed before its binding is written."""
        self.withdraw(wish.key)
        self._put(Placed(wish, node, is_assumed=True))

    def forget(self, wish: Wish) -> PodNews | None:
        """The binding failed: take the Pod back, unless an event said more since."""
        placed = self._placed.get(wish.key)
        if placed is None or not placed.is_assumed or placed.wish.uid != wish.uid:
            return None
        self._remove(wish.key)
        return PodNews(wish.shape, None)

    def see_node(self, change: Change) -> NodeNews | None:
        """Take in a node's event; None when it says nothing new, as a heartbeat does."""
        node, name = change.new, change.name
        before = self.nodes.get(name)
        view = view_of(node) if node is not None else None
        if view == before:
            return None
        self._pairs = None
        self._count_images(before, -1)
        self._count_images(view, 1)
        if view is None:
            del self.nodes[name]
            if not self._usage[name].pods:
                del self._usage[name]
        else:
            self.nodes[name] = view
            self._usage.setdefault(name, Usage()).judgements.clear()
        return NodeNews(before, view)

    def _count_images(self, view: NodeView | None, sign: int) -> None:
        if view is None or not view.images:
            return
        for image in view.images:
            count(self.image_nodes, image, sign)
        self.forget_answers()

    def see_pod(self, change: Change) -> PodNews | None:
        """Take in a Pod's event; None when nothing changes on any node."""
        record = change.record
        key = f"{change.namespace}/{change.name}"
        node = record.index.fields.get("spec.nodeName", "")
        self._unread.pop(key, None)
        before = self._placed.get(key)
        if before is None and not node:
            return None
        if before is not None and before.wish.uid != record.index.uid:
            self._remove(key)
            self.withdraw(key)
            return PodNews(before.wish.shape, None)
        if not change.is_present or not node or record.index.fields.get("status.phase") in _ENDED:
            # A Pod without a node may be on its way to one: only its end, or `forget`, takes that back.
            if before is None or (change.is_present and before.is_assumed):
                return None
            self._remove(key)
            return PodNews(before.wish.shape, None)
        if before is None and not change.is_news:
            self._unread[key] = change
            return None
        return self._place(change, node, before)

    @property
    def unread(self) -> int:
        return len(self._unread)

    def read(self, most: int) -> bool:
        """Look at some of the Pods that were there at the start; whether there are more."""
        for _ in range(min(most, len(self._unread))):
            _, change = self._unread.popitem()
            self._place(change, change.record.index.fields["spec.nodeName"], None)
        return bool(self._unread)

    def _place(self, change: Change, node: str, before: Placed | None) -> PodNews | None:
        pod, former = change.any, change.former
        if before is not None and former is not None and not before.is_assumed and keeps_shape(pod, former.object):
            wish = before.wish
        else:
            wish = wish_of(pod)
        now = Placed(wish, node, is_deleting(pod), started=(pod.get("status") or {}).get("startTime") or "")
        if before is None:
            self._put(now)
            return PodNews(None, wish.shape)
        old = before.wish.shape
        if before.node == node and old is wish.shape and before.is_leaving == now.is_leaving:
            if before.is_assumed or before.started != now.started:
                self._placed[wish.key] = now
            return PodNews(None, wish.shape) if before.is_assumed else None
        self._remove(wish.key)
        self._put(now)
        return PodNews(old, wish.shape) if old is not wish.shape else None

    def _put(self, placed: Placed) -> None:
        key, shape = placed.wish.key, placed.wish.shape
        if key in self._placed:
            self._remove(key)
        self._placed[key] = placed
        usage = self._usage.get(placed.node)
        if usage is None:
            usage = self._usage[placed.node] = Usage()
        usage.add(placed.wish)
        groups = self._groups.setdefault(shape.namespace, {})
        group = groups.get(shape)
        if group is None:
            group = groups[shape] = Group(shape)
            if shape.terms.has_any:
                self.social[shape] = group
        group.total[placed.node] += 1
        if placed.is_leaving:
            group.leaving[placed.node] += 1

    def _remove(self, key: str) -> None:
        placed = self._placed.pop(key)
        shape = placed.wish.shape
        group = self._groups[shape.namespace][shape]
        count(group.total, placed.node, -1)
        if placed.is_leaving:
            count(group.leaving, placed.node, -1)
        if not group.total:
            del self._groups[shape.namespace][shape]
            self.social.pop(shape, None)
            if not self._groups[shape.namespace]:
                del self._groups[shape.namespace]
        usage = self._usage[placed.node]
        usage.remove(placed.wish)
        if not usage.pods and placed.node not in self.nodes:
            del self._usage[placed.node]


_NOTHING: Final = Usage()
_NO_GROUPS: Final[dict[Shape, Group]] = {}
_NOBODY: Final[dict[str, Wish]] = {}
