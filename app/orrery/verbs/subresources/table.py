"""Which handler serves which subresource. A path that discovery does not list never gets here."""

from typing import Final

from orrery.kinds.access.certificatesigningrequest import validate_approval
from orrery.kinds.cluster.namespace import validate_finalize
from orrery.kinds.kind import Errors, Kind
from orrery.machinery.errors import PathNotFound
from orrery.machinery.objects import FrozenObject, Object, thaw
from orrery.verbs.call import Call
from orrery.verbs.strategies import STATUS, Strategy, keep_all_but, keep_status
from orrery.verbs.subresources.binding import BindingHandler
from orrery.verbs.subresources.eviction import EvictionHandler
from orrery.verbs.subresources.handler import Handler, NotServedYet, PartOfObject
from orrery.verbs.subresources.pod_parts import EPHEMERAL, RESIZE
from orrery.verbs.subresources.scale import ScaleHandler
from orrery.verbs.subresources.token import TokenHandler


def _prepare_finalize(kind: Kind, obj: Object, old: FrozenObject) -> None:
    """namespaces/finalize changes spec.finalizers; the status stays."""
    keep_status(obj, old)


def _prepare_approval(kind: Kind, obj: Object, old: FrozenObject) -> None:
    """certificatesigningrequests/approval changes the conditions only."""
    conditions = (obj.get("status") or {}).get("conditions")
    keep_all_but(obj, old, "status")
    status = thaw(old.get("status") or {})
    status.pop("conditions", None)
    obj["status"] = {**status, "conditions": conditions} if conditions else status


def _check_finalize(kind: Kind, obj: Object, old: FrozenObject) -> Errors:
    return validate_finalize(obj)


def _check_approval(kind: Kind, obj: Object, old: FrozenObject) -> Errors:
    return validate_approval(obj, old)


_EVERYWHERE: Final[dict[str, Handler]] = {"status": PartOfObject(STATUS), "scale": ScaleHandler()}
_BY_KIND: Final[dict[tuple[str, str], Handler]] = {
    ("pods", "binding"): BindingHandler(),
    ("pods", "eviction"): EvictionHandler(),
    ("pods", "ephemeralcontainers"): PartOfObject(EPHEMERAL),
    ("pods", "resize"): PartOfObject(RESIZE),
    ("serviceaccounts", "token"): TokenHandler(),
    ("namespaces", "finalize"): PartOfObject(Strategy(_prepare_finalize, _check_finalize)),
    ("certificatesigningrequests.certificates.k8s.io", "approval"): PartOfObject(Strategy(_prepare_approval, _check_approval)),
}
_NOT_SERVED_YET: Final = NotServedYet()


def handler_of(call: Call) -> Handler:
    """The handler of the call's subresource; PathNotFound when the kind has none of that name."""
    if call.kind.subresource(call.subresource) is None:
        raise PathNotFound
    found = _BY_KIND.get((call.kind.bucket, call.subresource)) or _EVERYWHERE.get(call.subresource)
    return found or _NOT_SERVED_YET
