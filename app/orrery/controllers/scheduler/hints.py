"""Which events may help a Pod that was refused: upstream's queueing hints, plugin by plugin.

A hint errs on the side of another attempt, but an event that cannot change a plugin's mind is not worth one.
"""

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Final, TypeAlias

from orrery.controllers.scheduler.affinity import fits_node_affinity
from orrery.controllers.scheduler.cluster import NodeNews, PodNews
from orrery.controllers.scheduler.neighbours import NamespaceLabels, selects
from orrery.controllers.scheduler.nodes import NodeView
from orrery.controllers.scheduler.refusals import (
    DYNAMIC_RESOURCES,
    INTER_POD_AFFINITY,
    NO_NODE,
    NODE_AFFINITY,
    NODE_PORTS,
    NODE_RESOURCES_FIT,
    NODE_UNSCHEDULABLE,
    POD_TOPOLOGY_SPREAD,
    TAINT_TOLERATION,
    VOLUME_BINDING,
    VOLUME_RESTRICTIONS,
)
from orrery.controllers.scheduler.resources import fits_empty
from orrery.controllers.scheduler.taints import is_kept_off
from orrery.controllers.scheduler.terms import Constraint, Term
from orrery.controllers.scheduler.topology import has_labels
from orrery.controllers.scheduler.wishes import Shape


class OtherNews(Enum):
    """Events that are not told apart any further."""

    VOLUME = "volume"
    """A volume or a class was written."""


News: TypeAlias = NodeNews | PodNews | OtherNews
Hint: TypeAlias = Callable[[Shape, News, NamespaceLabels], bool]


def may_help(shape: Shape, plugins: frozenset[str], news: News, labels_of: NamespaceLabels) -> bool:
    """Whether one of those who refused Pods of that shape may think differently now."""
    return any(_HINTS[plugin](shape, news, labels_of) for plugin in plugins if plugin in _HINTS)


def _unschedulable(shape: Shape, news: News, labels_of: NamespaceLabels) -> bool:
    if not isinstance(news, NodeNews) or news.new is None:
        return False
    return not news.new.unschedulable and (news.old is None or news.old.unschedulable)


def _taints(shape: Shape, news: News, labels_of: NamespaceLabels) -> bool:
    if not isinstance(news, NodeNews) or news.new is None or is_kept_off(shape.tolerations, news.new.taints):
        return False
    return news.old is None or is_kept_off(shape.tolerations, news.old.taints)


def _node_affinity(shape: Shape, news: News, labels_of: NamespaceLabels) -> bool:
    if not isinstance(news, NodeNews) or news.new is None or not fits_node_affinity(shape, news.new):
        return False
    return news.old is None or not fits_node_affinity(shape, news.old)


def _ports(shape: Shape, news: News, labels_of: NamespaceLabels) -> bool:
    if isinstance(news, PodNews) and news.old is not None and news.new is None:
        return any(mine.collides(theirs) for theirs in news.old.ports for mine in shape.ports)
    return isinstance(news, NodeNews) and news.old is None


def _resources(shape: Shape, news: News, labels_of: NamespaceLabels) -> bool:
    if isinstance(news, PodNews):
        if news.old is None:
            return False
        return news.new is None or any(news.old.requests.get(key, 0) > news.new.requests.get(key, 0) for key in shape.requests)
    if not isinstance(news, NodeNews) or news.new is None or not fits_empty(shape, news.new):
        return False
    return news.old is None or _offers_more(shape, news.old, news.new)


def _offers_more(shape: Shape, old: NodeView, new: NodeView) -> bool:
    return any(new.allocatable.get(key, 0) > old.allocatable.get(key, 0) for key in ("pods", *shape.requests))


def _spread(shape: Shape, news: News, labels_of: NamespaceLabels) -> bool:
    hard = [one for one in shape.constraints if one.is_hard]
    if isinstance(news, NodeNews):
        return _spread_by_node(hard, news.old, news.new)
    if not isinstance(news, PodNews):
        return False
    some = news.new or news.old
    if some is None or some.namespace != shape.namespace:
        return False
    if news.old is not None and news.new is not None:
        return any(one.selector.matches(news.old.labels) != one.selector.matches(news.new.labels) for one in hard)
    return any(one.selector.matches(some.labels) for one in hard)


def _spread_by_node(hard: Sequence[Constraint], old: NodeView | None, new: NodeView | None) -> bool:
    was, is_now = old is not None and has_labels(old, hard), new is not None and has_labels(new, hard)
    if old is None or new is None or was != is_now:
        return was or is_now
    return is_now and (old.taints != new.taints or any(old.labels.get(one.key) != new.labels.get(one.key) for one in hard))


def _neighbours(shape: Shape, news: News, labels_of: NamespaceLabels) -> bool:
    near, apart = shape.terms.near, shape.terms.apart
    if isinstance(news, NodeNews):
        return _neighbours_by_node(near, apart, news)
    if not isinstance(news, PodNews):
        return False
    old, new = news.old, news.new
    if old is None or new is None:
        pod = new or old
        return pod is not None and _selects_all(near if old is None else apart, pod, labels_of)
    if _selects_all(near, new, labels_of) and not _selects_all(near, old, labels_of):
        return True
    return _selects_all(apart, old, labels_of) and not _selects_all(apart, new, labels_of)


def _selects_all(terms: Sequence[Term], pod: Shape, labels_of: NamespaceLabels) -> bool:
    """Without terms there is nothing to miss: a Pod that others keep away waits for any of them to go."""
    labels = labels_of(pod.namespace)
    return all(selects(term, pod, labels) for term in terms)


def _neighbours_by_node(near: Sequence[Term], apart: Sequence[Term], news: NodeNews) -> bool:
    if news.new is None:
        return False
    new = news.new.labels
    if news.old is None:
        return bool(apart) or any(term.key in new for term in near)
    old = news.old.labels
    if any(term.key in new and old.get(term.key) != new[term.key] for term in near):
        return True
    return any(term.key in old and old[term.key] != new.get(term.key) for term in apart)


def _volumes(shape: Shape, news: News, labels_of: NamespaceLabels) -> bool:
    """Claims are not among these events: who mounts one is known."""
    if isinstance(news, NodeNews):
        return news.new is not None and (news.old is None or news.old.labels != news.new.labels)
    return news is OtherNews.VOLUME


def _restrictions(shape: Shape, news: News, labels_of: NamespaceLabels) -> bool:
    """A Pod that goes may have held a claim that is for one Pod at a time."""
    return isinstance(news, PodNews) and news.new is None


def _new_node(shape: Shape, news: News, labels_of: NamespaceLabels) -> bool:
    """Devices are not simulated, so nothing else can bring any."""
    return isinstance(news, NodeNews) and news.old is None


_HINTS: Final[Mapping[str, Hint]] = {
    NODE_UNSCHEDULABLE: _unschedulable,
    TAINT_TOLERATION: _taints,
    NODE_AFFINITY: _node_affinity,
    NODE_PORTS: _ports,
    NODE_RESOURCES_FIT: _resources,
    VOLUME_BINDING: _volumes,
    VOLUME_RESTRICTIONS: _restrictions,
    POD_TOPOLOGY_SPREAD: _spread,
    INTER_POD_AFFINITY: _neighbours,
    DYNAMIC_RESOURCES: _new_node,
    NO_NODE: _new_node,
}


def may_help_itself(old: Shape, new: Shape, plugins: frozenset[str]) -> bool:
    """Whether a change of the waiting Pod itself is worth another attempt."""
    if old.tolerations != new.tolerations and plugins & {TAINT_TOLERATION, NODE_UNSCHEDULABLE, POD_TOPOLOGY_SPREAD}:
        return True
    if old.labels != new.labels and POD_TOPOLOGY_SPREAD in plugins:
        return True
    if old.requests != new.requests and NODE_RESOURCES_FIT in plugins:
        return True
    return old.node_selector != new.node_selector or old.node_affinity != new.node_affinity
