"""Service account tokens in volumes: promised when mounted, signed when looked at, replaced before they end."""

import pytest

from orrery.machinery.clock import VirtualClock
from orrery.node.environment import ConfigError
from orrery.node.files.content import MadeContent
from orrery.node.volumes.tokens import PodTokens
from orrery.settings import FAST
from orrery.verbs.account_tokens import Claims
from orrery.verbs.client import Client
from tests.node.cluster import NodeCluster

POD = {
    "metadata": {"name": "web", "namespace": "default", "uid": "pod-uid"},
    "spec": {"serviceAccountName": "robot", "nodeName": "orrery-worker"},
}


class Notary:
    """Signs by writing down."""

    def __init__(self) -> None:
        self.signed: list[Claims] = []

    def __call__(self, claims: Claims) -> str:
        self.signed.append(claims)
        return f"token-{len(self.signed)}"


async def _client() -> tuple[Client, VirtualClock]:
    cluster = NodeCluster(FAST)
    await cluster.client.create("namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}})
    await cluster.create("ServiceAccount", "serviceaccounts", "robot")
    return cluster.client, cluster.clock


async def test_what_nobody_looks_at_is_not_signed() -> None:
    client, clock = await _client()
    notary = Notary()
    content = MadeContent(PodTokens(client, clock, notary)(POD, {"audience": "vault", "expirationSeconds": 600}))
    assert notary.signed == []

    assert content.size == len(b"token-1")
    assert content.read(0, 100) == b"token-1"
    assert content.copy().read(6, 1) == b"1"

    (claims,) = notary.signed
    assert (claims["aud"], claims["exp"] - claims["iat"]) == (["vault"], 600)
    assert claims["kubernetes.io"]["pod"] == {"name": "web", "uid": "pod-uid"}
    assert claims["kubernetes.io"]["node"] == {"name": "orrery-worker"}


async def test_a_token_is_replaced_after_four_fifths_of_its_life() -> None:
    client, clock = await _client()
    tokens, wish = PodTokens(client, clock, Notary()), {"expirationSeconds": 600}
    first = tokens(POD, wish)
    assert tokens.due_s() == clock.now_s() + 480

    await clock.advance(479)
    assert tokens(POD, wish) is first
    await clock.advance(1)
    assert tokens(POD, wish) is not first


async def test_no_token_without_its_account() -> None:
    client, clock = await _client()
    await client.delete("serviceaccounts", "default", "robot")

    with pytest.raises(ConfigError, match='failed to fetch token: serviceaccounts "robot" not found'):
        PodTokens(client, clock, Notary())(POD, {})
