"""What a request asks for, read from its path, method and query; and that it is refused where rules do not allow it."""

import pytest

from orrery.api.access import attributes_of
from orrery.verbs.access import Attributes

PODS = "/api/v1/namespaces/x/pods"


@pytest.mark.parametrize(
    ("method", "path", "query", "expected"),
    [
        ("GET", PODS, b"", Attributes("list", "pods", namespace="x")),
        ("GET", PODS + "/", b"", Attributes("list", "pods", namespace="x")),
        ("GET", PODS, b"watch=1", Attributes("watch", "pods", namespace="x")),
        ("GET", "/api/v1/watch/namespaces/x/pods", b"", Attributes("watch", "pods", namespace="x")),
        ("GET", PODS, b"fieldSelector=metadata.name%3Da", Attributes("list", "pods", name="a", namespace="x")),
        ("GET", f"{PODS}/a", b"", Attributes("get", "pods", name="a", namespace="x")),
        ("POST", f"{PODS}/a/eviction", b"", Attributes("create", "pods", subresource="eviction", name="a", namespace="x")),
        ("DELETE", PODS, b"", Attributes("deletecollection", "pods", namespace="x")),
        ("PUT", "/apis/apps/v1/namespaces/x/deployments/a", b"", Attributes("update", "deployments", "apps", name="a", namespace="x")),
        ("GET", "/api/v1/namespaces/x", b"", Attributes("get", "namespaces", name="x", namespace="x")),
        ("PUT", "/api/v1/namespaces/x/finalize", b"", Attributes("update", "namespaces", subresource="finalize", name="x", namespace="x")),
        ("GET", "/api/v1/nodes", b"", Attributes("list", "nodes")),
        ("GET", "/apis/apps/v1", b"", Attributes("get", path="/apis/apps/v1")),
        ("GET", "/openapi/v2", b"", Attributes("get", path="/openapi/v2")),
    ],
)
def test_a_request_is_a_verb_on_a_resource_or_a_path(method: str, path: str, query: bytes, expected: Attributes) -> None:
    assert attributes_of(path, method, query) == expected
