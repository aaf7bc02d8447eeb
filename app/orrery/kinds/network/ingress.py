"""Ingress: rules, paths, backends, TLS hosts and its load balancer status. Follows networking's `validateIngress` and strategy."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from orrery.kinds.kind import Behaviour, Errors
from orrery.kinds.rules.field_rules import bad, subdomain, typed_reference
from orrery.kinds.rules.ip_syntax import legacy_ip_errors, parse_ip
from orrery.machinery.field_errors import go_quote, invalid, not_supported, required
from orrery.machinery.names import (
    is_dns1035_label,
    is_dns1123_label,
    is_dns1123_subdomain,
    is_port_name,
    is_port_number,
    is_wildcard_dns1123_subdomain,
)
from orrery.machinery.objects import FrozenObject, Object, annotations_of

_CLASS_ANNOTATION: Final = "kubernetes.io/ingress.class"
_PATH_TYPES: Final = ("Exact", "ImplementationSpecific", "Prefix")
_BAD_SEQUENCES: Final = ("//", "/./", "/../", "%2f", "%2F")
_BAD_ENDS: Final = ("/..", "/.")

Part = Mapping[str, Any]


def _host_messages(host: str) -> Sequence[str]:
    return is_wildcard_dns1123_subdomain(host) if "*" in host else is_dns1123_subdomain(host)


def _spec_errors(spec: Part, *, old: Part | None) -> Errors:
    rules = spec.get("rules")
    backend = spec.get("defaultBackend")
    relaxed = old is not None and any(_is_relaxed(name) for name in _service_names(old))
    errors: Errors = []
    if not rules and backend is None:
        errors.append(invalid("spec", None, "either `defaultBackend` or `rules` must be specified"))
    if backend is not None:
        errors += _backend_errors(backend, "spec.defaultBackend", relaxed=relaxed)
    for index, rule in enumerate(rules or ()):
        errors += _rule_errors(rule, f"spec.rules[{index}]", relaxed=relaxed)
    any_secret = old is not None and any(is_dns1123_subdomain(tls["secretName"]) for tls in old.get("tls") or () if tls.get("secretName"))
    for index, tls in enumerate(spec.get("tls") or ()):
        path = f"spec.tls[{index}]"
        for at, host in enumerate(tls.get("hosts") or ()):
            errors += bad(f"{path}.hosts[{at}]", host, _host_messages(host))
        if tls.get("secretName") and not any_secret:
            errors += subdomain(f"{path}.secretName", tls["secretName"])
    if (name := spec.get("ingressClassName")) is not None:
        errors += subdomain("spec.ingressClassName", name)
    return errors


def _service_names(spec: Part) -> list[str]:
    backends = [spec.get("defaultBackend") or {}]
    for rule in spec.get("rules") or ():
        backends += [path.get("backend") or {} for path in (rule.get("http") or {}).get("paths") or ()]
    return [backend["service"].get("name", "") for backend in backends if backend.get("service")]


def _is_relaxed(name: str) -> bool:
    return bool(is_dns1035_label(name)) and not is_dns1123_label(name)


def _rule_errors(rule: Part, path: str, *, relaxed: bool) -> Errors:
    errors: Errors = []
    if host := rule.get("host"):
        if parse_ip(host) is not None:
            errors.append(invalid(f"{path}.host", host, "must be a DNS name, not an IP address"))
        errors += bad(f"{path}.host", host, _host_messages(host))
    http = rule.get("http")
    if http is None:
        return errors
    if not http.get("paths"):
        errors.append(required(f"{path}.http.paths"))
    for index, item in enumerate(http.get("paths") or ()):
        errors += _path_errors(item, f"{path}.http.paths[{index}]", relaxed=relaxed)
    return errors


def _path_errors(item: Part, path: str, *, relaxed: bool) -> Errors:
    kind, text = item.get("pathType"), item.get("path", "")
    if kind is None:
        return [required(f"{path}.pathType", "pathType must be specified")]
    errors: Errors = []
    if kind not in _PATH_TYPES:
        errors.append(not_supported(f"{path}.pathType", kind, _PATH_TYPES))
    elif not text.startswith("/") and (text or kind != "ImplementationSpecific"):
        errors.append(invalid(f"{path}.path", text, "must be an absolute path"))
    if kind in ("Exact", "Prefix"):
        errors += [invalid(f"{path}.path", text, f"must not contain '{part}'") for part in _BAD_SEQUENCES if part in text]
        errors += [invalid(f"{path}.path", text, f"cannot end with '{end}'") for end in _BAD_ENDS if text.endswith(end)]
    return errors + _backend_errors(item.get("backend") or {}, f"{path}.backend", relaxed=relaxed)


def _backend_errors(backend: Part, path: str, *, relaxed: bool) -> Errors:
    resource, service = backend.get("resource"), backend.get("service")
    if resource is not None and service is not None:
        return [invalid(path, "", "cannot set both resource and service backends")]
    if resource is not None:
        return typed_reference(f"{path}.resource", resource)
    if service is None:
        return [invalid(path, "", "resource or service backend is required")]
    errors: Errors = []
    if name := service.get("name"):
        errors += bad(f"{path}.service.name", name, is_dns1123_label(name) if relaxed else is_dns1035_label(name))
    else:
        errors.append(required(f"{path}.service.name"))
    return errors + _port_errors(service.get("port") or {}, path)


def _port_errors(port: Part, path: str) -> Errors:
    name, number = port.get("name", ""), port.get("number", 0)
    if name and number:
        return [invalid(path, "", "cannot set both port name & port number")]
    if name:
        return bad(f"{path}.service.port.name", name, is_port_name(name))
    if number:
        return bad(f"{path}.service.port.number", number, is_port_number(number))
    return [required(path, "port name or number is required")]


def _validate(obj: Object) -> Errors:
    spec = obj.get("spec") or {}
    errors = _spec_errors(spec, old=None)
    wanted, named = annotations_of(obj).get(_CLASS_ANNOTATION), spec.get("ingressClassName")
    if wanted is not None and named is not None and wanted != named:
        errors.append(invalid(f"annotations.{_CLASS_ANNOTATION}", wanted, "must match `ingressClassName` when both are specified"))
    return errors


def _validate_update(obj: Object, old: FrozenObject) -> Errors:
    return _spec_errors(obj.get("spec") or {}, old=old.get("spec") or {})


def _validate_status(obj: Object, old: FrozenObject) -> Errors:
    before = ((old.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    known = [ingress["ip"] for ingress in before if ingress.get("ip")]
    errors: Errors = []
    for index, ingress in enumerate(((obj.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()):
        path = f"status.loadBalancer.ingress[{index}]"
        if ip := ingress.get("ip"):
            errors += legacy_ip_errors(f"{path}.ip", ip, known)
        if host := ingress.get("hostname"):
            errors += subdomain(f"{path}.hostname", host)
            if parse_ip(host) is not None:
                errors.append(invalid(f"{path}.hostname", host, "must be a DNS name, not an IP address"))
    return errors


def _warnings(obj: Object, old: FrozenObject | None) -> list[str]:
    if old is not None or _CLASS_ANNOTATION not in annotations_of(obj) or "ingressClassName" in (obj.get("spec") or {}):
        return []
    return [f"annotation {go_quote(_CLASS_ANNOTATION)} is deprecated, please use 'spec.ingressClassName' instead"]


def _prepare_create(obj: Object) -> None:
    obj["status"] = {"loadBalancer": {}}


BEHAVIOUR: Final = Behaviour(
    prepare_create=_prepare_create,
    validate=_validate,
    validate_update=_validate_update,
    validate_status=_validate_status,
    warnings=_warnings,
    has_generation=True,
)
