"""Kinds that nobody stores: reviews answer at once, component statuses are always well, a Binding binds.

Follows `pkg/registry/authorization`, `authentication` and `core/componentstatus`.
"""

from collections.abc import Awaitable, Callable
from typing import Final

import orjson

from orrery.kinds.kind import Kind
from orrery.kinds.rules.printed import go_struct
from orrery.machinery.clock import timestamp
from orrery.machinery.errors import BadRequest, Invalid, MethodNotAllowed, NotFound
from orrery.machinery.field_errors import FieldError, invalid
from orrery.machinery.objects import Object
from orrery.store.log import Record
from orrery.verbs import bodies, system_fields
from orrery.verbs.access import Attributes, Rule
from orrery.verbs.call import Call, User
from orrery.verbs.registry import Registry
from orrery.verbs.results import Listing, unstored
from orrery.verbs.subresources.binding import BindingHandler

_COMPONENTS: Final = ("etcd-0", "scheduler", "controller-manager")
_STATUSES: Final = "componentstatuses"
_REVIEWS: Final = "authorization.k8s.io"

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


def _check_review(call: Call, review: Object) -> list[FieldError]:
    """What upstream's ValidateSubjectAccessReview and its two sisters refuse."""
    spec = review.get("spec") or {}
    resource, other = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
    is_local = call.kind.kind == "LocalSubjectAccessReview"
    errors = []
    if resource is not None and other is not None:
        errors.append(invalid("spec.nonResourceAttributes", _printed(other), "cannot be specified in combination with resourceAttributes"))
    if resource is None and other is None:
        one_of = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
        errors.append(invalid("spec.resourceAttributes", None, one_of))
    if call.kind.kind != "SelfSubjectAccessReview" and not spec.get("user") and not spec.get("groups"):
        errors.append(invalid("spec.user", "", "at least one of user or group must be specified"))
    meta = {key: value for key, value in review["metadata"].items() if not (is_local and key == "namespace")}
    if meta:
        except_for = "must be empty except for namespace" if is_local else "must be empty"
        errors.append(invalid("metadata", review["metadata"], except_for))
    if is_local:
        errors += _check_local(review["metadata"].get("namespace", ""), resource, other)
    return errors


def _printed(other: Object) -> orjson.Fragment:
    return go_struct((("Path", other.get("path", "")), ("Verb", other.get("verb", ""))))


def _check_local(namespace: str, resource: Object | None, other: Object | None) -> list[FieldError]:
    errors = []
    if resource is not None and (named := resource.get("namespace", "")) != namespace:
        errors.append(invalid("spec.resourceAttributes.namespace", named, "must match metadata.namespace"))
    if other is not None:
        errors.append(invalid("spec.nonResourceAttributes", _printed(other), "disallowed on this kind of request"))
    return errors


async def _access_review(registry: Registry, call: Call, obj: Object) -> Record:
    review = _reviewed(call, obj)
    if call.kind.namespaced:
        system_fields.match_namespace(review["metadata"], call.namespace)
    errors = _check_review(call, review)
    if errors:
        # Upstream leaves the kind out of this answer.
        raise Invalid(f".{_REVIEWS}", "", errors)
    spec = review["spec"]
    user = call.user
    if call.kind.kind != "SelfSubjectAccessReview":
        user = User(spec.get("user", ""), tuple(spec.get("groups") or ()), spec.get("uid", ""))
    decision = registry.ports.authorizer.authorize(user, _attributes(spec))
    status = {"allowed": decision.allowed, "reason": decision.reason}
    return _answered(review, {key: value for key, value in status.items() if key == "allowed" or value})


def _attributes(spec: Object) -> Attributes:
    wanted = spec.get("resourceAttributes")
    if wanted is None:
        other = spec["nonResourceAttributes"]
        return Attributes(other.get("verb", ""), path=other.get("path", ""))
    parts = (wanted.get(part, "") for part in ("resource", "group", "subresource", "name", "namespace"))
    return Attributes(wanted.get("verb", ""), *parts)


async def _rules_review(registry: Registry, call: Call, obj: Object) -> Record:
    review = _reviewed(call, obj)
    namespace = (review.get("spec") or {}).get("namespace")
    if not namespace:
        raise BadRequest("no namespace on request")
    rules, errors = registry.ports.authorizer.rules_for(call.user, namespace)
    status: Object = {
        "resourceRules": [_part(rule, "verbs", "apiGroups", "resources", "resourceNames") for rule in rules if rule.get("resources")],
        "nonResourceRules": [_part(rule, "verbs", "nonResourceURLs") for rule in rules if rule.get("nonResourceURLs")],
        "incomplete": False,
    }
    if errors:
        status["evaluationError"] = errors[0] if len(errors) == 1 else f"[{', '.join(dict.fromkeys(errors))}]"
    return _answered({**review, "metadata": {}, "spec": {}}, status)


def _part(rule: Rule, *fields: str) -> Object:
    return {field: rule[field] for field in fields if rule.get(field)}


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
    answer = registry.ports.review_token(token, (review.get("spec") or {}).get("audiences") or ())
    if answer.user is None:
        return _answered(review, {"user": {}, "error": answer.error})
    return _answered(review, {"authenticated": True, "user": user_info(answer.user), "audiences": list(answer.audiences)})


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
