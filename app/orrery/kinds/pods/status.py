"""A Pod's status: what a status update keeps, and what is wrong with it. Follows the Pod's status strategy and ValidatePodStatusUpdate."""

from typing import Any, Final

from orrery.kinds.kind import Errors
from orrery.kinds.pods.update import validate_annotation_change
from orrery.kinds.rules.ip_syntax import ip_warnings, is_ipv6, legacy_ip_errors
from orrery.machinery.field_errors import duplicate, forbidden, invalid
from orrery.machinery.names import is_dns1123_subdomain, is_qualified_name
from orrery.machinery.objects import FrozenObject, Object

_SYSTEM_CONDITIONS: Final = ("PodScheduled", "Ready", "Initialized")
_NOT_NEGATIVE: Final = "must be a non-negative integer"
_BACK_TO_LIFE: Final = "may not be transitioned to non-terminated state"


def prepare_pod_status(obj: Object, old: FrozenObject) -> None:
    """Owners stay; what the writer does not know of (class of service, observed generations) is kept."""
    meta, status, before = obj["metadata"], obj["status"], old.get("status") or {}
    owners = old["metadata"].get("ownerReferences")
    if owners:
        meta["ownerReferences"] = owners
    else:
        meta.pop("ownerReferences", None)
    if "qosClass" not in status and "qosClass" in before:
        status["qosClass"] = before["qosClass"]
    if not status.get("observedGeneration") and before.get("observedGeneration"):
        status["observedGeneration"] = before["observedGeneration"]
    generations: dict[str, list[int]] = {}
    for condition in before.get("conditions") or ():
        generations.setdefault(condition.get("type", ""), []).append(condition.get("observedGeneration", 0))
    for condition in status.get("conditions") or ():
        known = generations.get(condition.get("type", ""))
        kept = known.pop(0) if known else 0
        if not condition.get("observedGeneration") and kept:
            condition["observedGeneration"] = kept
    align_pod_ips(status)


def align_pod_ips(status: Object) -> None:
    """podIP and podIPs are one field with two spellings; where they differ, podIP is right."""
    single, several = status.get("podIP"), status.get("podIPs")
    if single and (not several or several[0].get("ip") != single):
        status["podIPs"] = [{"ip": single}]
    elif several and not single:
        status["podIP"] = several[0].get("ip", "")


def validate_pod_status(obj: Object, old: FrozenObject) -> Errors:
    status, before = obj.get("status") or {}, old.get("status") or {}
    errors = validate_annotation_change(obj, old)
    errors += _conditions(status.get("conditions") or ())
    errors += _nominated_node(status.get("nominatedNodeName", ""), before.get("nominatedNodeName", ""), old["spec"].get("nodeName"))
    observed = status.get("observedGeneration", 0)
    if observed < 0:
        errors.append(invalid("status.observedGeneration", observed, _NOT_NEGATIVE))
    if status.get("qosClass", "") != before.get("qosClass", ""):
        errors.append(invalid("status.qosClass", status.get("qosClass", ""), "field is immutable"))
    for field, containers in (("containerStatuses", "containers"), ("initContainerStatuses", "initContainers")):
        errors += _transitions(status.get(field) or (), before.get(field) or (), field, old["spec"], containers=containers)
    errors += _ephemeral_transitions(status, before)
    errors += _resource_claims(status, obj["spec"])
    errors += _addresses(status, before, "podIPs")
    host_ips = status.get("hostIPs") or ()
    if host_ips:
        first = host_ips[0].get("ip", "")
        if status.get("hostIP", "") != first:
            errors.append(invalid("status.hostIPs[0].ip", first, "must be equal to `hostIP`"))
        errors += _addresses(status, before, "hostIPs")
    return errors


def _conditions(conditions: Any) -> Errors:
    errors: Errors = []
    for index, condition in enumerate(conditions):
        observed = condition.get("observedGeneration", 0)
        if observed < 0:
            errors.append(invalid(f"status.conditions[{index}].observedGeneration", observed, _NOT_NEGATIVE))
        kind = condition.get("type", "")
        if kind not in _SYSTEM_CONDITIONS:
            errors += [invalid(f"status.conditions[{index}].Type", kind, message) for message in is_qualified_name(kind)]
    return errors


def _nominated_node(name: str, before: str, bound: str | None) -> Errors:
    if not name or name == before:
        return []
    errors = [invalid("status.nominatedNodeName", name, message) for message in is_dns1123_subdomain(name)]
    if bound:
        errors.append(forbidden("status.nominatedNodeName", "may not be set on pods that are already bound to a node"))
    return errors


def _transitions(statuses: Any, before: Any, field: str, spec: FrozenObject, *, containers: str) -> Errors:
    """A container that has ended for good may not come back."""
    errors: Errors = []
    for index, old in enumerate(before):
        ended = (old.get("state") or {}).get("terminated")
        if ended is None:
            continue
        name = old.get("name", "")
        status = next((one for one in statuses if one.get("name", "") == name), None)
        if status is None or "terminated" in (status.get("state") or ()):
            continue
        container = next((one for one in spec.get(containers) or () if one.get("name", "") == name), None)
        if container is None or not should_restart(container, spec, ended.get("exitCode", 0)):
            errors.append(forbidden(f"status.{field}[{index}].state", _BACK_TO_LIFE))
    return errors


def should_restart(container: FrozenObject, spec: FrozenObject, exit_code: int) -> bool:
    """Whether a container that ended with this code starts again: by its own rules, its own policy, or the Pod's."""
    for rule in container.get("restartPolicyRules") or ():
        codes = rule.get("exitCodes") or {}
        if (exit_code in (codes.get("values") or ())) == (codes.get("operator") == "In"):
            return True
    policy = container.get("restartPolicy") or spec.get("restartPolicy")
    return bool(policy == "Always" or (policy == "OnFailure" and exit_code != 0))


def _ephemeral_transitions(status: FrozenObject, before: FrozenObject) -> Errors:
    errors: Errors = []
    field = "ephemeralContainerStatuses"
    for index, old in enumerate(before.get(field) or ()):
        if "terminated" not in (old.get("state") or ()):
            continue
        for new in status.get(field) or ():
            if new.get("name") == old.get("name") and "terminated" not in (new.get("state") or ()):
                errors.append(forbidden(f"status.{field}[{index}].state", _BACK_TO_LIFE))
    return errors


def _resource_claims(status: FrozenObject, spec: FrozenObject) -> Errors:
    errors: Errors = []
    seen: set[str] = set()
    known = {claim.get("name", "") for claim in spec.get("resourceClaims") or ()}
    for index, claim in enumerate(status.get("resourceClaimStatuses") or ()):
        path = f"status.resourceClaimStatuses[{index}].name"
        name = claim.get("name", "")
        if name not in known:
            errors.append(invalid(path, name, "must match the name of an entry in `spec.resourceClaims`"))
        if name in seen:
            errors.append(duplicate(path, name))
        seen.add(name)
        if (made := claim.get("resourceClaimName")) is not None:
            errors += [invalid(path, made, message) for message in is_dns1123_subdomain(made)]
    return errors


def _addresses(status: FrozenObject, before: FrozenObject, field: str) -> Errors:
    still_valid = [address.get("ip", "") for address in before.get(field) or ()]
    addresses = [address.get("ip", "") for address in status.get(field) or ()]
    errors: Errors = []
    for index, address in enumerate(addresses):
        errors += legacy_ip_errors(f"status.{field}[{index}]", address, still_valid)
    if len(addresses) > 1 and not errors and (len(addresses) > 2 or is_ipv6(addresses[0]) == is_ipv6(addresses[1])):
        told = [{"IP": address} for address in addresses]
        errors.append(invalid(f"status.{field}", told, "may specify no more than one IP for each IP family"))
    return errors


def pod_status_warnings(obj: FrozenObject) -> list[str]:
    status = obj.get("status") or {}
    return [
        text
        for field in ("podIPs", "hostIPs")
        for index, address in enumerate(status.get(field) or ())
        for text in ip_warnings(f"status.{field}[{index}].ip", address.get("ip", ""))
    ]
