"""Who may do what, by roles and bindings; and that nobody gives away more than he has."""

from typing import Any

import pytest

from orrery.auth.escalation import RoleEscalation
from orrery.auth.rbac import RbacAuthorizer, allows
from orrery.kinds.builtin import builtin
from orrery.machinery.clock import VirtualClock
from orrery.machinery.errors import Forbidden
from orrery.machinery.objects import Object
from orrery.settings import Settings
from orrery.store.memory_log import MemoryLog
from orrery.verbs.access import Attributes, refusal
from orrery.verbs.call import Call, DeleteOptions, User
from orrery.verbs.verbs import Verbs

GROUP = "rbac.authorization.k8s.io"
JANE = User("jane", ("devs", "system:authenticated"))
READ: Object = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}
KINDS = builtin()


class Rights:
    """A control plane that knows roles."""

    def __init__(self) -> None:
        self.log = MemoryLog()
        self.authorizer = RbacAuthorizer(self.log)
        admission = (RoleEscalation(self.authorizer),)
        self.verbs = Verbs(log=self.log, catalogue=KINDS, clock=VirtualClock(), settings=Settings(), admission=admission)

    async def create(self, resource: str, obj: Object, namespace: str = "", **more: Any) -> None:
        await self.verbs.create(Call(KINDS.stored(f"{resource}.{GROUP}"), namespace, **more), obj)

    async def role(self, name: str, *rules: Object, namespace: str = "") -> None:
        await self.create("roles" if namespace else "clusterroles", {"metadata": {"name": name}, "rules": list(rules)}, namespace)

    async def bind(self, name: str, subject: Object, role: str, namespace: str = "", kind: str = "ClusterRole", **more: Any) -> None:
        body = {"metadata": {"name": name}, "subjects": [subject], "roleRef": {"kind": kind, "name": role, "apiGroup": GROUP}}
        await self.create("rolebindings" if namespace else "clusterrolebindings", body, namespace, **more)

    def may(self, user: User, verb: str, resource: str, namespace: str = "default", **more: str) -> bool:
        return self.authorizer.authorize(user, Attributes(verb, resource, namespace=namespace, **more)).allowed


@pytest.fixture
async def rights() -> Rights:
    made = Rights()
    for name in ("default", "other"):
        await made.verbs.create(Call(KINDS.stored("namespaces")), {"metadata": {"name": name}})
    return made


def user(name: str) -> Object:
    return {"kind": "User", "name": name, "apiGroup": GROUP}


async def test_nobody_may_anything_until_somebody_lets_him(rights: Rights) -> None:
    assert not rights.may(JANE, "get", "pods")
    assert rights.may(User("root", ("system:masters",)), "get", "pods")


async def test_a_role_binding_holds_in_its_namespace_only(rights: Rights) -> None:
    await rights.role("reader", READ, namespace="default")
    await rights.bind("jane", user("jane"), "reader", "default", kind="Role")

    assert rights.may(JANE, "list", "pods")
    assert not rights.may(JANE, "list", "pods", namespace="other")
    assert not rights.may(JANE, "list", "pods", namespace="")
    assert not rights.may(JANE, "delete", "pods")


async def test_groups_and_service_accounts_are_subjects_too(rights: Rights) -> None:
    await rights.role("reader", READ)
    await rights.bind("devs", {"kind": "Group", "name": "devs", "apiGroup": GROUP}, "reader")
    await rights.bind("robot", {"kind": "ServiceAccount", "name": "bot", "namespace": "default"}, "reader", "other")

    assert rights.may(JANE, "get", "pods", namespace="")
    assert rights.may(User("system:serviceaccount:default:bot"), "get", "pods", namespace="other")
    assert not rights.may(User("system:serviceaccount:other:bot"), "get", "pods", namespace="other")


async def test_a_change_of_a_binding_counts_at_once(rights: Rights) -> None:
    await rights.role("reader", READ)
    await rights.bind("jane", user("jane"), "reader")
    assert rights.may(JANE, "get", "pods")

    await rights.verbs.delete(Call(KINDS.stored(f"clusterrolebindings.{GROUP}"), "", "jane"), DeleteOptions())
    assert not rights.may(JANE, "get", "pods")


async def test_the_reason_names_binding_role_and_subject(rights: Rights) -> None:
    await rights.role("reader", READ, namespace="default")
    await rights.bind("jane", user("jane"), "reader", "default", kind="Role")
    await rights.bind("broken", user("bob"), "missing")

    allowed = rights.authorizer.authorize(JANE, Attributes("get", "pods", namespace="default"))
    denied = rights.authorizer.authorize(User("bob"), Attributes("get", "pods"))

    assert allowed.reason == 'RBAC: allowed by RoleBinding "jane/default" of Role "reader" to User "jane"'
    assert denied.reason == f'RBAC: clusterrole.{GROUP} "missing" not found'


@pytest.mark.parametrize(
    ("rule", "attributes", "expected"),
    [
        ({**READ, "resources": ["*/scale"]}, Attributes("get", "deployments", subresource="scale"), True),
        (READ, Attributes("get", "pods", subresource="log"), False),
        ({**READ, "resources": ["pods/log"]}, Attributes("get", "pods", subresource="log"), True),
        ({**READ, "resourceNames": ["a"]}, Attributes("get", "pods", name="a"), True),
        ({**READ, "resourceNames": ["a"]}, Attributes("list", "pods"), False),
        ({**READ, "verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}, Attributes("foo", "x", "y", "z"), True),
        ({"nonResourceURLs": ["/healthz/*"], "verbs": ["get"]}, Attributes("get", path="/healthz/etcd"), True),
        ({"nonResourceURLs": ["/healthz"], "verbs": ["get"]}, Attributes("get", path="/healthz/etcd"), False),
    ],
)
def test_rules_allow_what_they_say(rule: Object, attributes: Attributes, *, expected: bool) -> None:
    assert allows(rule, attributes) is expected


async def test_nobody_grants_what_he_does_not_have(rights: Rights) -> None:
    await rights.role("reader", READ)
    await rights.role("writer", {**READ, "verbs": ["create"]})
    await rights.bind("jane", user("jane"), "reader")

    await rights.bind("more", user("bob"), "reader", "default", user=JANE)
    with pytest.raises(Forbidden) as caught:
        await rights.bind("too-much", user("bob"), "writer", "default", user=JANE)

    assert caught.value.message == (
        f'rolebindings.{GROUP} "too-much" is forbidden: user "jane" (groups=["devs" "system:authenticated"]) is attempting to grant'
        ' RBAC permissions not currently held:\n{APIGroups:[""], Resources:["pods"], Verbs:["create"]}'
    )


async def test_who_may_bind_needs_no_rights_of_his_own(rights: Rights) -> None:
    await rights.role("writer", {**READ, "verbs": ["create"]})
    await rights.role("binder", {"apiGroups": [GROUP], "resources": ["clusterroles"], "verbs": ["bind"], "resourceNames": ["writer"]})
    await rights.bind("jane", user("jane"), "binder")

    await rights.bind("fine", user("bob"), "writer", "default", user=JANE)

    assert rights.may(User("bob"), "create", "pods")


def test_refusals_are_upstream_s_words() -> None:
    in_namespace = refusal(JANE, Attributes("list", "configmaps", namespace="default"))
    of_part = refusal(JANE, Attributes("patch", "deployments", "apps", "scale", "web"))
    of_path = refusal(JANE, Attributes("get", path="/metrics"))

    text = 'configmaps is forbidden: User "jane" cannot list resource "configmaps" in API group "" in the namespace "default"'
    assert in_namespace.status()["message"] == text
    text = 'deployments.apps "web" is forbidden: User "jane" cannot patch resource "deployments/scale" in API group "apps" at the cluster'
    text += " scope"
    assert of_part.status()["message"] == text
    assert of_path.status()["message"] == 'forbidden: User "jane" cannot get path "/metrics"'
