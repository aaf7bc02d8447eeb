"""A container's environment: values, references to other objects, `$(VAR)`, and the variables of Services.

Follows `makeEnvironmentVariables` of upstream's kubelet; a reference that cannot be resolved is `ConfigError` with its words.
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from orrery.machinery.field_errors import go_quote
from orrery.machinery.objects import FrozenObject, annotations_of, labels_of, name_of, namespace_of, uid_of
from orrery.machinery.quantities import Quantity, parse

Lookup = Callable[[str, str], FrozenObject | None]
"""An object of the Pod's namespace by bucket (`configmaps`, `secrets`) and name."""


class ConfigError(Exception):
    """The container cannot be configured; the message is the kubelet's."""

    def __init__(self, message: str, missing: tuple[str, str] | None = None) -> None:
        super().__init__(message)
        self.missing = missing
        """Bucket and name of the object whose appearance or change may help."""


class Unattached(ConfigError):
    """A volume that is yet to be attached to the node; the kubelet waits for it and says nothing."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an environment draws from besides the container."""

    pod: FrozenObject
    pod_ip: str
    host_ip: str
    lookup: Lookup
    services: Mapping[str, str]
    allocatable: Mapping[str, str]


def environment_of(container: FrozenObject, around: Surroundings) -> dict[str, str]:
    """All variables of the container; ConfigError when a reference has no answer."""
    result: dict[str, str] = {}
    for source in container.get("envFrom") or ():
        for bucket, key in (("configmaps", "configMapRef"), ("secrets", "secretRef")):
            if reference := source.get(key):
                prefix = source.get("prefix") or ""
                result.update({prefix + name: value for name, value in _data(bucket, reference, around).items()})
    for variable in container.get("env") or ():
        value = _value(variable, container, around, result)
        if value is not None:
            result[variable["name"]] = value
    # DIFFERS: upstream gives variables in the random order of a map; we keep the order they are written in, then those of Services.
    return {**result, **{name: value for name, value in around.services.items() if name not in result}}


def expand_variables(text: str, variables: Mapping[str, str]) -> str:
    """`$(NAME)` becomes the variable's value, `$$` a dollar; what is unknown stays.

    >>> expand_variables("$(A)-$(B)-$$(A)", {"A": "1"})
    '1-$(B)-$(A)'
    """
    if "$" not in text:
        return text
    out, index = [], 0
    while index < len(text):
        end = text.find(")", index) if text.startswith("$(", index) else -1
        if text.startswith("$$", index):
            out.append("$")
            index += 2
        elif end >= 0:
            name = text[index + 2 : end]
            out.append(variables.get(name, text[index : end + 1]))
            index = end + 1
        else:
            out.append(text[index])
            index += 1
    return "".join(out)


def _value(variable: FrozenObject, container: FrozenObject, around: Surroundings, known: Mapping[str, str]) -> str | None:
    if text := variable.get("value"):
        return expand_variables(text, {**around.services, **known})
    source = variable.get("valueFrom") or {}
    if reference := source.get("fieldRef"):
        return field_value(reference["fieldPath"], around)
    if reference := source.get("resourceFieldRef"):
        return resource_value(reference, container, around)
    if reference := source.get("configMapKeyRef"):
        return _key_value("configmaps", "ConfigMap", reference, around)
    if reference := source.get("secretKeyRef"):
        return _key_value("secrets", "Secret", reference, around)
    return ""


def _data(bucket: str, reference: FrozenObject, around: Surroundings) -> dict[str, str]:
    obj = around.lookup(bucket, reference.get("name", ""))
    if obj is None:
        if reference.get("optional"):
            return {}
        raise not_found(bucket, reference.get("name", ""))
    data: Mapping[str, str] = obj.get("data") or {}
    return {key: decoded(value) for key, value in data.items()} if bucket == "secrets" else dict(data)


def _key_value(bucket: str, kind: str, reference: FrozenObject, around: Surroundings) -> str | None:
    name, key = reference.get("name", ""), reference["key"]
    obj = around.lookup(bucket, name)
    if obj is None:
        if reference.get("optional"):
            return None
        raise not_found(bucket, name)
    value: str | None = (obj.get("data") or {}).get(key)
    if value is None:
        if reference.get("optional"):
            return None
        raise ConfigError(f"couldn't find key {key} in {kind} {namespace_of(around.pod)}/{name}", (bucket, name))
    return decoded(value) if bucket == "secrets" else value


def not_found(bucket: str, name: str) -> ConfigError:
    """The kubelet names the resource in the singular."""
    return ConfigError(f'{bucket.removesuffix("s")} "{name}" not found', (bucket, name))


def decoded(value: str) -> str:
    try:
        return base64.b64decode(value).decode(errors="surrogateescape")
    except (binascii.Error, ValueError):
        return value


def field_value(path: str, around: Surroundings) -> str:
    """A field of the Pod, as the downward API prints it."""
    pod = around.pod
    plain: dict[str, Callable[[], str]] = {
        "metadata.name": lambda: name_of(pod),
        "metadata.namespace": lambda: namespace_of(pod),
        "metadata.uid": lambda: uid_of(pod),
        "metadata.labels": lambda: _printed_map(labels_of(pod)),
        "metadata.annotations": lambda: _printed_map(annotations_of(pod)),
        "spec.nodeName": lambda: str(pod["spec"].get("nodeName", "")),
        "spec.serviceAccountName": lambda: str(pod["spec"].get("serviceAccountName", "")),
        "status.hostIP": lambda: around.host_ip,
        "status.hostIPs": lambda: around.host_ip,
        "status.podIP": lambda: around.pod_ip,
        "status.podIPs": lambda: around.pod_ip,
    }
    if path in plain:
        return plain[path]()
    map_name, bracket, rest = path.partition("[")
    entries = {"metadata.labels": labels_of, "metadata.annotations": annotations_of}.get(map_name)
    if bracket and entries is not None:
        return entries(pod).get(rest.rstrip("]").strip("'\""), "")
    raise ConfigError(f"unsupported fieldPath: {path}")


def _printed_map(entries: Mapping[str, str]) -> str:
    return "\n".join(f"{key}={go_quote(value)}" for key, value in sorted(entries.items()))


def resource_value(reference: FrozenObject, container: FrozenObject, around: Surroundings) -> str:
    """A request or limit in units of the divisor, rounded up; a limit that is not set is what the node can give."""
    group, _, resource = reference["resource"].partition(".")
    if name := reference.get("containerName"):
        spec = around.pod["spec"]
        found = next((one for one in [*spec["containers"], *(spec.get("initContainers") or ())] if one["name"] == name), None)
        if found is None:
            raise ConfigError(f"container {name} not found")
        container = found
    resources = container.get("resources") or {}
    text = (resources.get(group) or {}).get(resource)
    if text is None and group == "limits":
        text = around.allocatable.get(resource)
    divisor = reference.get("divisor")
    unit = parse(str(divisor)) if divisor and str(divisor) != "0" else parse("1")
    return str(_divided(parse(str(text or "0")), unit))


def _divided(value: Quantity, unit: Quantity) -> int:
    return -(-value.milli // unit.milli)
