"""Carries preemption out: asks whether it may be tried, chooses, and makes the victims go."""

import asyncio
from collections.abc import Mapping
from typing import Final, NamedTuple

from orrery.controllers.scheduler.cluster import Cluster
from orrery.controllers.scheduler.filters import Attempt, Found
from orrery.controllers.scheduler.messages import NEVER, VICTIMS_END, unavailable
from orrery.controllers.scheduler.preemption import Budgets, Candidate, find_candidates, pick
from orrery.controllers.scheduler.refusals import Refusal
from orrery.controllers.scheduler.reports import Reports, is_ending_for_others
from orrery.controllers.scheduler.wishes import Wish
from orrery.machinery.clock import parse_timestamp
from orrery.machinery.objects import FrozenObject, is_deleting, uid_of
from orrery.verbs.client import Client

_BUDGETS: Final = "poddisruptionbudgets.policy"


class Decision(NamedTuple):
    """`why` preemption does not help; empty when it does. `nominated` as in Reports: None leaves things as they are."""

    why: str
    nominated: str | None = None
    candidate: Candidate | None = None


class Preemptor:
    """One for the scheduler."""

    def __init__(self, client: Client, cluster: Cluster, reports: Reports) -> None:
        self._client = client
        self._cluster = cluster
        self._reports = reports

    def decide(self, attempt: Attempt, found: Found, promised: str) -> Decision:
        """What can be done for a Pod that fits nowhere; `promised` is the node it was promised before."""
        if attempt.shape.never_preempts:
            return Decision(NEVER)
        if promised and self._still_waits(attempt, found.refusals, promised):
            return Decision(VICTIMS_END)
        budgets = Budgets(lambda namespace: self._client.list(_BUDGETS, namespace))
        search = find_candidates(attempt, found.refusals, budgets, self._start_of, self._client.clock.random)
        if not search.candidates:
            return Decision(unavailable(search.refusals), nominated="")
        best = pick(search.candidates, self._start_of)
        return Decision("", nominated=best.node, candidate=best)

    def _still_waits(self, attempt: Attempt, refusals: Mapping[str, Refusal], promised: str) -> bool:
        """Whether victims on the promised node are still ending; not when the node is out for another reason by now."""
        refusal = refusals.get(promised)
        if refusal is None or not refusal.resolvable:
            return False
        less = [wish for wish in self._cluster.usage(promised).placed.values() if wish.shape.priority < attempt.shape.priority]
        found = (self._pod(wish) for wish in less)
        return any(is_ending_for_others(pod) for pod in found if pod is not None)

    def _start_of(self, key: str) -> float:
        placed = self._cluster.placed(key)
        return parse_timestamp(placed.started) if placed is not None and placed.started else self._client.clock.now_s()

    def _pod(self, wish: Wish) -> FrozenObject | None:
        pod = self._client.get("pods", wish.namespace, wish.name)
        return pod if pod is not None and uid_of(pod) == wish.uid else None

    async def carry_out(self, candidate: Candidate, pod: FrozenObject, wish: Wish) -> None:
        """Take promises of the node back from less important Pods, then make the victims go."""
        for other in list(self._cluster.nominated_on(candidate.node).values()):
            if other.shape.priority < wish.shape.priority:
                waiting = self._pod(other)
                if waiting is not None:
                    await self._reports.promise(waiting, "")
        victims = (self._pod(victim) for victim in candidate.victims)
        ends = [self._reports.preempt(victim, pod, candidate.node) for victim in victims if victim is not None and not is_deleting(victim)]
        await asyncio.gather(*ends)
