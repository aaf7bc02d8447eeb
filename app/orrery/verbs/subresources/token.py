"""serviceaccounts/token: a TokenRequest is answered with a token, and nothing is stored.

Follows `pkg/registry/core/serviceaccount/storage/token.go`, refusals included.
"""

from collections.abc import Sequence
from typing import Final

from orrery.kinds.kind import Kind
from orrery.machinery.clock import new_uid, timestamp
from orrery.machinery.errors import BadRequest, Conflict, Invalid, MethodNotAllowed, NotFound, NotImplementedYet
from orrery.machinery.field_errors import FieldError, go_quote, invalid
from orrery.machinery.objects import FrozenObject, Object, uid_of
from orrery.store.log import Record, key_of
from orrery.verbs import bodies, system_fields
from orrery.verbs.account_tokens import API_AUDIENCES, Bound, TokenTerms
from orrery.verbs.call import Call
from orrery.verbs.registry import Registry
from orrery.verbs.results import unstored
from orrery.verbs.subresources.handler import Handler

_GROUP: Final = "authentication.k8s.io"
_TITLE: Final = f"TokenRequest.{_GROUP}"
TOKEN_REQUEST: Final = Kind(_GROUP, "v1", "TokenRequest", "tokenrequests", "tokenrequest", namespaced=True, verbs=())
_DEFAULT_S: Final = 60 * 60
_SHORTEST_S: Final = 10 * 60
_LONGEST_S: Final = 1 << 32
_BINDABLE: Final = ("Pod", "Node", "Secret")


class TokenHandler(Handler):
    """Create only."""

    async def get(self, registry: Registry, call: Call) -> Record:
        raise _not_allowed()

    async def update(self, registry: Registry, call: Call, obj: Object) -> Record:
        raise _not_allowed()

    async def create(self, registry: Registry, call: Call, obj: Object) -> Record:
        request = bodies.decoded_as(call, TOKEN_REQUEST, obj)
        meta, spec = system_fields.metadata_of(request), request.setdefault("spec", {})
        meta.pop("managedFields", None)
        system_fields.match_namespace(meta, call.namespace)
        if meta.get("name", "") not in ("", call.name):
            why = "must match the service account name if specified"
            raise Invalid(_TITLE, call.name, [invalid("metadata.name", meta["name"], why)])
        account = _found(registry, "serviceaccounts", call.namespace, call.name)
        _check_account_uid(call, meta.get("uid", ""), uid_of(account))
        given_s = spec.get("expirationSeconds")
        lifetime_s = _DEFAULT_S if given_s is None else given_s
        if errors := _check_lifetime(lifetime_s):
            raise Invalid(_TITLE, "", errors)
        audiences = tuple(spec.get("audiences") or API_AUDIENCES)
        bound = _bound(registry, call, spec.get("boundObjectRef"))
        now_s = registry.clock.now_s()
        terms = TokenTerms(call.namespace, Bound.to(account), audiences, lifetime_s, int(now_s), bound)
        return unstored(_answer(registry, call, request, terms))


def _answer(registry: Registry, call: Call, request: Object, terms: TokenTerms) -> Object:
    if registry.ports.sign is None:
        raise NotImplementedYet("this cluster has nobody who signs tokens")
    meta, spec = request["metadata"], request["spec"]
    named = {"name": call.name, "namespace": call.namespace, "uid": terms.account.uid, "creationTimestamp": timestamp(terms.issued_s)}
    answered_spec = {
        **spec,
        "audiences": list(terms.audiences),
        "expirationSeconds": terms.lifetime_s,
        "boundObjectRef": spec.get("boundObjectRef"),
    }
    token = registry.ports.sign(terms.claims(new_uid(registry.clock)))
    return {
        "kind": TOKEN_REQUEST.kind,
        "apiVersion": f"{_GROUP}/v1",
        "metadata": {**named, **{key: value for key, value in meta.items() if key not in named}},
        "spec": answered_spec,
        "status": {"token": token, "expirationTimestamp": timestamp(terms.issued_s + terms.lifetime_s)},
    }


def _not_allowed() -> MethodNotAllowed:
    """Upstream's router has no other method here, and says so in other words than its resources."""
    error = MethodNotAllowed("", "")
    error.message, error.details = "the server does not allow this method on the requested resource", {}
    return error


def _found(registry: Registry, bucket: str, namespace: str, name: str) -> FrozenObject:
    record = registry.log.find(key_of(bucket, namespace, name))
    if record is None:
        raise NotFound(bucket, name)
    return record.object


def _check_account_uid(call: Call, wanted: str, uid: str) -> None:
    if wanted and wanted != uid:
        why = f"the UID in the token request ({wanted}) does not match the UID of the service account ({uid})"
        raise Conflict(_TITLE, call.name, why)


def _check_lifetime(seconds: int) -> Sequence[FieldError]:
    if seconds < _SHORTEST_S:
        return [invalid("spec.expirationSeconds", seconds, "may not specify a duration less than 10 minutes")]
    if seconds > _LONGEST_S:
        return [invalid("spec.expirationSeconds", seconds, "may not specify a duration larger than 2^32 seconds")]
    return []


def _bound(registry: Registry, call: Call, reference: Object | None) -> dict[str, Bound]:
    """What the token is to be bound to."""
    if reference is None:
        return {}
    kind, version, name = reference.get("kind", ""), reference.get("apiVersion", ""), reference.get("name", "")
    group, _, plain_version = version.rpartition("/")
    if group or kind not in _BINDABLE:
        raise BadRequest(f"cannot bind token to object of type {group}/{plain_version}, Kind={kind}")
    word = kind.lower()
    obj = _found(registry, f"{word}s", "" if kind == "Node" else call.namespace, name)
    bound = {word: Bound.to(obj)}
    if kind == "Pod":
        if obj["spec"].get("serviceAccountName", "") != call.name:
            who = go_quote(call.name)
            raise BadRequest(f"cannot bind token for serviceaccount {who} to pod running with different serviceaccount name.")
        if node := node_of(registry, obj):
            bound["node"] = node
    if reference.get("uid") and reference["uid"] != uid_of(obj):
        why = (
            f"the UID in the bound object reference ({reference['uid']}) does not match the UID in record. "
            "The object might have been deleted and then recreated"
        )
        raise Conflict(kind, name, why)
    return bound


def node_of(registry: Registry, pod: FrozenObject) -> Bound | None:
    """The node of a Pod; its name alone when nobody knows it."""
    name = pod["spec"].get("nodeName", "")
    if not name:
        return None
    record = registry.log.find(key_of("nodes", "", name))
    return Bound(name, record.index.uid if record is not None else "")
