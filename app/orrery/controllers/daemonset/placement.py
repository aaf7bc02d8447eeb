"""Which nodes a DaemonSet's Pods belong on, and what their spec says about it.

The scheduler places the Pods; each is tied to its node by affinity to the node's name. Whether a node takes a Pod is asked here by
the same rules (node selector and affinity, taints), since a Pod that fits nowhere must not be made. Verdicts are kept per DaemonSet
and node, and asked anew only for what has changed.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from orrery.controllers.engine.informer import Change
from orrery.controllers.scheduler.affinity import matches_term
from orrery.controllers.scheduler.nodes import NodeView, view_of
from orrery.controllers.scheduler.taints import is_hard, tolerates
from orrery.controllers.scheduler.terms import REQUIRED
from orrery.machinery.objects import FrozenObject, Object, labels_of, name_of, uid_of

_NODE_NAME: Final = "metadata.name"
_TOLERATED: Final[tuple[tuple[str, str], ...]] = (
    ("node.kubernetes.io/not-ready", "NoExecute"),
    ("node.kubernetes.io/unreachable", "NoExecute"),
    ("node.kubernetes.io/disk-pressure", "NoSchedule"),
    ("node.kubernetes.io/memory-pressure", "NoSchedule"),
    ("node.kubernetes.io/pid-pressure", "NoSchedule"),
    ("node.kubernetes.io/unschedulable", "NoSchedule"),
)
_ON_HOST_NETWORK: Final[tuple[tuple[str, str], ...]] = (*_TOLERATED, ("node.kubernetes.io/network-unavailable", "NoSchedule"))
_IDENTITY: Final = ("key", "effect", "operator", "value")


def daemon_tolerations(spec: FrozenObject) -> list[Object]:
    """The template's tolerations and those every DaemonSet's Pod has: a node's troubles do not chase it away."""
    tolerations = [dict(one) for one in spec.get("tolerations") or ()]
    troubles: Sequence[tuple[str, str]] = _ON_HOST_NETWORK if spec.get("hostNetwork") else _TOLERATED
    for key, effect in troubles:
        wanted: Object = {"key": key, "operator": "Exists", "effect": effect}
        for index, one in enumerate(tolerations):
            if all(one.get(field, "") == wanted.get(field, "") for field in _IDENTITY):
                tolerations[index] = wanted
                break
        else:
            tolerations.append(wanted)
    return tolerations


def tied_to(affinity: FrozenObject | None, node: str) -> Object:
    """The affinity with that node as the only one; the template's own node affinity has had its say already."""
    term = {"matchFields": [{"key": _NODE_NAME, "operator": "In", "values": [node]}]}
    given = affinity or {}
    return {**given, "nodeAffinity": {**(given.get("nodeAffinity") or {}), REQUIRED: {"nodeSelectorTerms": [term]}}}


def target_of(pod: FrozenObject) -> str | None:
    """The node a Pod is on or meant for; None when it does not say."""
    spec = pod["spec"]
    if spec.get("nodeName"):
        return str(spec["nodeName"])
    required = ((spec.get("affinity") or {}).get("nodeAffinity") or {}).get(REQUIRED) or {}
    for term in required.get("nodeSelectorTerms") or ():
        for field in term.get("matchFields") or ():
            if field["key"] == _NODE_NAME and field["operator"] == "In":
                values = field.get("values") or []
                return str(values[0]) if len(values) == 1 else None
    return None


class Verdict(NamedTuple):
    """What a node says to a DaemonSet."""

    should_run: bool
    may_stay: bool
    """Whether a Pod that is there already may go on: taints that only keep newcomers away do not end it."""


_NO: Final = Verdict(should_run=False, may_stay=False)
_YES: Final = Verdict(should_run=True, may_stay=True)


def judge(spec: FrozenObject, tolerations: Sequence[FrozenObject], node: NodeView) -> Verdict:
    """Ask one node about a Pod of that spec."""
    if spec.get("nodeName", "") not in ("", node.name):
        return _NO
    if not _fits(spec, node):
        return _NO
    untolerated = [taint["effect"] for taint in node.taints if is_hard(taint) and not tolerates(tolerations, taint)]
    return Verdict(should_run=False, may_stay="NoExecute" not in untolerated) if untolerated else _YES


def _fits(spec: FrozenObject, node: NodeView) -> bool:
    if not (spec.get("nodeSelector") or {}).items() <= node.labels.items():
        return False
    required = ((spec.get("affinity") or {}).get("nodeAffinity") or {}).get(REQUIRED)
    return required is None or any(matches_term(term, node) for term in required.get("nodeSelectorTerms") or ())


class _Known:
    """Verdicts about one DaemonSet at one generation."""

    def __init__(self, daemonset: FrozenObject) -> None:
        self.generation = daemonset["metadata"].get("generation", 0)
        self.spec = daemonset["spec"]["template"]["spec"]
        self.tolerations = daemon_tolerations(self.spec)
        self.verdicts: dict[str, Verdict] = {}


class Placement:
    """All nodes as DaemonSets see them; fed by `Informer.observe`."""

    def __init__(self) -> None:
        self._nodes: dict[str, NodeView] = {}
        self._known: dict[str, _Known] = {}

    def observe(self, change: Change) -> None:
        node = change.new
        if node is None:
            self._nodes.pop(change.name, None)
        elif is_news(change) or change.name not in self._nodes:
            self._nodes[change.name] = view_of(node)
        else:
            return
        for known in self._known.values():
            known.verdicts.pop(change.name, None)

    def forget(self, uid: str) -> None:
        """That DaemonSet is gone."""
        self._known.pop(uid, None)

    def verdicts(self, daemonset: FrozenObject) -> Mapping[str, Verdict]:
        """What every node says, in the order the nodes came."""
        known = self._about(daemonset)
        return {name: self._verdict(known, node) for name, node in self._nodes.items()}

    def verdict(self, daemonset: FrozenObject, node: str) -> Verdict:
        """What one node says; a node that does not exist takes nothing."""
        view = self._nodes.get(node)
        return _NO if view is None else self._verdict(self._about(daemonset), view)

    def _about(self, daemonset: FrozenObject) -> _Known:
        known = self._known.get(uid_of(daemonset))
        if known is None or known.generation != daemonset["metadata"].get("generation", 0):
            known = self._known[uid_of(daemonset)] = _Known(daemonset)
        return known

    @staticmethod
    def _verdict(known: _Known, node: NodeView) -> Verdict:
        found = known.verdicts.get(node.name)
        if found is None:
            found = known.verdicts[node.name] = judge(known.spec, known.tolerations, node)
        return found


def is_news(change: Change) -> bool:
    """Whether a node's event can matter to a DaemonSet: only its labels and taints do."""
    new, old = change.new, change.old
    if new is None or old is None:
        return True
    return labels_of(new) != labels_of(old) or _taints_of(new) != _taints_of(old)


def _taints_of(node: FrozenObject) -> Sequence[Object]:
    return (node.get("spec") or {}).get("taints") or ()


def by_target(pods: Iterable[FrozenObject]) -> dict[str, list[FrozenObject]]:
    """Pods by the node they are on or meant for, the one to keep first: placed before waiting, then by age and name."""
    found: dict[str, list[FrozenObject]] = {}
    for pod in pods:
        node = target_of(pod)
        if node is not None:
            found.setdefault(node, []).append(pod)
    for group in found.values():
        if len(group) > 1:
            group.sort(key=_seniority)
    return found


def _seniority(pod: FrozenObject) -> tuple[bool, str, str]:
    return not pod["spec"].get("nodeName"), pod["metadata"]["creationTimestamp"], name_of(pod)
