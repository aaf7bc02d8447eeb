"""FlowSchema and PriorityLevelConfiguration: defaults, ranges, subjects. Follows `pkg/apis/flowcontrol`.

Orrery stores and serves them; it does not queue requests by them.
"""

from collections.abc import Mapping
from typing import Any, Final

from orrery.kinds.kind import Behaviour, Errors
from orrery.kinds.rules.field_rules import label, subdomain
from orrery.machinery.field_errors import forbidden, invalid, not_supported, required
from orrery.machinery.objects import Object, name_of

_PRECEDENCE_MAX: Final = 10_000
_QUEUES_MAX: Final = 10 * 1000 * 1000
_SUBJECTS: Final = {"ServiceAccount": "serviceAccount", "User": "user", "Group": "group"}
_VERBS: Final = ("create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch")

Part = Mapping[str, Any]


def _default_schema(obj: Object) -> None:
    spec = obj.setdefault("spec", {})
    if not spec.get("matchingPrecedence"):
        spec["matchingPrecedence"] = 1000


def _default_level(obj: Object) -> None:
    spec = obj.setdefault("spec", {})
    if (exempt := spec.get("exempt")) is not None:
        exempt.setdefault("nominalConcurrencyShares", 0)
        exempt.setdefault("lendablePercent", 0)
    limited = spec.get("limited")
    if limited is None:
        return
    if limited.get("nominalConcurrencyShares") is None:
        limited["nominalConcurrencyShares"] = 30
    limited.setdefault("lendablePercent", 0)
    queuing = (limited.get("limitResponse") or {}).get("queuing")
    if queuing is not None:
        for field, value in (("handSize", 8), ("queues", 64), ("queueLengthLimit", 50)):
            queuing[field] = queuing.get(field) or value


def _validate_schema(obj: Object) -> Errors:
    spec = obj.get("spec") or {}
    path, precedence = "spec.matchingPrecedence", spec.get("matchingPrecedence", 0)
    errors: Errors = []
    if precedence <= 0:
        errors.append(invalid(path, precedence, "must be a positive value"))
    if precedence > _PRECEDENCE_MAX:
        errors.append(invalid(path, precedence, f"must not be greater than {_PRECEDENCE_MAX}"))
    if precedence == 1 and name_of(obj) != "exempt":
        errors.append(invalid(path, precedence, "only the schema named 'exempt' may have matchingPrecedence 1"))
    method = spec.get("distinguisherMethod")
    if method is not None and method.get("type") not in ("ByNamespace", "ByUser"):
        errors.append(not_supported("spec.distinguisherMethod.type", {"Type": method.get("type", "")}, ("ByNamespace", "ByUser")))
    level = (spec.get("priorityLevelConfiguration") or {}).get("name", "")
    where = "spec.priorityLevelConfiguration.name"
    errors += subdomain(where, level) if level else [required(where, "must reference a priority level")]
    for index, rule in enumerate(spec.get("rules") or ()):
        errors += _rule_errors(rule, f"spec.rules[{index}]")
    return errors


def _rule_errors(rule: Part, path: str) -> Errors:
    errors: Errors = []
    if not rule.get("subjects"):
        errors.append(required(f"{path}.subjects", "subjects must contain at least one value"))
    for index, subject in enumerate(rule.get("subjects") or ()):
        errors += _subject_errors(subject, f"{path}.subjects[{index}]")
    if not rule.get("resourceRules") and not rule.get("nonResourceRules"):
        errors.append(required(path, "at least one of resourceRules and nonResourceRules has to be non-empty"))
    for index, part in enumerate(rule.get("resourceRules") or ()):
        errors += _resource_rule_errors(part, f"{path}.resourceRules[{index}]")
    for index, part in enumerate(rule.get("nonResourceRules") or ()):
        here = f"{path}.nonResourceRules[{index}]"
        errors += _verb_errors(part, here)
        errors += _url_errors(part.get("nonResourceURLs") or [], f"{here}.nonResourceURLs")
    return errors


def _subject_errors(subject: Part, path: str) -> Errors:
    kind = subject.get("kind", "")
    if kind not in _SUBJECTS:
        return [not_supported(f"{path}.kind", kind, sorted(_SUBJECTS))]
    field = _SUBJECTS[kind]
    errors = _named_errors(subject.get(field), f"{path}.{field}", kind)
    for other, name in _SUBJECTS.items():
        if other != kind and subject.get(name) is not None:
            errors.append(forbidden(f"{path}.{name}", f"{name} is forbidden when subject kind is not '{other}'"))
    return errors


def _named_errors(subject: Part | None, path: str, kind: str) -> Errors:
    if subject is None:
        return [required(path, f"{_SUBJECTS[kind]} is required when subject kind is '{kind}'")]
    name = subject.get("name", "")
    errors = [] if name else [required(f"{path}.name")]
    if kind != "ServiceAccount":
        return errors
    if name and name != "*":
        errors += subdomain(f"{path}.name", name)
    namespace = subject.get("namespace", "")
    where = f"{path}.namespace"
    return errors + (label(where, namespace) if namespace else [required(where, "must specify namespace for service account")])


def _verb_errors(rule: Part, path: str) -> Errors:
    verbs = rule.get("verbs") or []
    if not verbs:
        return [required(f"{path}.verbs", "verbs must contain at least one value")]
    if "*" in verbs:
        return [invalid(f"{path}.verbs", verbs, "if '*' is present, must not specify other verbs")] if len(verbs) > 1 else []
    return [] if set(verbs) <= set(_VERBS) else [not_supported(f"{path}.verbs", verbs, _VERBS)]


def _resource_rule_errors(rule: Part, path: str) -> Errors:
    errors = _verb_errors(rule, path)
    for field, one, several in (("apiGroups", "api group", "api groups"), ("resources", "resource", "resources")):
        values = rule.get(field) or []
        if not values:
            errors.append(required(f"{path}.{field}", f"resource rules must supply at least one {one}"))
        elif len(values) > 1 and "*" in values:
            errors.append(invalid(f"{path}.{field}", values, f"if '*' is present, must not specify other {several}"))
    namespaces = rule.get("namespaces") or []
    where = f"{path}.namespaces"
    if not namespaces and not rule.get("clusterScope"):
        errors.append(required(where, "resource rules that are not cluster scoped must supply at least one namespace"))
    elif "*" in namespaces:
        if len(namespaces) > 1:
            errors.append(invalid(where, namespaces, "if '*' is present, must not specify other namespaces"))
    else:
        intro = "each member of this list must be '*' or a DNS-1123 label; "
        for index, name in enumerate(namespaces):
            errors += [invalid(error.field, name, intro + error.detail) for error in label(f"{where}[{index}]", name)]
    return errors


def _url_errors(urls: list[str], path: str) -> Errors:
    if not urls:
        return [required(path, "nonResourceURLs must contain at least one value")]
    if "*" in urls:
        return [invalid(path, urls, "if '*' is present, must not specify other non-resource URLs")] if len(urls) > 1 else []
    problems = ((f"{path}[{index}]", url, _url_problem(url)) for index, url in enumerate(urls))
    return [invalid(where, url, problem) for where, url, problem in problems if problem]


def _url_problem(url: str) -> str:
    if not url:
        return "must not be empty"
    if not url.startswith("/"):
        return "must start with slash"
    if " " in url:
        return "must not contain white-space"
    if "//" in url:
        return "must not contain double slash"
    stars = url.count("*")
    return "wildcard can only do suffix matching" if stars > 1 or (stars == 1 and not url.endswith("/*")) else ""


def _validate_level(obj: Object) -> Errors:
    spec = obj.get("spec") or {}
    kind, limited, exempt = spec.get("type", ""), spec.get("limited"), spec.get("exempt")
    errors: Errors = []
    if (name_of(obj) == "exempt") != (kind == "Exempt"):
        errors.append(invalid("spec.type", kind, "must be 'Exempt' if and only if `name` is 'exempt'"))
    if kind == "Exempt":
        if limited is not None:
            errors.append(forbidden("spec.limited", "must be nil if the type is not Limited"))
        errors += _share_errors(exempt or {}, "spec.exempt")
    elif kind == "Limited":
        if exempt is not None:
            errors.append(forbidden("spec.exempt", "must be nil if the type is Limited"))
        errors += [required("spec.limited", "must not be empty when type is Limited")] if limited is None else _limited_errors(limited)
    else:
        errors.append(not_supported("spec.type", kind, ("Exempt", "Limited")))
    return errors


def _share_errors(part: Part, path: str) -> Errors:
    errors: Errors = []
    if part.get("nominalConcurrencyShares", 0) < 0:
        errors.append(invalid(f"{path}.nominalConcurrencyShares", part["nominalConcurrencyShares"], "must be a non-negative integer"))
    if not 0 <= part.get("lendablePercent", 0) <= 100:
        errors.append(invalid(f"{path}.lendablePercent", part["lendablePercent"], "must be between 0 and 100, inclusive"))
    return errors


def _limited_errors(limited: Part) -> Errors:
    shares = _share_errors(limited, "spec.limited")
    errors = [error for error in shares if error.field.endswith("Shares")]
    response = limited.get("limitResponse") or {}
    kind, queuing = response.get("type", ""), response.get("queuing")
    path = "spec.limited.limitResponse"
    if kind == "Reject":
        if queuing is not None:
            errors.append(forbidden(f"{path}.queuing", "must be nil if limited.limitResponse.type is not Limited"))
    elif kind != "Queue":
        errors.append(not_supported(f"{path}.type", kind, ("Queue", "Reject")))
    elif queuing is None:
        errors.append(required(f"{path}.queuing", "must not be empty if limited.limitResponse.type is Limited"))
    else:
        errors += _queuing_errors(queuing, f"{path}.queuing")
    errors += [error for error in shares if not error.field.endswith("Shares")]
    if (borrowing := limited.get("borrowingLimitPercent")) is not None and borrowing < 0:
        errors.append(invalid("spec.limited.borrowingLimitPercent", borrowing, "if specified, must be a non-negative integer"))
    return errors


def _queuing_errors(queuing: Part, path: str) -> Errors:
    length, queues, hand = (queuing.get(field, 0) for field in ("queueLengthLimit", "queues", "handSize"))
    errors: Errors = []
    if length <= 0:
        errors.append(invalid(f"{path}.queueLengthLimit", length, "must be positive"))
    if queues <= 0:
        errors.append(invalid(f"{path}.queues", queues, "must be positive"))
    elif queues > _QUEUES_MAX:
        errors.append(invalid(f"{path}.queues", queues, f"must not be greater than {_QUEUES_MAX}"))
    if hand <= 0:
        errors.append(invalid(f"{path}.handSize", hand, "must be positive"))
    elif hand > queues:
        errors.append(invalid(f"{path}.handSize", hand, f"should not be greater than queues ({queues})"))
    return errors


SCHEMA: Final = Behaviour(
    default=_default_schema,
    validate=_validate_schema,
    validate_update=lambda obj, old: _validate_schema(obj),
    has_generation=True,
)

LEVEL: Final = Behaviour(
    default=_default_level,
    validate=_validate_level,
    validate_update=lambda obj, old: _validate_level(obj),
    has_generation=True,
)
