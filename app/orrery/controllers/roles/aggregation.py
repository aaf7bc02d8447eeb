"""A ClusterRole with an aggregationRule has the rules of all ClusterRoles that carry the labels it names.

Follows upstream's clusterroleaggregation.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from orrery.controllers.engine.controller import DONE, Outcome, key_for, split_key
from orrery.controllers.engine.informer import Change, Informer
from orrery.machinery.objects import FrozenObject, Object, labels_of, name_of, thaw
from orrery.machinery.selectors import LabelSelector
from orrery.verbs.client import Client

CLUSTER_ROLES: Final = "clusterroles.rbac.authorization.k8s.io"


def plan_rules(role: FrozenObject, others: Sequence[FrozenObject]) -> list[Object]:
    """The rules of those that the role's selectors mean, each once, in the order of the selectors and then of names."""
    rules: list[Object] = []
    for wanted in role["aggregationRule"].get("clusterRoleSelectors") or ():
        selector = LabelSelector.of(wanted)
        for other in others:
            if name_of(other) != name_of(role) and selector.matches(labels_of(other)):
                rules += [thaw(rule) for rule in other.get("rules") or () if rule not in rules]
    return rules


class RoleAggregationController:
    """A key is a ClusterRole with an aggregationRule."""

    name = "clusterrole-aggregation-controller"

    def __init__(self, client: Client) -> None:
        self._client = client
        self._aggregated: set[str] = set()

    def watch(self, informer: Informer) -> None:
        informer.on(CLUSTER_ROLES, self._keys_of)

    def _keys_of(self, change: Change) -> Iterable[str]:
        role = change.any
        key = key_for("", name_of(role))
        if change.is_present and role.get("aggregationRule"):
            self._aggregated.add(key)
        else:
            self._aggregated.discard(key)
        return tuple(self._aggregated)

    async def reconcile(self, key: str) -> Outcome:
        def edit(draft: Object) -> bool:
            if not draft.get("aggregationRule"):
                return False
            rules = plan_rules(draft, self._client.list(CLUSTER_ROLES))
            changed = rules != (draft.get("rules") or [])
            draft["rules"] = rules
            return changed

        await self._client.change(CLUSTER_ROLES, *split_key(key), edit)
        return DONE
