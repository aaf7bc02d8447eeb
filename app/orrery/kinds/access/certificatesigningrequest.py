"""CertificateSigningRequest: usages, signer, conditions; what a client may not say of itself. Follows `pkg/apis/certificates/validation`.

Who asks is written into the spec by the verbs, which know the user.
"""

import re
from base64 import b64decode
from collections.abc import Mapping
from typing import Any, Final

from orrery.kinds.kind import Behaviour, Errors
from orrery.machinery.field_errors import duplicate, forbidden, go_quote, invalid, not_supported, required
from orrery.machinery.names import is_dns1123_subdomain
from orrery.machinery.objects import FrozenObject, Object, thaw

_USAGES: Final = (
    "any",
    "cert sign",
    "client auth",
    "code signing",
    "content commitment",
    "crl sign",
    "data encipherment",
    "decipher only",
    "digital signature",
    "email protection",
    "encipher only",
    "ipsec end system",
    "ipsec tunnel",
    "ipsec user",
    "key agreement",
    "key encipherment",
    "microsoft sgc",
    "netscape sgc",
    "ocsp signing",
    "s/mime",
    "server auth",
    "signing",
    "timestamping",
)
_EXPIRATION_S_MIN: Final = 600
_FINAL: Final = ("Approved", "Denied", "Failed")
_PEM: Final = re.compile(rb"-----BEGIN CERTIFICATE REQUEST-----\s.*?-----END CERTIFICATE REQUEST-----", re.DOTALL)
_SIGNER_BYTES_MAX: Final = 571


def _prepare_create(obj: Object) -> None:
    obj["status"] = {}


def _prepare_update(obj: Object, old: FrozenObject) -> None:
    obj["spec"] = thaw(old["spec"])


_CERTIFICATE: Final = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----\s.*?-----END \1-----", re.DOTALL)


def _certificate_errors(certificate: str) -> Errors:
    """What is issued is a chain of certificates."""
    path, told = "status.certificate", "<certificate data>"
    if not certificate:
        return []
    # DIFFERS: upstream reads each certificate as X.509; we look at the names of the PEM blocks only.
    blocks = [block.decode() for block in _CERTIFICATE.findall(b64decode(certificate))]
    if not blocks:
        return [invalid(path, told, "must contain at least one CERTIFICATE PEM block")]
    other = next((block for block in blocks if block != "CERTIFICATE"), "")
    return [invalid(path, told, f"only CERTIFICATE PEM blocks are allowed, found {go_quote(other)}")] if other else []


def _signer_errors(name: str) -> Errors:
    """A domain, a slash, a path of names: upstream's ValidateSignerName."""
    path = "spec.signerName"
    if not name:
        return [required(path)]
    parts = name.split("/")
    if len(parts) != 2:
        return [invalid(path, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'")]
    errors = [invalid(path, parts[0], message) for message in is_dns1123_subdomain(parts[0])]
    if "." not in parts[0]:
        errors.append(invalid(path, parts[0], "should be a domain with at least two segments separated by dots"))
    for part in parts[1].split("."):
        errors += [invalid(path, parts[1], f"validating label {go_quote(part)}: {message}") for message in is_dns1123_subdomain(part)]
    if len(name) > _SIGNER_BYTES_MAX:
        errors.append(invalid(path, name, f"must be no more than {_SIGNER_BYTES_MAX} characters"))
    return errors


def _validate(obj: Object) -> Errors:
    spec = obj.get("spec") or {}
    errors: Errors = []
    request = spec.get("request") or ""
    # DIFFERS: upstream reads the request as X.509 and checks its signature; we look for the PEM block only.
    if not _PEM.search(b64decode(request)):
        errors.append(invalid("spec.request", spec.get("request"), "PEM block type must be CERTIFICATE REQUEST"))
    usages = spec.get("usages") or []
    if not usages:
        errors.append(required("spec.usages"))
    errors += [not_supported(f"spec.usages[{index}]", usage, _USAGES) for index, usage in enumerate(usages) if usage not in _USAGES]
    errors += [duplicate(f"spec.usages[{index}]", usage) for index, usage in enumerate(usages) if usage in usages[:index]]
    if spec.get("signerName") == "kubernetes.io/legacy-unknown":
        errors.append(invalid("spec.signerName", spec["signerName"], "the legacy signerName is not allowed via this API version"))
    else:
        errors += _signer_errors(spec.get("signerName", ""))
    seconds = spec.get("expirationSeconds")
    if seconds is not None and seconds < _EXPIRATION_S_MIN:
        errors.append(invalid("spec.expirationSeconds", seconds, "may not specify a duration less than 600 seconds (10 minutes)"))
    errors += _condition_errors(_conditions(obj))
    return errors + _certificate_errors((obj.get("status") or {}).get("certificate") or "")


def _conditions(obj: FrozenObject) -> list[dict[str, Any]]:
    return (obj.get("status") or {}).get("conditions") or []


def _condition_errors(conditions: list[dict[str, Any]]) -> Errors:
    errors: Errors = []
    seen: list[str] = []
    for index, condition in enumerate(conditions):
        path, kind, status = f"status.conditions[{index}]", condition.get("type", ""), condition.get("status", "")
        allowed = ("True",) if kind in _FINAL else ("False", "True", "Unknown")
        if not kind:
            errors.append(required(f"{path}.type"))
        if not status:
            errors.append(required(f"{path}.status"))
        elif status not in allowed:
            errors.append(not_supported(f"{path}.status", status, allowed))
        if {"Approved": "Denied", "Denied": "Approved"}.get(kind) in seen:
            errors.append(invalid("status.conditions", kind, "Approved and Denied conditions are mutually exclusive"))
        if kind in seen:
            errors.append(duplicate(f"{path}.type", kind))
        seen.append(kind)
    return errors


def _of(obj: FrozenObject, kind: str) -> list[Mapping[str, Any]]:
    return [condition for condition in _conditions(obj) if condition.get("type") == kind]


def _change_errors(obj: Object, old: FrozenObject, *, may_approve: bool, may_issue: bool) -> Errors:
    errors = _validate(obj)
    path = "status.conditions"
    for kind in _FINAL:
        if len(_of(obj, kind)) < len(_of(old, kind)):
            errors.append(forbidden(path, f'updates may not remove a condition of type "{kind}"'))
    for kind in () if may_approve else _FINAL[:2]:
        if len(_of(obj, kind)) > len(_of(old, kind)):
            errors.append(forbidden(path, f'updates may not add a condition of type "{kind}"'))
    now, then = ((each.get("status") or {}).get("certificate", "") for each in (obj, old))
    if now != then and not may_issue:
        errors.append(forbidden("status.certificate", "updates may not set certificate content"))
    elif now != then and then:
        errors.append(forbidden("status.certificate", "updates may not modify existing certificate content"))
    return errors


def validate_approval(obj: Object, old: FrozenObject) -> Errors:
    """For the `approval` subresource."""
    return _change_errors(obj, old, may_approve=True, may_issue=False)


BEHAVIOUR: Final = Behaviour(
    prepare_create=_prepare_create,
    prepare_update=_prepare_update,
    validate=_validate,
    validate_update=lambda obj, old: _change_errors(obj, old, may_approve=False, may_issue=False),
    validate_status=lambda obj, old: _change_errors(obj, old, may_approve=False, may_issue=True),
    name_rule=lambda name, prefix: (),
    selectable=lambda obj: {"spec.signerName": (obj.get("spec") or {}).get("signerName", "")},
)
