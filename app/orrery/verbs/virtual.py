"""Kinds that nobody stores: reviews answer at once, component statuses are always well, a Binding binds.

Follows `pkg/registry/authorization`, `authentication` and `core/componentstatus`.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from orrery.kinds.kind import Kind
from orrery.machinery.clock import timestamp
from orrery.machinery.errors import BadRequest, Invalid, MethodNotAllowed, NotFound
from orrery.machinery.field_errors import FieldError, invalid
from orrery.machinery.objects import Object
from orrery.store.log import Record
from orrery.verbs import bodies, system_fields
from orrery.verbs.call import Call, User
from orrery.verbs.ports import Ports
from orrery.verbs.registry import Registry
from orrery.verbs.results import Listing, unstored
from orrery.verbs.subresources.binding import BindingHandler

_COMPONENTS: Final = ("etcd-0", "scheduler", "controller-manager")
_STATUSES: Final = "componentstatuses"
_REVIEWS: Final = "authorization.k8s.io"
_PUBLIC_PATHS: Final = ("/healthz", "/livez", "/readyz", "/version", "/version/")
_DISCOVERY_PATHS: Final = ("/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*", *_PUBLIC_PATHS[2:])

Answer = Callable[[Registry, Call, Object], Awaitable[Record]]


def is_virtual(kind: Kind) -> bool:
    return kind.group_resource in _ANSWERS or kind.group_resource == _STATUSES


async def create(registry: Registry, call: Call, obj: Object) -> Record:
    """Answer a review."""
    answer = _ANSWERS.get(call.kind.group_resource)
    if answer is None:
        raise MethodNotAllowed(call.kind.group_resource, "create")
    return await answer(registry, call, obj)


def get(call: Call) -> Record:
    if call.kind.group_resource != _STATUSES:
        raise MethodNotAllowed(call.kind.group_resource, "get")
    if call.name not in _COMPONENTS:
        raise NotFound("componentstatus", call.name)
    return _component(call.name)


def list_objects(registry: Registry, call: Call) -> Listing:
    if call.kind.group_resource != _STATUSES:
        raise MethodNotAllowed(call.kind.group_resource, "list")
    return Listing([_component(name) for name in _COMPONENTS], registry.log.revision)


def _component(name: str) -> Record:
    condition = {"type": "Healthy", "status": "True", "message": "ok"}
    return unstored({"kind": "ComponentStatus", "apiVersion": "v1", "metadata": {"name": name}, "conditions": [condition]})


def _reviewed(call: Call, obj: Object) -> Object:
    """The decoded review with metadata as the server answers it."""
    review = bodies.decoded(call, obj)
    meta = system_fields.metadata_of(review)
    meta.pop("managedFields", None)
    return review


def _answered(review: Object, status: Object) -> Record:
    ordered = {"kind": review["kind"], "apiVersion": review["apiVersion"], "metadata": review["metadata"]}
    if "spec" in review:
        ordered["spec"] = review["spec"]
    return unstored({**ordered, "status": status})


def _check_attributes(call: Call, spec: Object) -> list[FieldError]:
    resource, other = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
    one_of = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
    if resource is not None and other is not None:
        return [invalid("spec.nonResourceAttributes", other, f"cannot be specified in combination with resourceAttributes, {one_of}")]
    if resource is None and other is None:
        return [invalid("spec.resourceAttributes", None, one_of)]
    return []


def _refuse(errors: list[FieldError]) -> None:
    if errors:
        # Upstream leaves the kind out of this answer.
        raise Invalid(".authorization.k8s.io", "", errors)


async def _access_review(registry: Registry, call: Call, obj: Object) -> Record:
    review = _reviewed(call, obj)
    spec = review.get("spec") or {}
    errors = _check_attributes(call, spec)
    user = call.user
    if call.kind.kind != "SelfSubjectAccessReview":
        if not spec.get("user") and not spec.get("groups"):
            errors.append(invalid("spec.user", "", "at least one of user or group must be specified"))
        user = User(spec.get("user", ""), tuple(spec.get("groups") or ()), spec.get("uid", ""))
    if call.kind.kind == "LocalSubjectAccessReview" and not errors:
        named = (spec.get("resourceAttributes") or {}).get("namespace", "")
        if named != call.namespace:
            errors.append(invalid("spec.resourceAttributes.namespace", named, "must match metadata.namespace"))
    _refuse(errors)
    attributes = spec.get("resourceAttributes") or spec.get("nonResourceAttributes") or {}
    return _answered(review, {"allowed": registry.ports.allows(user, attributes)})


async def _rules_review(registry: Registry, call: Call, obj: Object) -> Record:
    review = _reviewed(call, obj)
    if not (review.get("spec") or {}).get("namespace"):
        raise BadRequest("no namespace on request")
    # DIFFERS: upstream lists what RBAC grants; we answer everybody what a cluster administrator is told.
    status = {
        "resourceRules": [
            {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]},
            {"verbs": ["create"], "apiGroups": [_REVIEWS], "resources": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"]},
            {"verbs": ["create"], "apiGroups": ["authentication.k8s.io"], "resources": ["selfsubjectreviews"]},
        ],
        "nonResourceRules": [
            {"verbs": ["*"], "nonResourceURLs": ["*"]},
            {"verbs": ["get"], "nonResourceURLs": list(_DISCOVERY_PATHS)},
            {"verbs": ["get"], "nonResourceURLs": list(_PUBLIC_PATHS)},
        ],
        "incomplete": False,
    }
    review["spec"] = {}
    return _answered(review, status)


async def _self_review(registry: Registry, call: Call, obj: Object) -> Record:
    review = _reviewed(call, obj)
    review["metadata"]["creationTimestamp"] = timestamp(registry.clock.now_s())
    review.pop("spec", None)
    return _answered(review, {"userInfo": user_info(call.user)})


def user_info(user: User) -> Object:
    """authentication.k8s.io/v1 UserInfo; empty parts are left out."""
    info: Object = {"username": user.name, "uid": user.uid, "groups": list(user.groups)}
    info["extra"] = {key: list(values) for key, values in user.extra.items()}
    return {key: value for key, value in info.items() if value}


async def _token_review(registry: Registry, call: Call, obj: Object) -> Record:
    review = _reviewed(call, obj)
    token = (review.get("spec") or {}).get("token", "")
    if not token:
        raise BadRequest("token is required for TokenReview in authentication")
    user = registry.ports.user_of_token(token)
    if user is None:
        return _answered(review, {"user": {}, "error": "invalid bearer token"})
    return _answered(review, {"authenticated": True, "user": user_info(user), "audiences": [Ports.AUDIENCE]})


async def _bind(registry: Registry, call: Call, obj: Object) -> Record:
    """POST to bindings: the Pod's name is in the body."""
    call.name = (obj.get("metadata") or {}).get("name", "")
    pods = registry.catalogue.stored("pods")
    bound = Call(pods, call.namespace, call.name, "binding", call.user, dry_run=call.dry_run, trusted=call.trusted)
    bound.field_validation, bound.strict_errors, bound.warnings = call.field_validation, call.strict_errors, call.warnings
    return await BindingHandler().create(registry, bound, obj)


_ANSWERS: Final[dict[str, Answer]] = {
    f"selfsubjectaccessreviews.{_REVIEWS}": _access_review,
    f"subjectaccessreviews.{_REVIEWS}": _access_review,
    f"localsubjectaccessreviews.{_REVIEWS}": _access_review,
    f"selfsubjectrulesreviews.{_REVIEWS}": _rules_review,
    "selfsubjectreviews.authentication.k8s.io": _self_review,
    "tokenreviews.authentication.k8s.io": _token_review,
    "bindings": _bind,
}
