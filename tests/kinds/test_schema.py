"""The table of structs and the catalogue of built-in kinds."""

from orrery.kinds.builtin import builtin
from orrery.kinds.structs.schema import find_struct, struct, struct_ids, struct_of

CATALOGUE = builtin()


def test_every_kind_has_a_struct_and_most_have_a_list() -> None:
    for kind in CATALOGUE:
        assert struct_of(kind).is_object
        if "list" in kind.verbs:
            assert find_struct(kind.group, kind.version, kind.list_kind) is not None


def test_every_struct_of_the_table_can_be_read() -> None:
    assert all(struct(name).id == name for name in struct_ids())


def test_a_field_knows_how_its_list_merges() -> None:
    ports = struct("io.k8s.api.core.v1.Container").fields["ports"]

    assert (ports.merge_key, ports.strategies, ports.list_type, ports.list_keys) == (
        "containerPort",
        ("merge",),
        "map",
        ("containerPort", "protocol"),
    )
    assert ports.type.go == "[]v1.ContainerPort"


def test_an_inline_field_knows_the_struct_it_comes_from() -> None:
    assert struct("io.k8s.api.core.v1.Volume").fields["hostPath"].via == ("VolumeSource",)


def test_enumerations_are_known() -> None:
    assert struct("io.k8s.api.core.v1.ContainerPort").fields["protocol"].enum == ("SCTP", "TCP", "UDP")


def test_kinds_carry_their_names_and_subresources() -> None:
    deployment = CATALOGUE.find("apps", "v1", "deployments")

    assert deployment is not None
    assert (deployment.kind, deployment.short_names, deployment.categories, deployment.namespaced) == (
        "Deployment",
        ("deploy",),
        ("all",),
        True,
    )
    scale = deployment.subresource("scale")
    assert scale is not None
    assert (scale.group, scale.version, scale.kind) == ("autoscaling", "v1", "Scale")


def test_converted_kinds_share_the_bucket_of_what_is_stored() -> None:
    old, events = CATALOGUE.find("autoscaling", "v1", "horizontalpodautoscalers"), CATALOGUE.find("events.k8s.io", "v1", "events")

    assert old is not None
    assert old.bucket == "horizontalpodautoscalers.autoscaling"
    assert events is not None
    assert events.bucket == "events"
