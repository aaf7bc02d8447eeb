"""`kubectl --as`: who the request is then, and who may ask for it."""

import pytest

from orrery.api.impersonation import impersonated
from orrery.machinery.errors import ApiError
from orrery.verbs.access import PrivilegedOnly
from orrery.verbs.call import SYSTEM_ADMIN, User

JANE = User("jane", ("system:authenticated",))
Headers = list[tuple[bytes, bytes]]


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([(b"impersonate-user", b"joe")], User("joe", ("system:authenticated",))),
        (
            [(b"impersonate-user", b"joe"), (b"impersonate-group", b"a"), (b"impersonate-group", b"b"), (b"impersonate-uid", b"5")],
            User("joe", ("a", "b", "system:authenticated"), "5"),
        ),
        (
            [(b"impersonate-user", b"system:serviceaccount:dev:robot")],
            User(
                "system:serviceaccount:dev:robot",
                ("system:serviceaccounts", "system:serviceaccounts:dev", "system:authenticated"),
            ),
        ),
        ([(b"impersonate-user", b"system:anonymous")], User("system:anonymous", ("system:unauthenticated",))),
        (
            [(b"impersonate-user", b"joe"), (b"impersonate-extra-acme%2fscope", b"x")],
            User("joe", ("system:authenticated",), "", {"acme/scope": ("x",)}),
        ),
        ([(b"accept", b"*/*")], SYSTEM_ADMIN),
    ],
)
def test_an_administrator_may_be_anybody(headers: Headers, expected: User) -> None:
    assert impersonated(SYSTEM_ADMIN, headers, PrivilegedOnly()) == expected


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ([(b"impersonate-group", b"x")], "requested [{Group  x    }] without impersonating a user"),
        (
            [(b"impersonate-extra-foo%2fbar", b"x"), (b"impersonate-uid", b"5")],
            "requested [{UserExtra  x  authentication.k8s.io/v1  foo/bar} {UID  5  authentication.k8s.io/v1  }] "
            "without impersonating a user",
        ),
        (
            [(b"impersonate-user", b"x")],
            'users "x" is forbidden: User "jane" cannot impersonate resource "users" in API group "" at the cluster scope',
        ),
        (
            [(b"impersonate-user", b"system:serviceaccount:a:b")],
            'serviceaccounts "b" is forbidden: User "jane" cannot impersonate resource "serviceaccounts" in API group "" '
            'in the namespace "a"',
        ),
    ],
)
def test_others_are_refused_in_upstreams_words(headers: Headers, message: str) -> None:
    with pytest.raises(ApiError) as caught:
        impersonated(JANE, headers, PrivilegedOnly())

    assert caught.value.message == message
