"""Validation of a container's environment: `env`, `envFrom`, and where values come from. Follows ValidateEnv and ValidateEnvFrom."""

from collections.abc import Callable, Collection
from typing import Any, Final

from orrery.kinds.kind import Errors
from orrery.kinds.rules.path_rules import validate_no_backsteps
from orrery.machinery.field_errors import invalid, not_supported, required
from orrery.machinery.names import (
    is_config_map_key,
    is_dns1123_label,
    is_dns1123_subdomain,
    is_qualified_name,
    is_relaxed_env_var_name,
    name_is_dns_subdomain,
)
from orrery.machinery.objects import FrozenObject
from orrery.machinery.quantities import parse

_ENV_FIELDS: Final = (
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
)
VOLUME_FIELDS: Final = ("metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid")
_KNOWN_FIELDS: Final = frozenset(
    (*_ENV_FIELDS, *VOLUME_FIELDS, "spec.restartPolicy", "spec.schedulerName", "status.phase"),
)
_RESOURCE_FIELDS: Final = (
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
)
_BYTE_DIVISORS: Final = ("1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei")
_SOURCES: Final = "`fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"


def validate_env(variables: list[Any], path: str) -> Errors:
    errors: Errors = []
    for index, variable in enumerate(variables):
        name = variable.get("name")
        if not name:
            errors.append(required(f"{path}[{index}].name"))
        elif messages := is_relaxed_env_var_name(name):
            errors += [invalid(f"{path}[{index}].name", name, message) for message in messages]
        source = variable.get("valueFrom")
        if source is not None:
            errors += _value_from(source, f"{path}[{index}].valueFrom", has_value=bool(variable.get("value")))
    return errors


def _value_from(source: FrozenObject, path: str, *, has_value: bool) -> Errors:
    errors: Errors = []
    count = 0
    for field, check in _SOURCE_CHECKS:
        if field in source:
            count += 1
            errors += check(source[field], f"{path}.{field}")
    if count == 0:
        errors.append(invalid(path, "", f"must specify one of: {_SOURCES}"))
    elif has_value:
        errors.append(invalid(path, "", "may not be specified when `value` is not empty"))
    elif count > 1:
        errors.append(invalid(path, "", "may not have more than one field specified at a time"))
    return errors


def validate_field_ref(ref: FrozenObject, path: str, *, supported: Collection[str]) -> Errors:
    """validateObjectFieldSelector."""
    version = ref.get("apiVersion")
    if not version:
        return [required(f"{path}.apiVersion")]
    field = ref.get("fieldPath")
    if not field:
        return [required(f"{path}.fieldPath")]
    if version != "v1":
        return [invalid(f"{path}.fieldPath", field, f"error converting fieldPath: unsupported pod version: {version}")]
    map_path, subscript = _split_subscript(field)
    if subscript is not None:
        if map_path == "metadata.annotations":
            subscript = subscript.lower()
        elif map_path != "metadata.labels":
            text = f"error converting fieldPath: field label does not support subscript: {field}"
            return [invalid(f"{path}.fieldPath", field, text)]
        return [invalid(path, subscript, message) for message in is_qualified_name(subscript)]
    if field == "spec.host":
        field = "spec.nodeName"
    elif field not in _KNOWN_FIELDS:
        return [invalid(f"{path}.fieldPath", field, f"error converting fieldPath: field label not supported: {field}")]
    return [] if field in supported else [not_supported(f"{path}.fieldPath", field, supported)]


def _split_subscript(field: str) -> tuple[str, str | None]:
    """`metadata.labels['a']` is (`metadata.labels`, `a`); without a subscript, None."""
    if not field.endswith("']"):
        return field, None
    head, found, subscript = field[:-2].partition("['")
    return (head, subscript) if found and head else (field, None)


def validate_resource_field_ref(ref: FrozenObject, path: str, *, in_volume: bool) -> Errors:
    """validateContainerResourceFieldSelector."""
    errors: Errors = []
    resource = ref.get("resource", "")
    if in_volume and not ref.get("containerName"):
        errors.append(required(f"{path}.containerName"))
    elif not resource:
        errors.append(required(f"{path}.resource"))
    elif resource not in _RESOURCE_FIELDS and not _is_huge_page_field(resource):
        errors.append(not_supported(f"{path}.resource", resource, _RESOURCE_FIELDS))
    divisor = ref.get("divisor")
    if divisor and parse(divisor).nano:
        errors += _divisor_errors(resource, parse(divisor).text, f"{path}.divisor")
    return errors


def _is_huge_page_field(resource: str) -> bool:
    return resource.startswith(("requests.hugepages-", "limits.hugepages-"))


def _divisor_errors(resource: str, divisor: str, path: str) -> Errors:
    what = resource.partition(".")[2] if resource in _RESOURCE_FIELDS else ""
    if what == "cpu":
        if divisor not in ("1m", "1"):
            return [invalid(path, resource, "only divisor's values 1m and 1 are supported with the cpu resource")]
        return []
    if _is_huge_page_field(resource):
        what = "hugepages"
    title = {"memory": "memory", "ephemeral-storage": "local ephemeral storage", "hugepages": "hugepages"}.get(what)
    if title is None or divisor in _BYTE_DIVISORS:
        return []
    return [invalid(path, resource, f"only divisor's values {', '.join(_BYTE_DIVISORS)} are supported with the {title} resource")]


def _validate_key_ref(ref: FrozenObject, path: str) -> Errors:
    """One key of a ConfigMap or Secret."""
    name = ref.get("name", "")
    errors = [invalid(f"{path}.name", name, message) for message in is_dns1123_subdomain(name)]
    key = ref.get("key")
    if not key:
        errors.append(required(f"{path}.key"))
    else:
        errors += [invalid(f"{path}.key", key, message) for message in is_config_map_key(key)]
    return errors


def _validate_file_key_ref(ref: FrozenObject, path: str) -> Errors:
    errors: Errors = []
    if key := ref.get("key"):
        errors += [invalid(f"{path}.key", key, message) for message in is_relaxed_env_var_name(key)]
    else:
        errors.append(required(f"{path}.key"))
    if volume := ref.get("volumeName"):
        errors += [invalid(f"{path}.volumeName", volume, message) for message in is_dns1123_label(volume)]
    else:
        errors.append(required(f"{path}.volumeName"))
    if file := ref.get("path"):
        errors += validate_no_backsteps(file, f"{path}.path")
    else:
        errors.append(required(f"{path}.path"))
    return errors


_SOURCE_CHECKS: Final[tuple[tuple[str, Callable[[Any, str], Errors]], ...]] = (
    ("fieldRef", lambda ref, path: validate_field_ref(ref, path, supported=_ENV_FIELDS)),
    ("resourceFieldRef", lambda ref, path: validate_resource_field_ref(ref, path, in_volume=False)),
    ("configMapKeyRef", _validate_key_ref),
    ("secretKeyRef", _validate_key_ref),
    ("fileKeyRef", _validate_file_key_ref),
)


def validate_env_from(sources: list[Any], path: str) -> Errors:
    errors: Errors = []
    for index, source in enumerate(sources):
        at = f"{path}[{index}]"
        if prefix := source.get("prefix"):
            errors += [invalid(f"{at}.prefix", prefix, message) for message in is_relaxed_env_var_name(prefix)]
        count = 0
        for field in ("configMapRef", "secretRef"):
            if field in source:
                count += 1
                errors += _env_source_errors(source[field], f"{at}.{field}")
        if count == 0:
            errors.append(invalid(path, "", "must specify one of: `configMapRef` or `secretRef`"))
        elif count > 1:
            errors.append(invalid(path, "", "may not have more than one field specified at a time"))
    return errors


def _env_source_errors(ref: FrozenObject, path: str) -> Errors:
    name = ref.get("name")
    if not name:
        return [required(f"{path}.name")]
    # Upstream checks the name as if it were a generateName prefix, so one trailing dash passes.
    return [invalid(f"{path}.name", name, message) for message in name_is_dns_subdomain(name, True)]
