"""Validating- and MutatingWebhookConfiguration: defaults, names, rules, policies, where the webhook is.

Follows `pkg/apis/admissionregistration`; expressions of match conditions are stored as they are.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from orrery.kinds.kind import Behaviour, Errors
from orrery.kinds.rules.field_rules import bad
from orrery.kinds.rules.label_selectors import validate_label_selector
from orrery.machinery.field_errors import duplicate, invalid, not_supported, required
from orrery.machinery.names import is_dns1035_label, is_dns1123_subdomain
from orrery.machinery.objects import Object

_FAILURE: Final = ("Fail", "Ignore")
_MATCH: Final = ("Equivalent", "Exact")
_SIDE_EFFECTS: Final = ("None", "NoneOnDryRun")
_REINVOCATION: Final = ("IfNeeded", "Never")
_SCOPES: Final = ("*", "Cluster", "Namespaced")
_OPERATIONS: Final = ("*", "CONNECT", "CREATE", "DELETE", "UPDATE")
_REVIEWS: Final = ("v1", "v1beta1")
_TIMEOUT_S_MAX: Final = 30

Part = Mapping[str, Any]


def default_rules(rules: Sequence[dict[str, Any]]) -> None:
    for rule in rules:
        rule.setdefault("scope", "*")


def default_match(part: dict[str, Any]) -> None:
    """Selectors that select everything, and the usual policy."""
    part.setdefault("matchPolicy", "Equivalent")
    part.setdefault("namespaceSelector", {})
    part.setdefault("objectSelector", {})


def _default_hook(hook: dict[str, Any]) -> None:
    hook.setdefault("failurePolicy", "Fail")
    default_match(hook)
    hook.setdefault("timeoutSeconds", 10)
    default_rules(hook.get("rules") or ())
    service = (hook.get("clientConfig") or {}).get("service")
    if service is not None:
        service.setdefault("port", 443)


def _default_validating(obj: Object) -> None:
    for hook in obj.get("webhooks") or ():
        _default_hook(hook)


def _default_mutating(obj: Object) -> None:
    for hook in obj.get("webhooks") or ():
        _default_hook(hook)
        hook.setdefault("reinvocationPolicy", "Never")


def _name_errors(name: str, path: str) -> Errors:
    """A domain of at least three segments."""
    if not name:
        return [required(path)]
    if messages := is_dns1123_subdomain(name):
        return [invalid(path, name, ",".join(messages))]
    if name.count(".") < 2:
        return [invalid(path, name, "should be a domain with at least three segments separated by dots")]
    return []


def rule_errors(rule: Part, path: str) -> Errors:
    """One rule with operations, groups, versions and resources."""
    errors: Errors = []
    operations = rule.get("operations") or []
    if not operations:
        errors.append(required(f"{path}.operations"))
    errors += _wildcard_errors(operations, f"{path}.operations", "operations")
    errors += [not_supported(f"{path}.operations[{n}]", name, _OPERATIONS) for n, name in enumerate(operations) if name not in _OPERATIONS]
    for field, what in (("apiGroups", "API groups"), ("apiVersions", "API versions")):
        values = rule.get(field) or []
        if not values:
            errors.append(required(f"{path}.{field}"))
        errors += _wildcard_errors(values, f"{path}.{field}", what)
    errors += [required(f"{path}.apiVersions[{n}]") for n, version in enumerate(rule.get("apiVersions") or ()) if not version]
    errors += _resource_errors(rule.get("resources") or [], f"{path}.resources")
    scope = rule.get("scope")
    if scope is not None and scope not in _SCOPES:
        errors.append(not_supported(f"{path}.scope", scope, _SCOPES))
    return errors


def _wildcard_errors(values: list[str], path: str, what: str) -> Errors:
    if len(values) > 1 and "*" in values:
        return [invalid(path, values, f"if '*' is present, must not specify other {what}")]
    return []


def _resource_errors(resources: list[str], path: str) -> Errors:
    errors = [] if resources else [required(path)]
    all_subresources: set[str] = set()
    of_all_resources: set[str] = set()
    for index, name in enumerate(resources):
        here = f"{path}[{index}]"
        if not name:
            errors.append(required(here))
            continue
        resource, slash, sub = name.partition("/")
        if not slash:
            continue
        if resource in all_subresources:
            errors.append(invalid(here, name, f"if '{resource}/*' is present, must not specify {name}"))
        if sub in of_all_resources:
            errors.append(invalid(here, name, f"if '*/{sub}' is present, must not specify {name}"))
        if sub == "*":
            all_subresources.add(resource)
        if resource == "*":
            of_all_resources.add(sub)
    if len(resources) > 1 and "*/*" in resources:
        errors.append(invalid(path, resources, "if '*/*' is present, must not specify other resources"))
    plain = [name for name in resources if name and "/" not in name]
    if "*" in resources and plain and plain[-1] != "*":
        errors.append(invalid(path, resources, "if '*' is present, must not specify other resources without subresources"))
    return errors


def _client_errors(config: Part, path: str) -> Errors:
    url, service = config.get("url"), config.get("service")
    if (url is None) == (service is None):
        return [required(path, "exactly one of url or service is required")]
    if service is not None:
        return service_errors(service, f"{path}.service")
    return _url_errors(url or "", f"{path}.url")


def _url_errors(url: str, path: str) -> Errors:
    form = "; desired format: https://host[/path]"
    parts = urlsplit(url)
    errors: Errors = []
    if parts.scheme != "https":
        errors.append(invalid(path, parts.scheme, "'https' is the only allowed URL scheme" + form))
    if not parts.netloc:
        errors.append(invalid(path, parts.netloc, "host must be specified" + form))
    if "@" in parts.netloc:
        errors.append(invalid(path, parts.netloc.rpartition("@")[0], "user information is not permitted in the URL"))
    if parts.fragment:
        errors.append(invalid(path, parts.fragment, "fragments are not permitted in the URL"))
    if parts.query:
        errors.append(invalid(path, parts.query, "query parameters are not permitted in the URL"))
    return errors


def service_errors(service: Part, path: str) -> Errors:
    errors: Errors = [required(f"{path}.{field}") for field in ("name", "namespace") if not service.get(field)]
    port = service.get("port", 443)
    if not 1 <= port <= 65535:
        errors.append(invalid(f"{path}.port", port, "port is not valid: must be between 1 and 65535, inclusive"))
    route = service.get("path")
    return errors + (_route_errors(route, f"{path}.path") if route else [])


def _route_errors(route: str, path: str) -> Errors:
    """A path of segments that are DNS subdomains."""
    errors: Errors = []
    if not route.startswith("/"):
        errors.append(invalid(path, route, "must start with a '/'"))
    inner = route[1:].removesuffix("/")
    for index, segment in enumerate(inner.split("/")) if route != "/" else ():
        if not segment:
            errors.append(invalid(path, route, f"segment[{index}] may not be empty"))
        else:
            errors += [invalid(path, route, f"segment[{index}]: {message}") for message in is_dns1123_subdomain(segment)]
    return errors


def _hook_errors(hook: Part, path: str) -> Errors:
    errors = _name_errors(hook.get("name", ""), f"{path}.name")
    for index, rule in enumerate(hook.get("rules") or ()):
        errors += rule_errors(rule, f"{path}.rules[{index}]")
    for field, allowed in (("failurePolicy", _FAILURE), ("matchPolicy", _MATCH)):
        if (value := hook.get(field)) is not None and value not in allowed:
            errors.append(not_supported(f"{path}.{field}", value, allowed))
    effects = hook.get("sideEffects")
    if effects is None:
        errors.append(required(f"{path}.sideEffects", "must specify one of None, NoneOnDryRun"))
    elif effects not in _SIDE_EFFECTS:
        errors.append(not_supported(f"{path}.sideEffects", effects, _SIDE_EFFECTS))
    seconds = hook.get("timeoutSeconds")
    if seconds is not None and not 1 <= seconds <= _TIMEOUT_S_MAX:
        errors.append(invalid(f"{path}.timeoutSeconds", seconds, "the timeout value must be between 1 and 30 seconds"))
    for field in ("namespaceSelector", "objectSelector"):
        errors += validate_label_selector(hook.get(field), f"{path}.{field}")
    policy = hook.get("reinvocationPolicy")
    if policy is not None and policy not in _REINVOCATION:
        errors.append(not_supported(f"{path}.reinvocationPolicy", policy, _REINVOCATION))
    return errors + _client_errors(hook.get("clientConfig") or {}, f"{path}.clientConfig")


def _version_errors(versions: list[str], path: str) -> Errors:
    if not versions:
        return [required(path, "must specify one of v1, v1beta1")]
    errors: Errors = []
    for index, version in enumerate(versions):
        if version in versions[:index]:
            errors.append(invalid(f"{path}[{index}]", version, "duplicate version"))
        else:
            errors += bad(f"{path}[{index}]", version, is_dns1035_label(version))
    if not any(version in _REVIEWS for version in versions):
        errors.append(invalid(path, versions, "must include at least one of v1, v1beta1"))
    return errors


def _validate(obj: Object) -> Errors:
    errors: Errors = []
    names: set[str] = set()
    for index, hook in enumerate(obj.get("webhooks") or ()):
        path, name = f"webhooks[{index}]", hook.get("name", "")
        errors += _hook_errors(hook, path)
        errors += _version_errors(hook.get("admissionReviewVersions") or [], f"{path}.admissionReviewVersions")
        if name and name in names:
            errors.append(duplicate(f"{path}.name", name))
        names.add(name)
    return errors


VALIDATING: Final = Behaviour(
    default=_default_validating,
    validate=_validate,
    validate_update=lambda obj, old: _validate(obj),
    has_generation=True,
    allow_unconditional_update=False,
)

MUTATING: Final = Behaviour(
    default=_default_mutating,
    validate=_validate,
    validate_update=lambda obj, old: _validate(obj),
    has_generation=True,
    allow_unconditional_update=False,
)
