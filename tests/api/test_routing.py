"""Paths and methods, as the real server's router answers them."""

import pytest

from orrery.api.failures import WrongMethod
from orrery.api.routing import Router
from orrery.kinds.catalogue import Catalogue
from orrery.kinds.kind import Kind, Subresource
from orrery.machinery.errors import PathNotFound

ALL = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
STATUS = Subresource("status", "Pod", ("get", "patch", "update"))
PODS = Kind("", "v1", "Pod", "pods", "pod", True, ALL, subresources=(STATUS, Subresource("proxy", "PodProxyOptions", ("get", "create"))))
NAMESPACES = Kind("", "v1", "Namespace", "namespaces", "namespace", False, ALL[:2] + ALL[3:], subresources=(STATUS,))
DEPLOYMENTS = Kind("apps", "v1", "Deployment", "deployments", "deployment", True, ALL)
REVIEWS = Kind("authorization.k8s.io", "v1", "SelfSubjectAccessReview", "selfsubjectaccessreviews", "", False, ("create",))
BINDINGS = Kind("", "v1", "Binding", "bindings", "binding", True, ("create",))


@pytest.fixture
def router() -> Router:
    return Router(Catalogue((PODS, NAMESPACES, DEPLOYMENTS, REVIEWS, BINDINGS)))


@pytest.mark.parametrize(
    ("method", "path", "meaning"),
    [
        ("GET", "/api/v1/pods", ("list", "pods", "", "", "")),
        ("GET", "/api/v1/namespaces/default/pods", ("list", "pods", "default", "", "")),
        ("GET", "/api/v1/namespaces/default/pods/", ("list", "pods", "default", "", "")),
        ("POST", "/api/v1/namespaces/default/pods", ("create", "pods", "default", "", "")),
        ("DELETE", "/api/v1/namespaces/default/pods", ("deletecollection", "pods", "default", "", "")),
        ("GET", "/api/v1/namespaces/default/pods/web", ("get", "pods", "default", "web", "")),
        ("PUT", "/api/v1/namespaces/default/pods/web", ("update", "pods", "default", "web", "")),
        ("PATCH", "/api/v1/namespaces/default/pods/web/status", ("patch", "pods", "default", "web", "status")),
        ("GET", "/api/v1/namespaces/default/pods/web/proxy/a/b", ("connect", "pods", "default", "web", "proxy")),
        ("GET", "/api/v1/namespaces", ("list", "namespaces", "", "", "")),
        ("GET", "/api/v1/namespaces/default", ("get", "namespaces", "", "default", "")),
        ("GET", "/api/v1/namespaces/default/status", ("get", "namespaces", "", "default", "status")),
        ("GET", "/api/v1/watch/pods", ("watch", "pods", "", "", "")),
        ("GET", "/api/v1/watch/namespaces/default/pods/web", ("watch", "pods", "default", "web", "")),
        ("GET", "/api/v1/watch/namespaces/default", ("watch", "namespaces", "", "default", "")),
        ("DELETE", "/apis/apps/v1/namespaces/default/deployments/web", ("delete", "deployments", "default", "web", "")),
        ("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", ("create", "selfsubjectaccessreviews", "", "", "")),
    ],
)
def test_a_path_and_a_method_name_a_verb_and_its_object(router: Router, method: str, path: str, meaning: tuple[str, ...]) -> None:
    target = router.target(path, method)

    assert (target.verb, target.served.kind.resource, target.namespace, target.name, target.subresource) == meaning


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/foos",
        "/api/v1/pods/web",
        "/api/v1/bindings",
        "/api/v1//namespaces",
        "/api/v1/namespaces/default/namespaces",
        "/api/v1/namespaces/default/foos",
        "/api/v1/namespaces/default/pods/web/foo",
        "/api/v1/namespaces/default/pods/web/status/more",
        "/api/v1/watch/pods/web",
        "/api/v1/watch",
        "/apis/apps/v1/pods",
        "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews/x",
    ],
)
def test_a_path_nobody_serves_is_not_found(router: Router, path: str) -> None:
    with pytest.raises(PathNotFound):
        router.target(path, "GET")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v1/pods"),
        ("DELETE", "/api/v1/pods"),
        ("DELETE", "/api/v1/namespaces"),
        ("PUT", "/api/v1/namespaces/default/pods"),
        ("POST", "/api/v1/namespaces/default/pods/web"),
        ("OPTIONS", "/api/v1/namespaces"),
        ("HEAD", "/api/v1/namespaces"),
        ("POST", "/api/v1/watch/pods"),
        ("GET", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"),
    ],
)
def test_a_known_path_with_another_method_is_not_allowed(router: Router, method: str, path: str) -> None:
    with pytest.raises(WrongMethod):
        router.target(path, method)


def test_a_kind_that_replaces_another_is_served_at_once(router: Router) -> None:
    catalogue = Catalogue((PODS,))
    router = Router(catalogue)
    router.target("/api/v1/pods", "GET")

    catalogue.add(Kind("", "v1", "Pod", "pods", "pod", True, ("get",)))

    with pytest.raises(PathNotFound):
        router.target("/api/v1/pods", "GET")
