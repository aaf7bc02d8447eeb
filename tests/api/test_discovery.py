"""What the server says it serves."""

import pytest

from orrery.api.discovery import Discovery, storage_version_hash, version_rank
from orrery.kinds.builtin import builtin
from orrery.kinds.catalogue import Catalogue
from orrery.kinds.kind import Kind


@pytest.fixture
def catalogue() -> Catalogue:
    return builtin()


def test_groups_come_in_upstreams_order_with_the_newest_version_first(catalogue: Catalogue) -> None:
    groups = Discovery(catalogue).group_list()["groups"]

    assert [group["name"] for group in groups][:6] == [
        "apiregistration.k8s.io",
        "apps",
        "events.k8s.io",
        "authentication.k8s.io",
        "authorization.k8s.io",
        "autoscaling",
    ]
    assert groups[5]["preferredVersion"] == {"groupVersion": "autoscaling/v2", "version": "v2"}


def test_versions_sort_by_stability_then_number() -> None:
    versions = ["v1alpha1", "v10", "v2", "v1beta2", "foo", "v1beta10"]

    assert sorted(versions, key=version_rank, reverse=True) == ["v10", "v2", "v1beta10", "v1beta2", "v1alpha1", "foo"]


def test_the_core_list_has_no_api_version_of_its_own(catalogue: Catalogue) -> None:
    document = Discovery(catalogue).resources("", "v1")

    assert list(document) == ["kind", "groupVersion", "resources"]
    assert {
        "name": "pods/eviction",
        "singularName": "",
        "namespaced": True,
        "group": "policy",
        "version": "v1",
        "kind": "Eviction",
        "verbs": ["create"],
    } in document["resources"]


def test_the_storage_version_hash_is_upstreams(catalogue: Catalogue) -> None:
    configmaps = catalogue.find("", "v1", "configmaps")
    assert configmaps is not None

    assert storage_version_hash(configmaps) == "qFsyl6wFWjQ="


def test_the_aggregated_document_changes_its_tag_with_the_catalogue(catalogue: Catalogue) -> None:
    discovery = Discovery(catalogue)
    before, tag = discovery.aggregated(core=False)
    assert discovery.aggregated(core=False) == (before, tag)

    catalogue.add(Kind("example.com", "v1", "Widget", "widgets", "widget", True, ("get", "list")))
    after, new_tag = discovery.aggregated(core=False)

    assert new_tag != tag
    assert [item["metadata"]["name"] for item in after["items"][-2:]] == ["example.com", "metrics.k8s.io"]
    assert len(after["items"]) == len(before["items"]) + 1


def test_serving_is_told_by_group_and_version(catalogue: Catalogue) -> None:
    discovery = Discovery(catalogue)

    assert discovery.serves("apps")
    assert discovery.serves("", "v1")
    assert not discovery.serves("apps", "v2")
    assert not discovery.serves("foo")
