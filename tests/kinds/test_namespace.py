"""Namespaces: the label that follows the name, the finalizer, the phase."""

from orrery.kinds.cluster.namespace import BEHAVIOUR, validate_finalize
from orrery.machinery.objects import Object


def test_a_new_one_is_active_and_carries_its_name_and_the_finalizer() -> None:
    obj: Object = {"metadata": {"name": "dev"}}
    assert BEHAVIOUR.default is not None and BEHAVIOUR.prepare_create is not None

    BEHAVIOUR.default(obj)
    BEHAVIOUR.prepare_create(obj)

    assert obj == {
        "metadata": {"name": "dev", "labels": {"kubernetes.io/metadata.name": "dev"}},
        "spec": {"finalizers": ["kubernetes"]},
        "status": {"phase": "Active"},
    }


def test_a_generated_name_gets_its_label_after_validation() -> None:
    obj: Object = {"metadata": {"generateName": "dev-"}}
    assert BEHAVIOUR.default is not None and BEHAVIOUR.canonicalize is not None
    BEHAVIOUR.default(obj)
    obj["metadata"]["name"] = "dev-x2x4z"

    BEHAVIOUR.canonicalize(obj)

    assert obj["metadata"]["labels"] == {"kubernetes.io/metadata.name": "dev-x2x4z"}


def test_an_update_cannot_touch_the_finalizers() -> None:
    obj: Object = {"metadata": {"name": "dev"}, "spec": {"finalizers": ["a/b"]}}
    assert BEHAVIOUR.prepare_update is not None

    BEHAVIOUR.prepare_update(obj, {"metadata": {"name": "dev"}, "spec": {"finalizers": ["kubernetes"]}})

    assert obj["spec"] == {"finalizers": ["kubernetes"]}


def test_finalizers_are_standard_or_qualified() -> None:
    errors = validate_finalize({"metadata": {"name": "dev"}, "spec": {"finalizers": ["kubernetes", "mine", "a.b/c"]}})

    assert [str(error) for error in errors] == [
        'spec.finalizers[1]: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified'
    ]
