"""The Pods that each Service selects, and when to look at them: what the controllers of Endpoints and EndpointSlices have in common.

Follows the parts that upstream's endpoint and endpointslice controllers share: which events wake a Service, and trigger times.
"""

from collections.abc import Iterable, Sequence

from orrery.controllers.engine.batching import Batching
from orrery.controllers.engine.controller import key_for, split_key
from orrery.controllers.engine.informer import Informer
from orrery.controllers.services.backends import ServiceIndex, selector_of
from orrery.controllers.services.trigger_times import TriggerTimes
from orrery.machinery.objects import FrozenObject
from orrery.verbs.client import Client


class SelectedPods:
    """Of one controller, whose keys are Services."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._services = ServiceIndex()
        self._triggers = TriggerTimes()
        self._batching = Batching(client.clock)

    def watch(self, informer: Informer) -> None:
        """Wake a Service when it changes, and when something that it publishes of a Pod does."""
        informer.observe("services", self._services.observe)
        informer.on("services", lambda change: (key_for(change.namespace, change.name),))
        # At the start, every Service is looked at anyway.
        informer.hear("pods", lambda change: self.batched(self._services.keys_of_pod(change), informer))

    def batched(self, keys: Iterable[str], informer: Informer) -> Iterable[str]:
        """Those of the keys that may be looked at now; the others come to the queue by themselves."""
        return self._batching.ready(keys, informer.queue)

    def service(self, key: str) -> FrozenObject | None:
        """The Service, or None when it is gone: then what is remembered of it goes too."""
        service = self._client.get("services", *split_key(key))
        if service is None:
            self._triggers.forget(key)
            self._batching.looked(key, 0)
        return service

    def pods(self, key: str, service: FrozenObject) -> Sequence[FrozenObject] | None:
        """The Pods behind it; None when it selects none by itself, and what stands for it is its user's."""
        selector = selector_of(service)
        if not selector:
            return None
        pods = self._client.list("pods", split_key(key)[0], labels=selector)
        self._batching.looked(key, len(pods))
        return pods

    def trigger(self, key: str, service: FrozenObject, pods: Sequence[FrozenObject]) -> str:
        """The time of the change that is being published; empty when there is none."""
        return self._triggers.next(key, service, pods)
