"""LimitRanger: containers that ask for nothing get a namespace's defaults; what asks for too little or too much is refused.

Defaults are given before the object is validated, limits are held after it, as in upstream's two passes.
"""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from orrery.kinds.kind import Kind
from orrery.kinds.pods.totals import pod_totals, quantities_of
from orrery.machinery.objects import FrozenObject, Object, annotations_of, is_deleting
from orrery.machinery.quantities import NANO, Quantity, parse
from orrery.store.log import Scope
from orrery.verbs.admission.admission import Action, AdmissionRequest

ANNOTATION: Final = "kubernetes.io/limit-ranger"
_PODS: Final = "pods"
_CLAIMS: Final = "persistentvolumeclaims"


class _Asked(NamedTuple):
    """What one container, Pod or claim asks for."""

    requests: dict[str, Quantity]
    limits: dict[str, Quantity]


class LimitRangerDefaults:
    """Upstream's plugin LimitRanger, its mutating pass."""

    def handles(self, kind: Kind, action: Action, subresource: str) -> bool:
        return kind.group_resource == _PODS and ((action is Action.CREATE and not subresource) or subresource == "resize")

    def admit(self, request: AdmissionRequest) -> None:
        pod = request.obj
        if pod is None or (request.old is not None and is_deleting(request.old)):
            return
        for limit_range in _limit_ranges(request):
            _give_defaults(pod, limit_range)


class LimitRanger:
    """Upstream's plugin of the same name, its validating pass."""

    def handles(self, kind: Kind, action: Action, subresource: str) -> bool:
        if action is Action.DELETE:
            return False
        if kind.group_resource == _CLAIMS:
            return not subresource
        return kind.group_resource == _PODS and ((action is Action.CREATE and not subresource) or subresource == "resize")

    def validate(self, request: AdmissionRequest) -> None:
        obj = request.obj
        if obj is None or (request.old is not None and is_deleting(request.old)):
            return
        check = _problems_of_pod if request.kind.group_resource == _PODS else _problems_of_claim
        for limit_range in _limit_ranges(request):
            problems = list(dict.fromkeys(problem for limit in limit_range["spec"]["limits"] for problem in check(obj, limit)))
            if problems:
                raise request.forbidden(problems[0] if len(problems) == 1 else f"[{', '.join(problems)}]")


def _limit_ranges(request: AdmissionRequest) -> list[FrozenObject]:
    """Those of the namespace; a namespace has a handful."""
    return [record.object for record in request.log.list(Scope("limitranges", request.call.namespace)).records]


def _give_defaults(pod: Object, limit_range: FrozenObject) -> None:
    requests: dict[str, str] = {}
    limits: dict[str, str] = {}
    for limit in limit_range["spec"]["limits"]:
        if limit["type"] == "Container":
            requests.update(limit.get("defaultRequest") or {})
            limits.update(limit.get("default") or {})
    notes: list[str] = []
    for field, word in (("containers", "container"), ("initContainers", "init container")):
        for container in pod["spec"].get(field) or ():
            for part, defaults, what in (("requests", requests, "request"), ("limits", limits, "limit")):
                given = _add_missing(container, part, defaults)
                if given:
                    notes.append(f"{', '.join(sorted(given))} {what} for {word} {container.get('name', '')}")
    if notes:
        pod["metadata"]["annotations"] = annotations_of(pod) | {ANNOTATION: f"LimitRanger plugin set: {'; '.join(notes)}"}


def _add_missing(container: Object, part: str, defaults: Mapping[str, str]) -> list[str]:
    """Give the container the defaults it lacks; their names."""
    resources = container.get("resources") or {}
    present = resources.get(part) or {}
    given = {name: value for name, value in defaults.items() if name not in present}
    if given:
        container["resources"] = {**resources, part: dict(sorted({**present, **given}.items()))}
    return list(given)


def _problems_of_pod(pod: FrozenObject, limit: FrozenObject) -> Iterator[str]:
    spec = pod["spec"]
    if limit["type"] == "Container":
        for container in (*spec["containers"], *(spec.get("initContainers") or ())):
            yield from _problems(limit, _Asked(quantities_of(container, "requests"), quantities_of(container, "limits")))
    elif limit["type"] == "Pod":
        yield from _problems(limit, _Asked(pod_totals(spec, "requests"), pod_totals(spec, "limits")))


def _problems_of_claim(claim: FrozenObject, limit: FrozenObject) -> Iterator[str]:
    """Claims know no limits: the maximum is held against the request."""
    if limit["type"] != "PersistentVolumeClaim":
        return
    asked = _Asked(quantities_of(claim["spec"], "requests"), {})
    for name, least in _quantities(limit, "min"):
        yield from _too_little(limit["type"], name, least, asked)
    for name, most in _quantities(limit, "max"):
        yield from _too_large_a_request(limit["type"], name, most, asked)


def _problems(limit: FrozenObject, asked: _Asked) -> Iterator[str]:
    for name, least in _quantities(limit, "min"):
        yield from _too_little(limit["type"], name, least, asked)
    for name, most in _quantities(limit, "max"):
        yield from _too_much(limit["type"], name, most, asked)
    for name, ratio in _quantities(limit, "maxLimitRequestRatio"):
        yield from _too_far_apart(limit["type"], name, ratio, asked)


def _quantities(limit: FrozenObject, field: str) -> list[tuple[str, Quantity]]:
    # DIFFERS: upstream goes through these maps by chance and so orders several problems by chance; we keep the order of names.
    return [(name, parse(str(value))) for name, value in sorted((limit.get(field) or {}).items())]


def _too_little(kind: str, name: str, least: Quantity, asked: _Asked) -> Iterator[str]:
    start = f"minimum {name} usage per {kind} is {least.text}"
    request, limit = asked.requests.get(name), asked.limits.get(name)
    if request is None:
        yield f"{start}.  No request is specified"
    elif request.nano < least.nano:
        yield f"{start}, but request is {request.text}"
    elif limit is not None and limit.nano < least.nano:
        yield f"{start}, but limit is {limit.text}"


def _too_large_a_request(kind: str, name: str, most: Quantity, asked: _Asked) -> Iterator[str]:
    start = f"maximum {name} usage per {kind} is {most.text}"
    request = asked.requests.get(name)
    if request is None:
        yield f"{start}.  No request is specified"
    elif request.nano > most.nano:
        yield f"{start}, but request is {request.text}"


def _too_much(kind: str, name: str, most: Quantity, asked: _Asked) -> Iterator[str]:
    start = f"maximum {name} usage per {kind} is {most.text}"
    request, limit = asked.requests.get(name), asked.limits.get(name)
    if limit is None:
        yield f"{start}.  No limit is specified"
    elif limit.nano > most.nano:
        yield f"{start}, but limit is {limit.text}"
    elif request is not None and request.nano > most.nano:
        yield f"{start}, but request is {request.text}"


def _too_far_apart(kind: str, name: str, ratio: Quantity, asked: _Asked) -> Iterator[str]:
    start = f"{name} max limit to request ratio per {kind} is {ratio.text}"
    request, limit = asked.requests.get(name), asked.limits.get(name)
    if request is None or not request.nano:
        yield f"{start}, but no request is specified or request is 0"
    elif limit is None or not limit.nano:
        yield f"{start}, but no limit is specified or limit is 0"
    elif limit.nano * NANO > ratio.nano * request.nano:
        yield f"{start}, but provided ratio is {limit.nano / request.nano:f}"
