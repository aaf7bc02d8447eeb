"""Priority: a Pod's priorityClassName becomes the number the scheduler compares; there is one default class at most."""

from typing import Final

from orrery.kinds.kind import Kind
from orrery.machinery.objects import FrozenObject, Object, name_of
from orrery.store.log import Log, Scope, key_of
from orrery.verbs.admission.admission import Action, AdmissionRequest

_CLASSES: Final = "priorityclasses.scheduling.k8s.io"
_PREEMPT: Final = "PreemptLowerPriority"


class Priority:
    """Upstream's plugin of the same name."""

    def handles(self, kind: Kind, action: Action, subresource: str) -> bool:
        return kind.group_resource in ("pods", _CLASSES) and action is not Action.DELETE and not subresource

    def admit(self, request: AdmissionRequest) -> None:
        if request.obj is None:
            return
        if request.kind.group_resource == _CLASSES:
            _check_class(request, request.obj)
        elif request.old is None:
            _set_priority(request, request.obj["spec"])
        else:
            _keep_priority(request.obj["spec"], request.old["spec"])


def _check_class(request: AdmissionRequest, obj: Object) -> None:
    if not obj.get("globalDefault"):
        return
    default = _default_class(request.log)
    if default is not None and (request.action is Action.CREATE or name_of(default) != name_of(obj)):
        raise request.forbidden(f"PriorityClass {name_of(default)} is already marked as default. Only one default can exist")


def _default_class(log: Log) -> FrozenObject | None:
    """The default class with the lowest value; a cluster has a handful of classes."""
    classes = [record.object for record in log.list(Scope(_CLASSES)).records]
    return min((obj for obj in classes if obj.get("globalDefault")), key=lambda obj: int(obj.get("value", 0)), default=None)


def _set_priority(request: AdmissionRequest, spec: Object) -> None:
    name = spec.get("priorityClassName")
    if name:
        record = request.log.find(key_of(_CLASSES, "", name))
        if record is None:
            raise request.forbidden(f"no PriorityClass with name {name} was found")
        found: FrozenObject | None = record.object
    else:
        found = _default_class(request.log)
        if found is not None:
            spec["priorityClassName"] = name_of(found)
    priority = found.get("value", 0) if found is not None else 0
    policy = found.get("preemptionPolicy") if found is not None else _PREEMPT
    given = spec.get("priority")
    if given is not None and given != priority:
        raise request.forbidden(
            f"the integer value of priority ({given}) must not be provided in pod spec;"
            f" priority admission controller computed {priority} from the given PriorityClass name"
        )
    spec["priority"] = priority
    if not policy:
        return
    given_policy = spec.get("preemptionPolicy")
    if given_policy and given_policy != policy:
        raise request.forbidden(
            f"the string value of PreemptionPolicy ({given_policy}) must not be provided in pod spec;"
            f" priority admission controller computed {policy} from the given PriorityClass name"
        )
    spec["preemptionPolicy"] = policy


def _keep_priority(spec: Object, old: FrozenObject) -> None:
    for field in ("priority", "preemptionPolicy"):
        if spec.get(field) is None and old.get(field) is not None:
            spec[field] = old[field]
