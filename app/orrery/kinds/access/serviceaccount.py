"""ServiceAccount: its secrets are references by name only, and a deprecated annotation warns. Follows core's strategy."""

from typing import Final

from orrery.kinds.kind import Behaviour
from orrery.machinery.objects import FrozenObject, Object, annotations_of

_MOUNTABLE: Final = "kubernetes.io/enforce-mountable-secrets"
_DEPRECATED: Final = (
    f"metadata.annotations[{_MOUNTABLE}]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets"
)


def _keep_names(obj: Object) -> None:
    if secrets := obj.get("secrets"):
        obj["secrets"] = [{"name": secret["name"]} if secret.get("name") else {} for secret in secrets]


def _warnings(obj: Object, old: FrozenObject | None) -> list[str]:
    if old is not None and _MOUNTABLE in annotations_of(old):
        return []
    return [_DEPRECATED] if _MOUNTABLE in annotations_of(obj) else []


BEHAVIOUR: Final = Behaviour(prepare_create=_keep_names, prepare_update=lambda obj, old: _keep_names(obj), warnings=_warnings)
