"""Which volume a claim gets: tables of volumes, a claim, and the answer."""

from typing import Any

import pytest

from orrery.controllers.volumes.matching import class_of, find_match, has_class, is_fully_bound, is_promised, mismatch
from orrery.machinery.objects import Object, name_of


def volume(name: str, size: str = "1Gi", *modes: str, **spec: Any) -> Object:
    meta = {"name": name, "labels": spec.pop("labels", {}), **spec.pop("metadata", {})}
    phase = spec.pop("phase", "Available")
    body = {"accessModes": list(modes) or ["ReadWriteOnce"], "capacity": {"storage": size}, "volumeMode": "Filesystem", **spec}
    return {"metadata": meta, "spec": body, "status": {"phase": phase}}


def claim(size: str = "1Gi", *modes: str, **spec: Any) -> Object:
    meta = {"name": "data", "namespace": "default", "uid": "u1", **spec.pop("metadata", {})}
    body = {"accessModes": list(modes) or ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}, **spec}
    return {"metadata": meta, "spec": body}


MINE = {"name": "data", "namespace": "default"}
OTHERS = {"name": "other", "namespace": "default", "uid": "u2"}

CASES: dict[str, tuple[Object, list[Object], str]] = {
    "the smallest that is large enough": (claim("2Gi"), [volume("a", "5Gi"), volume("b", "2Gi"), volume("c", "1Gi")], "b"),
    "the first of two alike": (claim(), [volume("a", "2Gi"), volume("b", "2Gi")], "a"),
    "none is large enough": (claim("3Gi"), [volume("a", "2Gi")], ""),
    "sizes are compared as amounts": (claim("1000Mi"), [volume("a", "1G"), volume("b", "1Gi")], "b"),
    "more modes than asked for will do": (
        claim("1Gi", "ReadWriteMany"),
        [volume("a"), volume("b", "1Gi", "ReadWriteOnce", "ReadWriteMany")],
        "b",
    ),
    "fewer modes come before smaller sizes": (
        claim(),
        [volume("a", "1Gi", "ReadWriteOnce", "ReadOnlyMany"), volume("b", "9Gi")],
        "b",
    ),
    "a class must be the same": (claim(storageClassName="fast"), [volume("a"), volume("b", storageClassName="fast")], "b"),
    "the old annotation names a class too": (
        claim(metadata={"annotations": {"volume.beta.kubernetes.io/storage-class": "fast"}}),
        [volume("a"), volume("b", storageClassName="fast")],
        "b",
    ),
    "without a class only volumes without one": (claim(), [volume("a", storageClassName="fast")], ""),
    "labels are selected": (
        claim(selector={"matchLabels": {"tier": "gold"}}),
        [volume("a"), volume("b", labels={"tier": "gold"})],
        "b",
    ),
    "a block device is no file system": (claim(volumeMode="Block"), [volume("a"), volume("b", volumeMode="Block")], "b"),
    "what is bound, released or failed is not to be had": (
        claim(),
        [volume("a", claimRef=OTHERS), volume("b", phase="Released"), volume("c", phase="Pending")],
        "",
    ),
    "what is being deleted is not to be had": (claim(), [volume("a", metadata={"deletionTimestamp": "2026-01-02T03:04:05Z"})], ""),
    "what was set aside comes first": (claim(), [volume("a"), volume("b", "9Gi", claimRef=MINE, phase="Pending")], "b"),
    "what was set aside needs no class": (claim(), [volume("a", storageClassName="fast", claimRef=MINE)], "a"),
    "what was set aside must be large enough": (claim("2Gi"), [volume("a", "1Gi", claimRef=MINE)], ""),
    "what was set aside for a namesake that is gone": (claim(), [volume("a", claimRef={**MINE, "uid": "u0"})], ""),
}


@pytest.mark.parametrize("case", CASES)
def test_a_claim_gets(case: str) -> None:
    wanted, volumes, name = CASES[case]

    found = find_match(wanted, volumes)

    assert (name_of(found) if found is not None else "") == name


def test_from_a_node_only_what_can_be_reached_counts_and_modes_do_not_rank() -> None:
    volumes = [volume("far", "1Gi"), volume("near", "2Gi", "ReadWriteOnce", "ReadWriteMany"), volume("large", "3Gi")]

    found = find_match(claim(), volumes, fits=lambda one: name_of(one) != "far")

    assert found is not None and name_of(found) == "near"


def test_what_was_set_aside_and_cannot_be_reached_keeps_the_claim_from_the_node() -> None:
    assert find_match(claim(), [volume("a", claimRef=MINE), volume("b")], fits=lambda one: name_of(one) == "b") is None


def test_a_claim_that_waits_for_a_pod_takes_only_what_was_set_aside() -> None:
    assert find_match(claim(), [volume("a")], only_promised=True) is None
    found = find_match(claim(), [volume("a"), volume("b", claimRef=MINE)], only_promised=True)
    assert found is not None and name_of(found) == "b"


def test_what_another_claim_of_the_pod_has_chosen_is_left_out() -> None:
    found = find_match(claim(), [volume("a"), volume("b")], excluded={"a"})
    assert found is not None and name_of(found) == "b"


@pytest.mark.parametrize(
    ("wanted", "offered", "why"),
    [
        (claim(), volume("a"), ""),
        (claim("2Gi"), volume("a"), "requested PV is too small"),
        (claim(storageClassName="fast"), volume("a"), "storageClassName does not match"),
        (claim(volumeMode="Block"), volume("a"), "incompatible volumeMode"),
        (claim("1Gi", "ReadWriteMany"), volume("a"), "incompatible accessMode"),
        (claim(volumeAttributesClassName="gold"), volume("a"), "volumeAttributesClassName does not match"),
        (claim(), volume("a", metadata={"deletionTimestamp": "2026-01-02T03:04:05Z"}), 'the volume is marked for deletion "a"'),
    ],
)
def test_a_volume_asked_for_by_name_is_refused_with_upstreams_words(wanted: Object, offered: Object, why: str) -> None:
    assert mismatch(offered, wanted) == why


def test_a_promise_is_to_a_name_until_it_is_to_a_uid() -> None:
    assert is_promised(volume("a", claimRef=MINE), claim())
    assert is_promised(volume("a", claimRef={**MINE, "uid": "u1"}), claim())
    assert not is_promised(volume("a", claimRef={**MINE, "uid": "u0"}), claim())
    assert not is_promised(volume("a", claimRef={**MINE, "namespace": "other"}), claim())
    assert not is_promised(volume("a"), claim())


def test_an_empty_class_is_a_wish_for_none() -> None:
    assert has_class(claim(storageClassName="")) and class_of(claim(storageClassName="")) == ""
    assert not has_class(claim())


def test_a_claim_is_bound_when_both_sides_say_so() -> None:
    done = {"annotations": {"pv.kubernetes.io/bind-completed": "yes"}}
    assert is_fully_bound(claim(volumeName="a", metadata=done))
    assert not is_fully_bound(claim(volumeName="a"))
    assert not is_fully_bound(claim(metadata=done))
