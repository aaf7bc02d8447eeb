"""CustomResourceDefinition: default names, stored versions, group, scope, versions and names. Follows apiextensions' validation.

Orrery stores definitions; DIFFERS: upstream checks that schemas are structural and serves what they define; we do not yet.
"""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from orrery.kinds.kind import Behaviour, Errors
from orrery.kinds.rules.printed import go_struct
from orrery.machinery.field_errors import invalid, not_supported, required
from orrery.machinery.names import is_dns1035_label, is_dns1123_subdomain
from orrery.machinery.objects import FrozenObject, Object

_SCOPES: Final = ("Cluster", "Namespaced")
_MIXED: Final = "may have mixed case, but should otherwise match: "

_LOST: Final = (
    "missing from spec.versions; {0} was previously a storage version, and must remain in spec.versions until a storage migration"
    " ensures no data remains persisted in {0} and removes {0} from status.storedVersions"
)

Part = Mapping[str, Any]


def _default(obj: Object) -> None:
    spec = obj.setdefault("spec", {})
    names = spec.setdefault("names", {})
    kind = names.get("kind", "")
    if kind:
        names["singular"] = names.get("singular") or kind.lower()
        names["listKind"] = names.get("listKind") or f"{kind}List"
    conversion = spec.setdefault("conversion", {"strategy": "None"})
    service = ((conversion.get("webhook") or {}).get("clientConfig") or {}).get("service")
    if service is not None:
        service.setdefault("port", 443)


def _store_versions(obj: Object) -> None:
    """The storage version of now joins those that objects may have been stored in."""
    status = obj.setdefault("status", {})
    stored = list(status.get("storedVersions") or ())
    for version in (obj.get("spec") or {}).get("versions") or ():
        if version.get("storage"):
            if version.get("name") not in stored:
                stored.append(version.get("name"))
            break
    status["storedVersions"] = stored


def _prepare_create(obj: Object) -> None:
    obj["status"] = {}
    _store_versions(obj)


def _name_errors(obj: FrozenObject, spec: Part) -> Errors:
    wanted = f"{(spec.get('names') or {}).get('plural', '')}.{spec.get('group', '')}"
    errors: Errors = []
    for field in ("generateName", "name"):
        if name := obj["metadata"].get(field):
            # A prefix may end in a dash, whatever follows it will not.
            text = name[:-1] + "a" if field == "generateName" else name
            messages = [*is_dns1123_subdomain(text), *([] if name == wanted else ['must be spec.names.plural+"."+spec.group'])]
            errors += [invalid(f"metadata.{field}", name, message) for message in messages]
    return errors


def _group_errors(group: str) -> Errors:
    if not group:
        return [required("spec.group")]
    if messages := is_dns1123_subdomain(group):
        return [invalid("spec.group", group, ",".join(messages))]
    return [] if "." in group else [invalid("spec.group", group, "should be a domain with at least one dot")]


def _version_errors(versions: list[dict[str, Any]]) -> Errors:
    errors: Errors = [
        required(f"spec.versions[{index}].schema.openAPIV3Schema")
        for index, version in enumerate(versions)
        if (version.get("schema") or {}).get("openAPIV3Schema") is None
    ]
    for index, version in enumerate(versions):
        name = version.get("name", "")
        if messages := is_dns1035_label(name):
            errors.append(invalid(f"spec.versions[{index}].name", name, ",".join(messages)))
    names = [version.get("name", "") for version in versions]
    shown = [_printed(version) for version in versions]
    if len(set(names)) != len(names):
        errors.append(invalid("spec.versions", shown, "must contain unique version names"))
    if sum(bool(version.get("storage")) for version in versions) != 1:
        errors.append(invalid("spec.versions", shown, "must have exactly one version marked as storage version"))
    if names and (messages := is_dns1035_label(names[0])):
        errors.append(invalid("spec.version", names[0], ",".join(messages)))  # The first one, under its old name.
    return errors


def _printed(version: Part) -> orjson.Fragment:
    """A version as upstream prints its own structure, which has moved the schemas elsewhere by then."""
    return go_struct(
        [
            ("Name", version.get("name", "")),
            ("Served", bool(version.get("served"))),
            ("Storage", bool(version.get("storage"))),
            ("Deprecated", bool(version.get("deprecated"))),
            ("DeprecationWarning", version.get("deprecationWarning")),
            *((field, None) for field in ("Schema", "Subresources", "AdditionalPrinterColumns", "SelectableFields")),
        ]
    )


def _stored_errors(obj: FrozenObject, versions: list[dict[str, Any]]) -> Errors:
    stored = (obj.get("status") or {}).get("storedVersions") or []
    path = "status.storedVersions"
    if not stored:
        return [invalid(path, None, "must have at least one stored version")]
    storage = [version.get("name", "") for version in versions if version.get("storage")]
    errors = [invalid(path, stored, f"must have the storage version {name}") for name in storage[-1:] if name not in stored]
    served = {version.get("name", "") for version in versions}
    lost = [(index, name) for index, name in enumerate(stored) if name not in served]
    return errors + [invalid(f"{path}[{index}]", name, _LOST.format(name)) for index, name in lost]


def _names_errors(names: Part, path: str) -> Errors:
    errors: Errors = [required(f"{path}.{field}") for field in ("plural", "singular", "kind", "listKind") if not names.get(field)]
    for field in ("plural", "singular"):
        if (name := names.get(field)) and (messages := is_dns1035_label(name)):
            errors.append(invalid(f"{path}.{field}", name, ",".join(messages)))
    for field in ("kind", "listKind"):
        if (name := names.get(field)) and (messages := is_dns1035_label(name.lower())):
            errors.append(invalid(f"{path}.{field}", name, _MIXED + ",".join(messages)))
    for index, name in enumerate(names.get("shortNames") or ()):
        if messages := is_dns1035_label(name):
            errors.append(invalid(f"{path}.shortNames[{index}]", name, ",".join(messages)))
    if names.get("kind") and names["kind"] == names.get("listKind"):
        errors.append(invalid(f"{path}.listKind", names["listKind"], "kind and listKind may not be the same"))
    for index, name in enumerate(names.get("categories") or ()):
        if messages := is_dns1035_label(name):
            errors.append(invalid(f"{path}.categories[{index}]", name, ",".join(messages)))
    return errors


def _validate(obj: Object) -> Errors:
    spec = obj.get("spec") or {}
    errors = _name_errors(obj, spec) + _validate_spec(spec)
    return errors + _stored_errors(obj, spec.get("versions") or [])


def _validate_spec(spec: Part) -> Errors:
    errors = _group_errors(spec.get("group", ""))
    scope = spec.get("scope", "")
    if not scope:
        errors.append(required("spec.scope"))
    elif scope not in _SCOPES:
        errors.append(not_supported("spec.scope", scope, _SCOPES))
    return errors + _version_errors(spec.get("versions") or []) + _names_errors(spec.get("names") or {}, "spec.names")


def _validate_update(obj: Object, old: FrozenObject) -> Errors:
    errors = _validate_spec(obj.get("spec") or {})
    for path in (("scope",), ("names", "kind"), ("group",), ("names", "plural")):
        now, then = (_at(each.get("spec") or {}, path) for each in (obj, old))
        if now != then:
            errors.append(invalid(f"spec.{'.'.join(path)}", now, "field is immutable"))
    return errors + _stored_errors(obj, (obj.get("spec") or {}).get("versions") or [])


def _at(part: Part, path: tuple[str, ...]) -> Any:
    for step in path[:-1]:
        part = part.get(step) or {}
    return part.get(path[-1], "")


BEHAVIOUR: Final = Behaviour(
    default=_default,
    prepare_create=_prepare_create,
    prepare_update=lambda obj, old: _store_versions(obj),
    validate=_validate,
    validate_update=_validate_update,
    name_rule=lambda name, prefix: (),
    has_generation=True,
    allow_unconditional_update=False,
)
