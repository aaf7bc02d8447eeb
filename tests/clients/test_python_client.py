"""The official Python client, as its users write it: typed and dynamic, watches that resume, lists page by page, informers that relist."""

import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client, config, dynamic, watch
from kubernetes.client.exceptions import ApiException

from tests.clients.conftest import RunningServer, Spaces, start_server

pytestmark = pytest.mark.client


@pytest.fixture(scope="module")
def api(server: RunningServer) -> Iterator[client.ApiClient]:
    with config.new_client_from_config(config_file=str(server.kubeconfig)) as connected:
        yield connected
        connected.rest_client.pool_manager.clear()


@pytest.fixture
def core(api: client.ApiClient) -> client.CoreV1Api:
    return client.CoreV1Api(api)


@pytest.fixture
def namespace(spaces: Spaces) -> str:
    return spaces.new("python")


def config_map(name: str, **data: str) -> client.V1ConfigMap:
    return client.V1ConfigMap(metadata=client.V1ObjectMeta(name=name, labels={"app": name}), data=data)


def deployment(name: str, image: str, replicas: int) -> client.V1Deployment:
    labels = {"app": name}
    container = client.V1Container(name="main", image=image)
    template = client.V1PodTemplateSpec(metadata=client.V1ObjectMeta(labels=labels), spec=client.V1PodSpec(containers=[container]))
    spec = client.V1DeploymentSpec(replicas=replicas, selector=client.V1LabelSelector(match_labels=labels), template=template)
    return client.V1Deployment(metadata=client.V1ObjectMeta(name=name), spec=spec)


def test_an_object_is_created_read_replaced_and_deleted(core: client.CoreV1Api, namespace: str) -> None:
    created = core.create_namespaced_config_map(namespace, config_map("a", x="1"))
    assert created.metadata.uid
    assert created.data == {"x": "1"}

    read = core.read_namespaced_config_map("a", namespace)
    assert read == created

    read.data = {"x": "2"}
    replaced = core.replace_namespaced_config_map("a", namespace, read)
    assert int(replaced.metadata.resource_version) > int(created.metadata.resource_version)

    gone = core.delete_namespaced_config_map("a", namespace)
    assert (gone.status, gone.details.name, gone.details.uid) == ("Success", "a", created.metadata.uid)
    with pytest.raises(ApiException) as problem:
        core.read_namespaced_config_map("a", namespace)
    assert (problem.value.status, problem.value.reason) == (404, "Not Found")


def test_who_writes_over_a_newer_version_is_refused(core: client.CoreV1Api, namespace: str) -> None:
    stale = core.create_namespaced_config_map(namespace, config_map("a", x="1"))
    core.patch_namespaced_config_map("a", namespace, {"data": {"x": "2"}})

    stale.data = {"x": "3"}
    with pytest.raises(ApiException) as problem:
        core.replace_namespaced_config_map("a", namespace, stale)

    assert problem.value.status == 409
    assert "the object has been modified; please apply your changes to the latest version and try again" in problem.value.body


def test_patches_of_three_types(core: client.CoreV1Api, api: client.ApiClient, namespace: str) -> None:
    apps = client.AppsV1Api(api)
    apps.create_namespaced_deployment(namespace, deployment("web", "nginx:1.25", 0))

    # A dict is a strategic merge: the container is found by its name. A list is a JSON patch.
    sidecar = {"spec": {"template": {"spec": {"containers": [{"name": "log", "image": "busybox"}]}}}}
    merged = apps.patch_namespaced_deployment("web", namespace, sidecar)
    assert [container.name for container in merged.spec.template.spec.containers] == ["log", "main"]

    patched = apps.patch_namespaced_deployment("web", namespace, [{"op": "remove", "path": "/spec/template/spec/containers/0"}])
    assert [container.name for container in patched.spec.template.spec.containers] == ["main"]

    resources = dynamic.DynamicClient(api).resources.get(api_version="apps/v1", kind="Deployment")
    body = {"metadata": {"annotations": {"note": "x"}}}
    noted = resources.patch(name="web", namespace=namespace, body=body, content_type="application/merge-patch+json")
    assert noted.metadata.annotations["note"] == "x"


def test_what_is_wrong_is_told_field_by_field(core: client.CoreV1Api, api: client.ApiClient, namespace: str) -> None:
    wrong = deployment("web", "", 1)
    wrong.spec.selector.match_labels = {"app": "other"}

    with pytest.raises(ApiException) as problem:
        client.AppsV1Api(api).create_namespaced_deployment(namespace, wrong)

    assert (problem.value.status, problem.value.reason) == (422, "Unprocessable Entity")
    for field in ("spec.template.metadata.labels", "spec.template.spec.containers[0].image"):
        assert f'"field":"{field}"' in problem.value.body


def test_a_list_comes_page_by_page_as_it_was_at_its_start(core: client.CoreV1Api, namespace: str) -> None:
    for number in range(7):
        core.create_namespaced_config_map(namespace, config_map(f"map-{number}"))

    names, token, pages, versions = [], None, 0, set()
    while True:
        page = core.list_namespaced_config_map(namespace, limit=3, _continue=token)
        names += [item.metadata.name for item in page.items]
        versions.add(page.metadata.resource_version)
        token, pages = page.metadata._continue, pages + 1
        if pages == 1:
            assert page.metadata.remaining_item_count == 5  # kube-root-ca.crt is the eighth.
            core.create_namespaced_config_map(namespace, config_map("map-5b"))
            core.delete_namespaced_config_map("map-6", namespace)
        if not token:
            break

    assert names == ["kube-root-ca.crt", *(f"map-{number}" for number in range(7))]
    assert pages == 3
    assert len(versions) == 1


def test_selectors_choose(core: client.CoreV1Api, namespace: str) -> None:
    for name in "abc":
        core.create_namespaced_config_map(namespace, config_map(name))

    by_label = core.list_namespaced_config_map(namespace, label_selector="app in (a,c)")
    by_field = core.list_namespaced_config_map(namespace, field_selector="metadata.name=b")

    assert [item.metadata.name for item in by_label.items] == ["a", "c"]
    assert [item.metadata.name for item in by_field.items] == ["b"]


def test_a_watch_resumes_where_another_ended(core: client.CoreV1Api, namespace: str) -> None:
    start = core.list_namespaced_config_map(namespace).metadata.resource_version
    for name in "abc":
        core.create_namespaced_config_map(namespace, config_map(name))
    core.delete_namespaced_config_map("a", namespace)
    core.create_namespaced_config_map(namespace, config_map("end"))

    first = next(events(core, namespace, start, 120))
    rest = [(kind, item.metadata.name) for kind, item in islice(events(core, namespace, first[1].metadata.resource_version, 120), 4)]

    assert (first[0], first[1].metadata.name) == ("ADDED", "a")
    assert rest == [("ADDED", "b"), ("ADDED", "c"), ("DELETED", "a"), ("ADDED", "end")]


def events(core: client.CoreV1Api, namespace: str, version: str, timeout_s: int) -> Iterator[tuple[str, Any]]:
    """One watch request, without the client's own resuming."""
    watcher = watch.Watch()
    for event in watcher.stream(core.list_namespaced_config_map, namespace, resource_version=version, timeout_seconds=timeout_s):
        yield event["type"], event["object"]


def test_bookmarks_and_initial_events_end_with_a_mark(core: client.CoreV1Api, namespace: str) -> None:
    core.create_namespaced_config_map(namespace, config_map("a"))
    stream = watch.Watch().stream(
        core.list_namespaced_config_map,
        namespace,
        send_initial_events=True,
        resource_version_match="NotOlderThan",
        allow_watch_bookmarks=True,
        timeout_seconds=120,
    )

    seen = list(islice(stream, 3))

    assert [event["raw_object"]["metadata"].get("name") for event in seen[:2]] == ["a", "kube-root-ca.crt"]
    assert seen[2]["type"] == "BOOKMARK"
    assert seen[2]["raw_object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}


def test_a_deletion_takes_options(core: client.CoreV1Api, api: client.ApiClient, namespace: str) -> None:
    created = core.create_namespaced_config_map(namespace, config_map("a"))

    with pytest.raises(ApiException) as problem:
        core.delete_namespaced_config_map("a", namespace, body=client.V1DeleteOptions(preconditions={"uid": "x"}))
    assert problem.value.status == 409

    dry = core.delete_namespaced_config_map("a", namespace, dry_run="All")
    assert dry.status == "Success"
    options = client.V1DeleteOptions(preconditions={"uid": created.metadata.uid}, propagation_policy="Foreground")
    core.delete_namespaced_config_map("a", namespace, body=options)


def test_a_collection_is_deleted_by_selector(core: client.CoreV1Api, namespace: str) -> None:
    for name in "abc":
        core.create_namespaced_config_map(namespace, config_map(name))

    core.delete_collection_namespaced_config_map(namespace, label_selector="app in (a,b)")

    assert [item.metadata.name for item in core.list_namespaced_config_map(namespace).items] == ["c", "kube-root-ca.crt"]


def test_the_dynamic_client_finds_every_kind(api: client.ApiClient, namespace: str) -> None:
    found = dynamic.DynamicClient(api)
    jobs = found.resources.get(api_version="batch/v1", kind="Job")
    template = {"spec": {"restartPolicy": "Never", "containers": [{"name": "a", "image": "busybox"}]}}

    created = jobs.create(namespace=namespace, body={"metadata": {"name": "once"}, "spec": {"template": template}})

    assert created.spec.completions == 1
    assert [item.metadata.name for item in jobs.get(namespace=namespace).items] == ["once"]
    with pytest.raises(dynamic.exceptions.ResourceNotFoundError):
        found.resources.get(api_version="example.com/v1", kind="Nothing")


def test_a_rollout_is_seen_step_by_step(core: client.CoreV1Api, api: client.ApiClient, namespace: str) -> None:
    """Seen by a watcher of ReplicaSets: never more Pods than replicas and surge, and the old ones go as the new ones come."""
    apps = client.AppsV1Api(api)
    apps.create_namespaced_deployment(namespace, deployment("web", "nginx:1.25", 4))
    roll_out(apps, namespace, "web")
    start = apps.list_namespaced_replica_set(namespace).metadata.resource_version

    new_image = {"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "nginx:1.26"}]}}}}
    apps.patch_namespaced_deployment("web", namespace, new_image)
    sizes: dict[str, int] = {}
    ready: dict[str, int] = {}
    watcher = watch.Watch()
    for event in watcher.stream(apps.list_namespaced_replica_set, namespace, resource_version=start, timeout_seconds=120):
        replicaset = event["object"]
        image = replicaset.spec.template.spec.containers[0].image
        sizes[image] = replicaset.spec.replicas
        ready[image] = replicaset.status.ready_replicas or 0
        assert sum(sizes.values()) <= 5 or len(sizes) == 1
        if (sizes, ready) == ({"nginx:1.25": 0, "nginx:1.26": 4}, {"nginx:1.25": 0, "nginx:1.26": 4}):
            watcher.stop()

    assert sizes == {"nginx:1.25": 0, "nginx:1.26": 4}
    assert roll_out(apps, namespace, "web").metadata.annotations["deployment.kubernetes.io/revision"] == "2"


def roll_out(apps: client.AppsV1Api, namespace: str, name: str) -> client.V1Deployment:
    """Watch until the Deployment is complete, as client programs do."""
    watcher = watch.Watch()
    for event in watcher.stream(apps.list_namespaced_deployment, namespace, field_selector=f"metadata.name={name}", timeout_seconds=120):
        found = event["object"]
        status, replicas = found.status, found.spec.replicas
        counts = (status.replicas, status.updated_replicas, status.available_replicas)
        if status.observed_generation == found.metadata.generation and counts == (replicas, replicas, replicas):
            watcher.stop()
            return found
    raise AssertionError(f"{name} was not rolled out")


def test_an_informer_lists_again_when_its_history_is_gone(tmp_path: Path) -> None:
    """History in memory is bounded: a version that has fallen out of it answers 410, and a new list goes on from there."""
    running = start_server(tmp_path, "--pace", "fast", "--in-memory", "--nodes", "1")
    try:
        with config.new_client_from_config(config_file=str(running.kubeconfig)) as connected:
            informer = Informer(client.CoreV1Api(connected))
            informer.synchronise()
            informer.core.create_namespaced_config_map("default", config_map("small"))
            big = config_map("big", filler="x" * 1_000_000)
            informer.core.create_namespaced_config_map("default", big)
            for _ in range(80):
                informer.core.patch_namespaced_config_map("big", "default", {"metadata": {"labels": {"at": str(time.monotonic_ns())}}})

            informer.synchronise()

            assert informer.relists == 2
            assert set(informer.objects) == {"kube-root-ca.crt", "small", "big"}
            connected.rest_client.pool_manager.clear()
    finally:
        assert running.stop() == 0


class Informer:
    """List, then watch from there; on 410 Gone list again."""

    def __init__(self, core: client.CoreV1Api) -> None:
        self.core = core
        self.objects: dict[str, client.V1ConfigMap] = {}
        self.version = ""
        self.relists = 0

    def synchronise(self) -> None:
        """Follow for a second."""
        while True:
            if not self.version:
                listed = self.core.list_namespaced_config_map("default")
                self.objects = {item.metadata.name: item for item in listed.items}
                self.version = listed.metadata.resource_version
                self.relists += 1
            try:
                for kind, item in events(self.core, "default", self.version, 1):
                    self.objects[item.metadata.name] = item
                    if kind == "DELETED":
                        del self.objects[item.metadata.name]
                    self.version = item.metadata.resource_version
            except ApiException as problem:
                assert problem.status == 410
                assert "Expired: too old resource version" in str(problem.reason)
                self.version = ""
            else:
                return
