"""Whether each APIService is available: those of Orrery itself always, others as far as their Service is there.

Follows kube-aggregator's local and remote availability controllers.
"""
# DIFFERS: upstream asks the Service and passes requests on to it; we look at its objects only, and serve no API of others. Metrics we serve
# ourselves, so that whoever installs metrics-server finds them available.

from collections.abc import Iterable
from typing import Final

from orrery.controllers.conditions import set_condition
from orrery.controllers.engine.controller import DONE, Outcome, key_for, split_key
from orrery.controllers.engine.informer import Change, Informer
from orrery.kinds.cluster.metrics import GROUP as METRICS_GROUP
from orrery.machinery.clock import timestamp
from orrery.machinery.field_errors import go_quote
from orrery.machinery.objects import FrozenObject, Object, name_of
from orrery.verbs.client import Client

API_SERVICES: Final = "apiservices.apiregistration.k8s.io"


def plan_availability(api_service: FrozenObject, service: FrozenObject | None) -> Object:
    """The condition Available. Example: the Service is missing, and the reason is ServiceNotFound."""
    reference = (api_service.get("spec") or {}).get("service")
    if reference is None:
        return _condition("True", "Local", "Local APIServices are always available")
    named = f"service/{reference['name']} in {go_quote(reference['namespace'])}"
    if service is None:
        return _condition("False", "ServiceNotFound", f"{named} is not present")
    port = reference.get("port", 443)
    if service["spec"].get("type") != "ExternalName" and port not in [each["port"] for each in service["spec"].get("ports") or ()]:
        return _condition("False", "ServicePortError", f"{named} is not listening on port {port}")
    if api_service["spec"].get("group") == METRICS_GROUP:
        return _condition("True", "Passed", "all checks passed")
    return _condition("False", "FailedDiscoveryCheck", f"failing or missing response from {named}")


def _condition(status: str, reason: str, message: str) -> Object:
    return {"type": "Available", "status": status, "reason": reason, "message": message}


class ApiServiceController:
    """A key is an APIService."""

    name = "apiservice-status-controller"

    def __init__(self, client: Client) -> None:
        self._client = client
        self._remote: dict[str, str] = {}
        """Keys of those with a Service, and that Service's key."""

    def watch(self, informer: Informer) -> None:
        informer.on(API_SERVICES, self._keys_of)
        informer.hear("services", self._keys_by_service)

    def _keys_of(self, change: Change) -> Iterable[str]:
        api_service = change.any
        key = key_for("", name_of(api_service))
        reference = (api_service.get("spec") or {}).get("service")
        if not change.is_present or reference is None:
            self._remote.pop(key, None)
        else:
            self._remote[key] = key_for(reference["namespace"], reference["name"])
        return (key,) if change.is_present else ()

    def _keys_by_service(self, change: Change) -> Iterable[str]:
        if not self._remote:
            return ()
        changed = change.key.removeprefix("services/")
        return [key for key, service in self._remote.items() if service == changed]

    async def reconcile(self, key: str) -> Outcome:
        now = timestamp(self._client.clock.now_s())

        def edit(draft: Object) -> bool:
            reference = (draft.get("spec") or {}).get("service")
            service = None if reference is None else self._client.get("services", reference["namespace"], reference["name"])
            return set_condition(draft, plan_availability(draft, service), now)

        await self._client.change(API_SERVICES, *split_key(key), edit, subresource="status")
        return DONE
