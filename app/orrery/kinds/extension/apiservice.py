"""APIService: its name is version and group, its priorities lie in a range. Follows kube-aggregator's validation."""

from typing import Any, Final

from orrery.kinds.kind import Behaviour, Errors
from orrery.kinds.rules.field_rules import path_segment_messages, subdomain
from orrery.machinery.field_errors import go_quote, invalid, required
from orrery.machinery.names import is_dns1035_label, is_port_number
from orrery.machinery.objects import Object


def _default(obj: Object) -> None:
    service = (obj.get("spec") or {}).get("service")
    if service is not None:
        service.setdefault("port", 443)


def _name_messages(name: str, wanted: str) -> list[str]:
    messages = path_segment_messages(name)
    if messages or name == wanted:
        return messages
    return [f'must be `spec.version+"."+spec.group`: {go_quote(wanted)}']


def _validate(obj: Object) -> Errors:
    spec = obj.get("spec") or {}
    group, version = spec.get("group", ""), spec.get("version", "")
    errors: Errors = []
    for field in ("generateName", "name"):
        if name := obj["metadata"].get(field):
            errors += [invalid(f"metadata.{field}", name, message) for message in _name_messages(name, f"{version}.{group}")]
    if group:
        errors += subdomain("spec.group", group)
    elif version != "v1":
        errors.append(required("spec.group", "only v1 may have an empty group and it better be legacy kube"))
    errors += [invalid("spec.version", version, message) for message in is_dns1035_label(version)]
    for field, most in (("groupPriorityMinimum", 20000), ("versionPriority", 1000)):
        value = spec.get(field, 0)
        if not 0 < value <= most:
            errors.append(invalid(f"spec.{field}", value, f"must be positive and less than {most}"))
    return errors + _service_errors(spec)


def _service_errors(spec: dict[str, Any]) -> Errors:
    service, skips, bundle = spec.get("service"), spec.get("insecureSkipTLSVerify"), spec.get("caBundle", "")
    errors: Errors = []
    if service is None:
        if bundle:
            errors.append(invalid("spec.caBundle", f"{len(bundle) // 4 * 3} bytes", "local APIServices may not have a caBundle"))
        if skips:
            errors.append(invalid("spec.insecureSkipTLSVerify", True, "local APIServices may not have insecureSkipTLSVerify"))
        return errors
    errors += [required(f"spec.service.{field}") for field in ("namespace", "name") if not service.get(field)]
    port = service.get("port", 0)
    if messages := is_port_number(port):
        errors.append(invalid("spec.service.port", port, "port is not valid: " + ", ".join(messages)))
    if skips and bundle:
        errors.append(invalid("spec.insecureSkipTLSVerify", True, "may not be true if caBundle is present"))
    return errors


BEHAVIOUR: Final = Behaviour(
    default=_default,
    validate=_validate,
    validate_update=lambda obj, old: _validate(obj),
    name_rule=lambda name, prefix: (),
    allow_unconditional_update=False,
)
