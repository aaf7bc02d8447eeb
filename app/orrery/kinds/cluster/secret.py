"""Secret: `stringData` merged into `data`, the keys each built-in type asks for, immutability, warnings about TLS pairs.

Follows core's `ValidateSecret`, the v1 conversion of Secret, and the registry's strategy.
"""

import re
from base64 import b64decode, b64encode
from typing import Final

from orrery.kinds.kind import Behaviour, Errors
from orrery.kinds.rules.data_maps import DATA_BYTES_MAX, base64_bytes, immutability_errors, key_errors
from orrery.machinery.field_errors import invalid, required, too_long
from orrery.machinery.json_syntax import json_kind, json_syntax_error
from orrery.machinery.objects import FrozenObject, Object

OPAQUE: Final = "Opaque"
SERVICE_ACCOUNT_TOKEN: Final = "kubernetes.io/service-account-token"
TLS: Final = "kubernetes.io/tls"
SERVICE_ACCOUNT_NAME: Final = "kubernetes.io/service-account.name"
_BASIC_AUTH: Final = "kubernetes.io/basic-auth"
_SSH_AUTH: Final = "kubernetes.io/ssh-auth"
_DOCKER_KEYS: Final = {"kubernetes.io/dockercfg": ".dockercfg", "kubernetes.io/dockerconfigjson": ".dockerconfigjson"}
_PEM: Final = re.compile(rb"-----BEGIN ([^\n]*?)-----\s*\n.*?-----END \1-----", re.DOTALL)


def _default(obj: Object) -> None:
    if written := obj.pop("stringData", None):
        data = obj.get("data") or {}
        data.update((key, b64encode(value.encode()).decode()) for key, value in written.items())
        obj["data"] = dict(sorted(data.items()))
    if not obj.get("type"):
        obj["type"] = OPAQUE


def _validate(obj: Object) -> Errors:
    errors: Errors = []
    data: dict[str, str] = obj.get("data") or {}
    size = 0
    for key, value in data.items():
        errors += key_errors("data", key)
        size += base64_bytes(value)
    if size > DATA_BYTES_MAX:
        errors.append(too_long("data", DATA_BYTES_MAX))
    return errors + _type_errors(obj, data) if obj.get("type") != OPAQUE else errors


def _type_errors(obj: Object, data: dict[str, str]) -> Errors:
    kind = obj.get("type", "")
    if kind == SERVICE_ACCOUNT_TOKEN:
        named = (obj["metadata"].get("annotations") or {}).get(SERVICE_ACCOUNT_NAME)
        return [] if named else [required(f"metadata.annotations[{SERVICE_ACCOUNT_NAME}]")]
    if kind in _DOCKER_KEYS:
        return _docker_errors(_DOCKER_KEYS[kind], data)
    if kind == _BASIC_AUTH:
        either = "username" in data or "password" in data
        return [] if either else [required("data[username]"), required("data[password]")]
    if kind == _SSH_AUTH:
        return [] if data.get("ssh-privatekey") else [required("data[ssh-privatekey]")]
    if kind == TLS:
        return [required(f"data[{key}]") for key in ("tls.crt", "tls.key") if key not in data]
    return []


def _docker_errors(key: str, data: dict[str, str]) -> Errors:
    if key not in data:
        return [required(f"data[{key}]")]
    text = b64decode(data[key])
    message = json_syntax_error(text)
    if not message and (found := json_kind(text)) not in ("object", "null"):
        message = f"json: cannot unmarshal {found} into Go value of type map[string]interface {{}}"
    return [invalid(f"data[{key}]", "<secret contents redacted>", message)] if message else []


def _prepare_update(obj: Object, old: FrozenObject) -> None:
    if not obj.get("type"):
        obj["type"] = old.get("type", OPAQUE)


def _validate_update(obj: Object, old: FrozenObject) -> Errors:
    errors: Errors = []
    if obj.get("type") != old.get("type"):
        errors.append(invalid("type", obj.get("type", ""), "field is immutable"))
    return errors + immutability_errors(obj, old, ("data",)) + _validate(obj)


def _warnings(obj: Object, old: FrozenObject | None) -> list[str]:
    """What Go's `tls.X509KeyPair` says about the PEM wrapping.

    DIFFERS: upstream also warns when the key does not belong to the certificate; we look at the wrapping only.
    """
    if obj.get("type") != TLS:
        return []
    data = obj.get("data") or {}
    blocks = [name.decode("latin-1") for name in _PEM.findall(b64decode(data.get("tls.crt", "")))]
    if "CERTIFICATE" not in blocks:
        return [_no_certificate(blocks)]
    blocks = [name.decode("latin-1") for name in _PEM.findall(b64decode(data.get("tls.key", "")))]
    if not any(name == "PRIVATE KEY" or name.endswith(" PRIVATE KEY") for name in blocks):
        return [_no_key(blocks)]
    return []


def _no_certificate(blocks: list[str]) -> str:
    if not blocks:
        return "tls: failed to find any PEM data in certificate input"
    if len(blocks) == 1 and blocks[0].endswith("PRIVATE KEY"):
        return (
            "tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched"
        )
    skipped = " ".join(blocks)
    return f'tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following types: [{skipped}]'


def _no_key(blocks: list[str]) -> str:
    if not blocks:
        return "tls: failed to find any PEM data in key input"
    if blocks == ["CERTIFICATE"]:
        return "tls: found a certificate rather than a key in the PEM for the private key"
    skipped = " ".join(blocks)
    return (
        'tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input '
        f"after skipping PEM blocks of the following types: [{skipped}]"
    )


BEHAVIOUR: Final = Behaviour(
    default=_default,
    prepare_update=_prepare_update,
    validate=_validate,
    validate_update=_validate_update,
    warnings=_warnings,
    selectable=lambda obj: {"type": obj.get("type", "")},
)
