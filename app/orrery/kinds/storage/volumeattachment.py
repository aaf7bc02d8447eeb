"""VolumeAttachment: which volume hangs on which node; the spec is for good. Follows storage's `ValidateVolumeAttachment`."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from orrery.kinds.kind import Behaviour, Errors
from orrery.kinds.pods.volume_sources import validate_csi_driver_name
from orrery.kinds.rules.field_rules import IMMUTABLE, subdomain
from orrery.kinds.structs.internal_structs import printed_internal
from orrery.machinery.field_errors import forbidden, invalid, required, too_long
from orrery.machinery.names import bytes_len
from orrery.machinery.objects import FrozenObject, Object

_METADATA_BYTES_MAX: Final = 256 * 1024
_MESSAGE_BYTES_MAX: Final = 1024
_ONE_OF: Final = "must specify exactly one of inlineVolumeSpec and persistentVolumeName"


ATTACHMENTS: Final = "volumeattachments.storage.k8s.io"
DRIVERS: Final = "csidrivers.storage.k8s.io"


def attachment_name(volume: FrozenObject, node: str) -> str:
    """What everybody calls the attachment of a CSI driver's volume to a node, so that nobody has to look for it."""
    csi = volume["spec"]["csi"]
    return f"csi-{sha256((csi.get('volumeHandle', '') + csi.get('driver', '') + node).encode()).hexdigest()}"


def is_attachable(volume: FrozenObject, driver: FrozenObject | None) -> bool:
    """Whether a PersistentVolume hangs on one node at a time, or several: a CSI driver's does, unless the driver says it need not."""
    if volume["spec"].get("csi") is None:
        return False
    return driver is None or (driver.get("spec") or {}).get("attachRequired") is not False


def is_attached(attachment: FrozenObject | None) -> bool:
    return attachment is not None and bool((attachment.get("status") or {}).get("attached"))


def _source_errors(source: Mapping[str, Any]) -> Errors:
    name, inline = source.get("persistentVolumeName"), source.get("inlineVolumeSpec")
    if name is None and inline is None:
        return [required("spec.source", _ONE_OF)]
    if name is not None and inline is not None:
        return [forbidden("spec.source", _ONE_OF)]
    if name == "":
        return [required("spec.source.persistentVolumeName", "must specify non empty persistentVolumeName")]
    return []


def _status_errors(status: Mapping[str, Any]) -> Errors:
    errors: Errors = []
    size = sum(bytes_len(key) + bytes_len(value) for key, value in (status.get("attachmentMetadata") or {}).items())
    if size > _METADATA_BYTES_MAX:
        errors.append(too_long("status.attachmentMetadata", _METADATA_BYTES_MAX))
    for field in ("attachError", "detachError"):
        if bytes_len((status.get(field) or {}).get("message", "")) > _MESSAGE_BYTES_MAX:
            errors.append(too_long(f"status.{field}.message", _METADATA_BYTES_MAX))  # Upstream names the wrong limit.
    return errors


def _common(obj: FrozenObject) -> Errors:
    spec = obj.get("spec") or {}
    errors = [] if spec.get("attacher") else [required("spec.attacher")]
    errors += _source_errors(spec.get("source") or {})
    errors += subdomain("spec.nodeName", spec.get("nodeName", ""))
    return errors + _status_errors(obj.get("status") or {})


def _validate(obj: Object) -> Errors:
    spec = obj.get("spec") or {}
    errors = _common(obj) + validate_csi_driver_name(spec.get("attacher", ""), "spec.attacher")
    name = (spec.get("source") or {}).get("persistentVolumeName")
    return errors + (subdomain("spec.source.persistentVolumeName", name) if name is not None else [])


def _printed(spec: Mapping[str, Any]) -> Any:
    source = spec.get("source") or {}
    shown = {"PersistentVolumeName": source.get("persistentVolumeName"), "InlineVolumeSpec": source.get("inlineVolumeSpec")}
    return printed_internal({"Attacher": spec.get("attacher", ""), "Source": shown, "NodeName": spec.get("nodeName", "")})


def _validate_update(obj: Object, old: FrozenObject) -> Errors:
    errors = _common(obj)
    if obj.get("spec") != old.get("spec"):
        errors.append(invalid("spec", _printed(obj.get("spec") or {}), IMMUTABLE))
    return errors


BEHAVIOUR: Final = Behaviour(
    validate=_validate,
    validate_update=_validate_update,
    validate_status=lambda obj, old: _validate_update(obj, old),
    allow_unconditional_update=False,
)
