"""What a revision holds, what it is called, which one is the present, which ones go."""

import pytest

from orrery.controllers.revisions.snapshot import (
    in_order,
    plan_present,
    plan_truncation,
    revision_name,
    snapshot_hash,
    snapshot_of,
    template_of,
)
from orrery.machinery.objects import Object, name_of


def template(image: str, *, app: str = "plain", **container: object) -> Object:
    """A template as the API stores it, with every default."""
    made: Object = {"image": image, "imagePullPolicy": "IfNotPresent", "name": "nginx", "resources": {}}
    made |= {"terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File", **container}
    spec: Object = {"containers": [made], "dnsPolicy": "ClusterFirst", "restartPolicy": "Always", "schedulerName": "default-scheduler"}
    spec |= {"securityContext": {}, "terminationGracePeriodSeconds": 30}
    return {"metadata": {"labels": {"app": app}}, "spec": spec}


def revision(number: int, image: str, *, name: str = "", created: str = "2026-01-01T00:00:00Z") -> Object:
    metadata = {"name": name or f"web-{image}", "creationTimestamp": created}
    return {"metadata": metadata, "data": snapshot_of(template(image)), "revision": number}


def test_the_data_is_a_patch_that_replaces_the_template() -> None:
    data = snapshot_of(template("nginx:1.25"))

    assert data["spec"]["template"]["$patch"] == "replace"
    assert template_of({"data": data}) == template("nginx:1.25")


def test_names_equal_those_of_a_real_cluster() -> None:
    """Measured on kube-controller-manager 1.35."""
    special = template(
        "nginx:1.25",
        app="web",
        args=["a<b&c>d"],
        ports=[{"containerPort": 80, "name": "http", "protocol": "TCP"}],
        volumeMounts=[{"mountPath": "/data", "name": "data"}],
    )

    assert snapshot_hash(template("nginx:1.25"), 0) == "5c66548cf9"
    assert snapshot_hash(special, 0) == "6dc56fd985"
    assert snapshot_hash(special, 1) != snapshot_hash(special, 0)


def test_a_long_name_keeps_its_hash() -> None:
    assert revision_name("w" * 250, "abc") == "w" * 223 + "-abc"


def test_the_order_is_number_then_age_then_name() -> None:
    first, second = revision(1, "c"), revision(2, "b", created="2026-01-01T00:00:01Z")
    third, fourth = revision(2, "a", created="2026-01-01T00:00:02Z"), revision(2, "d", created="2026-01-01T00:00:02Z")

    assert in_order([fourth, third, second, first]) == [first, second, third, fourth]


@pytest.mark.parametrize(
    ("images", "wanted", "number", "known", "old"),
    [
        ([], "blue", 1, [], []),
        (["blue"], "blue", 1, ["web-blue"], []),
        (["blue"], "green", 2, [], ["web-blue"]),
        (["blue", "green"], "blue", 3, ["web-blue"], ["web-green"]),
        (["blue", "green", "red"], "red", 3, ["web-red"], ["web-blue", "web-green"]),
    ],
)
def test_the_present_is_found_by_its_template(images: list[str], wanted: str, number: int, known: list[str], old: list[str]) -> None:
    history = [revision(index + 1, image) for index, image in enumerate(images)]

    present = plan_present(template(wanted), history)

    assert (present.number, [*map(name_of, present.known)], [*map(name_of, present.old)]) == (number, known, old)


def test_the_newest_revision_counts_when_defaults_make_it_the_same() -> None:
    """As when another version, which knew fewer defaults, wrote it."""
    older, newer = revision(1, "blue"), revision(2, "blue", name="web-other")
    for one in (older, newer):
        del one["data"]["spec"]["template"]["spec"]["dnsPolicy"]

    assert [name_of(one) for one in plan_present(template("blue"), [older, newer]).known] == ["web-other"]


@pytest.mark.parametrize(
    ("live", "limit", "counts_live", "gone"),
    [
        ("", 2, False, ["web-a", "web-b"]),
        ("a", 2, False, ["web-b"]),
        ("a", 2, True, ["web-b", "web-c"]),
        ("abcd", 0, True, []),
        ("", 0, False, ["web-a", "web-b", "web-c", "web-d"]),
        ("", 4, False, []),
        ("", -1, False, []),
    ],
)
def test_the_oldest_idle_revisions_go(live: str, limit: int, gone: list[str], *, counts_live: bool) -> None:
    history = [revision(number, image) for number, image in enumerate("abcd")]

    surplus = plan_truncation(history, lambda one: name_of(one).removeprefix("web-") in live, limit, counts_live=counts_live)

    assert [name_of(one) for one in surplus] == gone
