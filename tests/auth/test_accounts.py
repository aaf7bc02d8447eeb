"""Service account tokens: who signs them, whom they stand for, and when they are no good any more."""

import base64
from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest

from orrery.auth.issuer import Issuer
from orrery.auth.keys import Keys
from orrery.auth.tokens import Authenticator, Token
from orrery.machinery.errors import ApiError, Unauthorized
from orrery.machinery.objects import Object
from orrery.testing.simulation import Simulation, pod
from orrery.verbs.call import ANONYMOUS, SYSTEM_ADMIN, Call, User

ISSUER = "https://kubernetes.default.svc"


@pytest.fixture
async def cluster() -> AsyncIterator[Simulation]:
    async with Simulation() as made:
        await made.settle()
        yield made


async def request(cluster: Simulation, spec: Object | None = None, **fields: object) -> Object:
    """The answer to a TokenRequest for the account `default`."""
    kind = cluster.cluster.catalogue.stored("serviceaccounts")
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", **fields, "spec": spec or {}}
    record = await cluster.cluster.verbs.create(Call(kind, "default", "default", "token"), body)
    answer: Object = orjson.loads(record.body)
    return answer


def authenticator(cluster: Simulation, *tokens: Token) -> Authenticator:
    return Authenticator(tokens, cluster.cluster.accounts)


def said(token: str) -> Object:
    part = token.split(".")[1]
    claims: Object = orjson.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims


async def test_a_request_is_answered_as_upstream_does(cluster: Simulation) -> None:
    answer = await request(cluster, {"audiences": ["x"], "expirationSeconds": 600})

    account = cluster.get("serviceaccounts", "default")
    assert answer["metadata"]["uid"] == account["metadata"]["uid"]
    assert answer["spec"] == {"audiences": ["x"], "expirationSeconds": 600, "boundObjectRef": None}
    claims = said(answer["status"]["token"])
    assert list(claims) == ["aud", "exp", "iat", "iss", "jti", "kubernetes.io", "nbf", "sub"]
    assert (claims["aud"], claims["exp"] - claims["iat"], claims["iss"]) == (["x"], 600, ISSUER)
    assert claims["kubernetes.io"] == {"namespace": "default", "serviceaccount": {"name": "default", "uid": account["metadata"]["uid"]}}
    assert claims["sub"] == "system:serviceaccount:default:default"


@pytest.mark.parametrize(
    ("spec", "fields", "message"),
    [
        (
            {"expirationSeconds": 60},
            {},
            'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 60: '
            "may not specify a duration less than 10 minutes",
        ),
        (
            {"expirationSeconds": 1 << 33},
            {},
            'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 8589934592: '
            "may not specify a duration larger than 2^32 seconds",
        ),
        (
            {},
            {"metadata": {"name": "foo"}},
            'TokenRequest.authentication.k8s.io "default" is invalid: metadata.name: Invalid value: "foo": '
            "must match the service account name if specified",
        ),
        ({"boundObjectRef": {"kind": "Foo", "apiVersion": "v1", "name": "x"}}, {}, "cannot bind token to object of type /v1, Kind=Foo"),
        ({"boundObjectRef": {"kind": "Pod", "apiVersion": "v1", "name": "x"}}, {}, 'pods "x" not found'),
        (
            {"boundObjectRef": {"kind": "Node", "apiVersion": "v1", "name": "orrery-worker", "uid": "z"}},
            {},
            'Operation cannot be fulfilled on Node "orrery-worker": the UID in the bound object reference (z) does not match',
        ),
    ],
)
async def test_bad_requests_are_refused_in_upstreams_words(cluster: Simulation, spec: Object, fields: Object, message: str) -> None:
    with pytest.raises(ApiError) as caught:
        await request(cluster, spec, **fields)

    assert caught.value.message.startswith(message)


async def test_a_token_stands_for_its_account(cluster: Simulation) -> None:
    token = (await request(cluster))["status"]["token"]

    user = authenticator(cluster).authenticate(token)

    assert user.name == "system:serviceaccount:default:default"
    assert user.groups == ("system:serviceaccounts", "system:serviceaccounts:default", "system:authenticated")
    assert user.extra == {"authentication.kubernetes.io/credential-id": (f"JTI={said(token)['jti']}",)}


async def test_a_token_of_a_pod_says_where_it_runs_and_ends_with_it(cluster: Simulation) -> None:
    await cluster.apply(pod("web", terminationGracePeriodSeconds=0))
    await cluster.settle()
    answer = await request(cluster, {"expirationSeconds": 3607, "boundObjectRef": {"kind": "Pod", "apiVersion": "v1", "name": "web"}})
    token, node = answer["status"]["token"], cluster.get("pods", "web")["spec"]["nodeName"]
    claims = said(token)
    assert claims["exp"] - claims["iat"] == 365 * 24 * 3600
    assert claims["kubernetes.io"]["warnafter"] - claims["iat"] == 3607

    extra = authenticator(cluster).authenticate(token).extra
    assert extra["authentication.kubernetes.io/pod-name"] == ("web",)
    assert extra["authentication.kubernetes.io/node-name"] == (node,)

    await cluster.delete("pods", "web")
    await cluster.settle()
    gone = authenticator(cluster).review_token(token, ())
    assert (gone.user, gone.error) == (None, "[invalid bearer token, service account token has been invalidated]")


async def test_what_is_no_good_is_refused(cluster: Simulation) -> None:
    good = (await request(cluster, {"expirationSeconds": 600}))["status"]["token"]
    foreign = (await request(cluster, {"audiences": ["x"]}))["status"]["token"]
    asks = authenticator(cluster)

    for token in (good + "x", foreign, good.replace(".", ".e30.", 1).rsplit(".", 1)[0]):
        if asks.review_token(token, ()).error != "invalid bearer token":
            with pytest.raises(Unauthorized):
                asks.authenticate(token)
    assert asks.review_token(foreign, ["x", "y"]).audiences == ["x"]
    assert asks.review_token(foreign, ()).error == (
        f'[invalid bearer token, token audiences ["x"] is invalid for the target audiences ["{ISSUER}"]]'
    )

    await cluster.advance(661)
    assert asks.review_token(good, ()).error == "[invalid bearer token, service account token has expired]"


@pytest.mark.parametrize("issuer", [[], {}, 1, None])
async def test_a_token_whose_issuer_is_no_text_is_not_ours(cluster: Simulation, issuer: object) -> None:
    part = base64.urlsafe_b64encode(orjson.dumps({"iss": issuer})).rstrip(b"=").decode()
    asks = authenticator(cluster, Token("known", User("jane")))

    with pytest.raises(Unauthorized):
        asks.authenticate(f"{part}.{part}.x")


async def test_a_new_account_of_the_same_name_does_not_inherit_tokens(cluster: Simulation) -> None:
    token = (await request(cluster))["status"]["token"]

    await cluster.delete("serviceaccounts", "default")
    await cluster.settle()

    assert "does not match claim" in authenticator(cluster).review_token(token, ()).error


async def test_without_static_tokens_others_are_the_administrator_outside_and_nobody_inside(cluster: Simulation) -> None:
    asks = authenticator(cluster)

    assert asks.authenticate("") is SYSTEM_ADMIN
    assert asks.authenticate("", is_inside=True) is ANONYMOUS
    with pytest.raises(Unauthorized):
        asks.authenticate("anything", is_inside=True)
    static = authenticator(cluster, Token("secret", User("jane")))
    assert static.review_token("secret", ()).audiences == [ISSUER]
    assert static.review_token("secret", ["other"]).error == "invalid bearer token"


async def test_a_secret_gets_a_token_and_goes_with_its_account(cluster: Simulation) -> None:
    await cluster.client.create(
        "serviceaccounts", {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot", "namespace": "default"}}
    )
    meta = {"name": "robot-token", "namespace": "default", "annotations": {"kubernetes.io/service-account.name": "robot"}}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "type": "kubernetes.io/service-account-token"}
    await cluster.client.create("secrets", secret)
    await cluster.settle()

    data = cluster.get("secrets", "robot-token")["data"]
    assert base64.b64decode(data["namespace"]) == b"default"
    assert base64.b64decode(data["ca.crt"]).startswith(b"-----BEGIN CERTIFICATE-----")
    token = base64.b64decode(data["token"]).decode()
    assert authenticator(cluster).authenticate(token).name == "system:serviceaccount:default:robot"

    await cluster.delete("serviceaccounts", "robot")
    await cluster.settle()

    assert cluster.client.get("secrets", "default", "robot-token") is None
    assert authenticator(cluster).review_token(token, ()).error == "[invalid bearer token, Token has been invalidated]"


async def test_a_secret_that_is_given_to_another_account_does_not_go_with_the_first(cluster: Simulation) -> None:
    for name in ("first", "second"):
        await cluster.client.create(
            "serviceaccounts", {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": "default"}}
        )
    meta = {"name": "token", "namespace": "default", "annotations": {"kubernetes.io/service-account.name": "first"}}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "type": "kubernetes.io/service-account-token"}
    await cluster.client.create("secrets", secret)
    await cluster.settle()
    uid = cluster.get("serviceaccounts", "second")["metadata"]["uid"]
    given = {"kubernetes.io/service-account.name": "second", "kubernetes.io/service-account.uid": uid}
    await cluster.client.patch("secrets", "default", "token", {"metadata": {"annotations": given}})

    await cluster.delete("serviceaccounts", "first")
    await cluster.settle()
    assert cluster.client.get("secrets", "default", "token") is not None

    await cluster.delete("serviceaccounts", "second")
    await cluster.settle()
    assert cluster.client.get("secrets", "default", "token") is None


def test_keys_are_kept_for_their_owners_eyes_only(tmp_path: Path) -> None:
    keys = Keys(tmp_path)
    token = Issuer(keys).sign({"sub": "x"})

    assert keys.certificate == Keys(tmp_path).certificate
    assert Issuer(Keys(tmp_path)).read(token)["iss"] == ISSUER
    assert {file.name: file.stat().st_mode & 0o777 for file in (tmp_path / "pki").iterdir()} == dict.fromkeys(
        ("sa.key", "ca.key", "ca.crt"), 0o600
    )


def test_the_authority_may_be_made_by_another_process(tmp_path: Path) -> None:
    keys = Keys(tmp_path)
    keys.begin()

    assert keys.certificate.startswith("-----BEGIN CERTIFICATE-----")
    assert (tmp_path / "pki" / "ca.key").read_bytes().startswith(b"-----BEGIN PRIVATE KEY-----")
    keys.end()
