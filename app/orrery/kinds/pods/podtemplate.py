"""PodTemplate: a template on its own. Follows core's ValidatePodTemplate and its strategy."""

from collections.abc import Sequence
from typing import Final

from orrery.kinds.kind import Behaviour, Errors
from orrery.kinds.pods.defaults import default_pod_template
from orrery.kinds.pods.features import drop_disabled_fields
from orrery.kinds.pods.spec import validate_pod_template
from orrery.kinds.pods.template import generation_changed
from orrery.kinds.pods.warnings import pod_warnings
from orrery.machinery.objects import FrozenObject, Object


def _default(obj: Object) -> None:
    default_pod_template(obj.setdefault("template", {}))


def _drop(obj: Object, old: FrozenObject | None = None) -> None:
    drop_disabled_fields(obj["template"]["spec"], old["template"].get("spec") if old is not None else None)


def _validate(obj: Object) -> Errors:
    return validate_pod_template(obj["template"], "template")


def _validate_update(obj: Object, old: FrozenObject) -> Errors:
    return _validate(obj)


def _warnings(obj: Object, old: FrozenObject | None) -> Sequence[str]:
    if old is not None and not generation_changed(obj, old):
        return ()
    return pod_warnings(obj["template"]["spec"], obj["template"]["metadata"], "template.")


BEHAVIOUR: Final = Behaviour(
    default=_default,
    prepare_create=_drop,
    prepare_update=_drop,
    validate=_validate,
    validate_update=_validate_update,
    warnings=_warnings,
    has_generation=True,
)
