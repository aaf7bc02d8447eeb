"""The questions that are the same for every kind, and those about subresources, reviews, watches and discovery."""

from typing import Any

from tests.parity.samples import NAMESPACE, SAMPLES, Object, meta, path_of, pod_spec, sample
from tests.parity.steps import APPS, JSON, JSON_PATCH, MERGE, NS, PARTIAL, STRATEGIC, TABLE, YAML, Step

AGGREGATED = {"Accept": "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"}
AUTHORIZATION = "authorization.k8s.io"
RBAC = "rbac.authorization.k8s.io"


def verb_steps(label: str, path: str, one: str, body: Object) -> list[Step]:
    """What can be asked of any object that is there."""
    name = body["metadata"]["name"]
    own = {**body["metadata"], "annotations": {"put": "yes"}}
    partly = f"{path}?labelSelector=suite%3Dparity&fieldSelector=metadata.name%3D{name}"
    dry = f"{path}?dryRun=All"
    return [
        Step(f"{label}: put", "PUT", one, JSON, {**body, "metadata": own}),
        Step(f"{label}: put an old version", "PUT", one, JSON, {**body, "metadata": {**own, "resourceVersion": "1"}}),
        Step(f"{label}: put without spec", "PUT", f"{one}?dryRun=All", JSON, _only_metadata(body)),
        Step(f"{label}: patch the spec away", "PATCH", f"{one}?dryRun=All", MERGE, {"spec": None, "data": None, "rules": None}),
        Step(f"{label}: JSON patch", "PATCH", one, JSON_PATCH, [{"op": "add", "path": "/metadata/annotations/put", "value": "no"}]),
        Step(f"{label}: status", "GET", f"{one}/status", None, None, PARTIAL),
        Step(f"{label}: put the status", "PUT", f"{one}/status?dryRun=All", JSON, {**body, "status": {}}),
        Step(f"{label}: patch the status", "PATCH", f"{one}/status?dryRun=All", MERGE, {"metadata": {"labels": {"by": "status"}}}),
        Step(f"{label}: status of the wrong type", "PATCH", f"{one}/status?dryRun=All", MERGE, {"status": "well"}),
        Step(f"{label}: spec of the wrong type", "POST", dry, JSON, {**body, "metadata": meta("other"), "spec": "well"}),
        Step(f"{label}: bad name", "POST", dry, JSON, {**body, "metadata": meta("Not_A!Name")}),
        Step(f"{label}: generated name", "POST", dry, JSON, {**body, "metadata": {"generateName": "gen-"}}),
        Step(f"{label}: missing", "GET", f"{path}/missing"),
        Step(f"{label}: delete what is missing", "DELETE", f"{path}/missing"),
        Step(f"{label}: metadata only", "GET", one, None, None, PARTIAL),
        Step(f"{label}: deletecollection dry run", "DELETE", f"{partly}&dryRun=All"),
        Step(f"{label}: delete dry run", "DELETE", f"{one}?dryRun=All"),
    ]


def _only_metadata(body: Object) -> Object:
    return {key: value for key, value in body.items() if key in ("apiVersion", "kind", "metadata")}


def _scale(name: str, replicas: Any) -> Object:
    metadata = {"name": name, "namespace": NAMESPACE}
    return {"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": metadata, "spec": {"replicas": replicas}}


def _scaled(kind: str, path: str, resource: str) -> list[Step]:
    one = f"{path}/{resource}/scaled"
    body = sample(kind, metadata=meta("scaled"))
    return [
        Step(f"!scale: {kind}", "POST", f"{path}/{resource}", JSON, body),
        Step(f"scale: {kind}", "GET", f"{one}/scale"),
        Step(f"scale: table of {kind}", "GET", f"{one}/scale", None, None, TABLE),
        Step(f"scale: put for {kind}", "PUT", f"{one}/scale", JSON, _scale("scaled", 0)),
        Step(f"scale: put an old version for {kind}", "PUT", f"{one}/scale", JSON, _old(_scale("scaled", 0))),
        Step(f"scale: negative for {kind}", "PUT", f"{one}/scale", JSON, _scale("scaled", -1)),
        Step(f"scale: text for {kind}", "PATCH", f"{one}/scale", MERGE, {"spec": {"replicas": "many"}}),
        Step(
            f"scale: JSON patch for {kind}", "PATCH", f"{one}/scale", JSON_PATCH, [{"op": "replace", "path": "/spec/replicas", "value": 0}]
        ),
        Step(f"scale: strategic patch for {kind}", "PATCH", f"{one}/scale", STRATEGIC, {"spec": {"replicas": 0}}),
        Step(f"scale: delete of {kind}", "DELETE", f"{one}/scale"),
        Step(f"!scale: delete {kind}", "DELETE", f"{one}?propagationPolicy=Background"),
    ]


def _old(obj: Object) -> Object:
    return {**obj, "metadata": {**obj["metadata"], "resourceVersion": "1"}}


def subresource_steps() -> list[Step]:
    """Scale, eviction, ephemeral containers, resize, finalize, approval."""
    pod = f"{NS}/pods/sub"
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": meta("sub"), "spec": pod_spec(schedulerName="none")}
    debug = {"name": "debug", "image": "busybox", "command": ["sh"]}
    resources = {"requests": {"cpu": "100m"}}
    grown = {"spec": {"containers": [{"name": "web", "resources": resources}]}}
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "sub", "namespace": NAMESPACE}}
    return [
        *_scaled("ReplicaSet", APPS, "replicasets"),
        *_scaled("StatefulSet", APPS, "statefulsets"),
        *_scaled("Deployment", APPS, "deployments"),
        *_scaled("ReplicationController", NS, "replicationcontrollers"),
        Step("scale: what has none", "GET", f"{APPS}/daemonsets/x/scale"),
        Step("scale: of what is missing", "GET", f"{APPS}/deployments/missing/scale"),
        Step("!pod parts: create", "POST", f"{NS}/pods", JSON, body),
        Step("ephemeral: get", "GET", f"{pod}/ephemeralcontainers", None, None, PARTIAL),
        Step("ephemeral: add", "PATCH", f"{pod}/ephemeralcontainers", STRATEGIC, {"spec": {"ephemeralContainers": [debug]}}),
        Step("ephemeral: same name", "PATCH", f"{pod}/ephemeralcontainers", MERGE, {"spec": {"ephemeralContainers": [debug, debug]}}),
        Step("ephemeral: remove", "PATCH", f"{pod}/ephemeralcontainers", MERGE, {"spec": {"ephemeralContainers": []}}),
        Step(
            "ephemeral: with ports",
            "PATCH",
            f"{pod}/ephemeralcontainers",
            STRATEGIC,
            {"spec": {"ephemeralContainers": [{**debug, "name": "more", "ports": [{"containerPort": 80}]}]}},
        ),
        Step("ephemeral: by a plain patch", "PATCH", pod, STRATEGIC, {"spec": {"ephemeralContainers": [{**debug, "name": "more"}]}}),
        Step("resize: get", "GET", f"{pod}/resize", None, None, PARTIAL),
        Step("resize: more", "PATCH", f"{pod}/resize", STRATEGIC, grown),
        Step("resize: image", "PATCH", f"{pod}/resize", STRATEGIC, {"spec": {"containers": [{"name": "web", "image": "nginx:1.27"}]}}),
        Step(
            "resize: bad quantity",
            "PATCH",
            f"{pod}/resize",
            STRATEGIC,
            {"spec": {"containers": [{"name": "web", "resources": {"requests": {"cpu": "x"}}}]}},
        ),
        Step("resize: by a plain patch", "PATCH", pod, STRATEGIC, grown),
        Step("evict: other name", "POST", f"{pod}/eviction", JSON, {**eviction, "metadata": {"name": "other", "namespace": NAMESPACE}}),
        Step("evict: dry run", "POST", f"{pod}/eviction", JSON, {**eviction, "deleteOptions": {"dryRun": ["All"]}}),
        Step("evict: get", "GET", f"{pod}/eviction"),
        Step("evict: unknown field", "POST", f"{pod}/eviction?fieldValidation=Strict", JSON, {**eviction, "bogus": 1}),
        Step("evict: missing", "POST", f"{NS}/pods/missing/eviction", JSON, {**eviction, "metadata": {"name": "missing"}}),
        Step("evict: wrong precondition", "POST", f"{pod}/eviction", JSON, {**eviction, "deleteOptions": {"preconditions": {"uid": "x"}}}),
        Step("evict", "POST", f"{pod}/eviction", JSON, eviction),
        Step("evicted", "GET", pod),
        *_finalize(),
        *_approval(),
    ]


def _finalize() -> list[Step]:
    one = "/api/v1/namespaces/parity-finalize"
    body = sample("Namespace", metadata=meta("parity-finalize"))
    return [
        Step("!finalize: create", "POST", "/api/v1/namespaces", JSON, body),
        Step("finalize: keep", "PUT", f"{one}/finalize", JSON, {**body, "spec": {"finalizers": ["kubernetes", "example.test/own"]}}),
        Step("finalize: bad", "PUT", f"{one}/finalize", JSON, {**body, "spec": {"finalizers": ["not qualified!"]}}),
        Step("finalize: drop", "PUT", f"{one}/finalize", JSON, {**body, "spec": {"finalizers": []}}),
        Step("finalize: get", "GET", f"{one}/finalize"),
        Step("finalize: patch", "PATCH", f"{one}/finalize", MERGE, {}),
        Step("finalize: wrong uid", "DELETE", one, JSON, {"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": {"uid": "x"}}),
        Step("!finalize: delete", "DELETE", one),
        Step("!finalize: delete what has no finalizers left", "DELETE", one),
    ]


def _approval() -> list[Step]:
    path = "/apis/certificates.k8s.io/v1/certificatesigningrequests"
    one = f"{path}/parity-approval"
    body = sample("CertificateSigningRequest", metadata=meta("parity-approval"))
    condition = {"type": "Approved", "status": "True", "reason": "Asked", "message": "by hand"}
    return [
        Step("!approval: create", "POST", path, JSON, body),
        Step("approval: get", "GET", f"{one}/approval", None, None, PARTIAL),
        Step("approval: approve", "PATCH", f"{one}/approval", MERGE, {"status": {"conditions": [condition]}}),
        Step("approval: deny too", "PATCH", f"{one}/approval", MERGE, {"status": {"conditions": [{**condition, "type": "Denied"}]}}),
        Step("approval: both", "PATCH", f"{one}/approval", MERGE, {"status": {"conditions": [condition, {**condition, "type": "Denied"}]}}),
        Step("approval: not true", "PATCH", f"{one}/approval", MERGE, {"status": {"conditions": [{**condition, "status": "False"}]}}),
        Step("approval: by status", "PATCH", f"{one}/status", MERGE, {"status": {"conditions": []}}),
        Step("approval: bad certificate", "PATCH", f"{one}/status", MERGE, {"status": {"certificate": "YQ=="}}),
        Step("approval: table", "GET", one, None, None, TABLE),
        Step("!approval: delete", "DELETE", one),
    ]


def watch_steps() -> list[Step]:
    """Short watches, whose answers are lines of JSON."""
    path = f"{NS}/configmaps"
    only = f"{path}?watch=true&timeoutSeconds=1&labelSelector=suite%3Dwatch"
    old = f"/api/v1/watch/namespaces/{NAMESPACE}/configmaps?timeoutSeconds=1&labelSelector=suite%3Dwatch"
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "watched", "labels": {"suite": "watch"}}, "data": {"a": "b"}}
    initial = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
    return [
        Step("!watch: create", "POST", path, JSON, body),
        Step("watch: what is there", "GET", only),
        Step("watch: from zero", "GET", f"{only}&resourceVersion=0"),
        Step("watch: initial events", "GET", f"{only}&{initial}"),
        Step("watch: as tables", "GET", only, None, None, TABLE),
        Step("watch: metadata", "GET", only, None, None, PARTIAL),
        Step("watch: old path", "GET", old),
        Step("watch: one by its old path", "GET", f"/api/v1/watch/namespaces/{NAMESPACE}/configmaps/watched?timeoutSeconds=1"),
        Step("watch: bad initial events", "GET", f"{only}&sendInitialEvents=true&resourceVersionMatch=Exact"),
        Step("watch: continue", "GET", f"{only}&continue=abc&resourceVersionMatch=NotOlderThan&sendInitialEvents=true"),
        Step("watch: YAML", "GET", only, None, None, {"Accept": "application/yaml"}),
        Step("watch: bad selector", "GET", f"{path}?watch=true&labelSelector=a+b+c"),
        Step("watch: unknown field", "GET", f"{path}?watch=true&fieldSelector=data.a%3Db"),
        Step("watch: what has no watch", "GET", f"/apis/{AUTHORIZATION}/v1/selfsubjectaccessreviews?watch=true"),
        Step("!watch: delete", "DELETE", f"{path}/watched"),
    ]


def _review(kind: str, spec: Object | None, group: str = AUTHORIZATION, **more: Any) -> Object:
    return {"apiVersion": f"{group}/v1", "kind": kind, **({} if spec is None else {"spec": spec}), **more}


def review_steps() -> list[Step]:
    """Who am I, and may they."""
    of_pods = {"resourceAttributes": {"verb": "get", "resource": "pods", "namespace": NAMESPACE}}
    of_path = {"nonResourceAttributes": {"verb": "get", "path": "/healthz"}}
    own, other, local = (
        f"/apis/{AUTHORIZATION}/v1/{name}"
        for name in ("selfsubjectaccessreviews", "subjectaccessreviews", f"namespaces/{NAMESPACE}/localsubjectaccessreviews")
    )
    rules = f"/apis/{AUTHORIZATION}/v1/selfsubjectrulesreviews"
    bindings = f"/apis/{RBAC}/v1/namespaces/{NAMESPACE}/rolebindings"

    def ask(name: str, spec: Object | None, **more: Any) -> Step:
        return Step(f"review: {name}", "POST", other, JSON, _review("SubjectAccessReview", spec, **more))

    def jane(name: str, **attributes: str) -> Step:
        wanted = {**of_pods["resourceAttributes"], **attributes}
        return ask(f"jane {name}", {"user": "jane", "groups": ["devs"], "resourceAttributes": wanted})

    return [
        Step("review: self access", "POST", own, JSON, _review("SelfSubjectAccessReview", of_pods)),
        Step("review: self access to a path", "POST", own, JSON, _review("SelfSubjectAccessReview", of_path)),
        Step("review: self access empty", "POST", own, JSON, _review("SelfSubjectAccessReview", {})),
        Step("review: self access to both", "POST", own, JSON, _review("SelfSubjectAccessReview", {**of_pods, **of_path})),
        Step("review: self access without spec", "POST", own, JSON, _review("SelfSubjectAccessReview", None)),
        Step("review: self access with a name", "POST", own, JSON, _review("SelfSubjectAccessReview", of_pods, metadata={"name": "x"})),
        Step("review: get is not allowed", "GET", own),
        Step("review: delete is not allowed", "DELETE", f"{own}/x"),
        Step(
            "review: YAML",
            "POST",
            own,
            YAML,
            f"apiVersion: {AUTHORIZATION}/v1\nkind: SelfSubjectAccessReview\nspec: {{nonResourceAttributes: {{verb: get, path: /x}}}}\n",
        ),
        ask("access", {**of_pods, "groups": ["system:masters"]}),
        ask("access of nobody", of_pods),
        ask("access of the scheduler", {**of_pods, "user": "system:kube-scheduler"}),
        ask(
            "discovery by anybody",
            {"nonResourceAttributes": {"verb": "get", "path": "/apis/apps"}, "user": "jane", "groups": ["system:authenticated"]},
        ),
        ask("health by anybody", {**of_path, "groups": ["system:unauthenticated"]}),
        ask("metrics by anybody", {"nonResourceAttributes": {"verb": "get", "path": "/metrics"}, "user": "jane"}),
        ask("unknown field", {**of_pods, "user": "jane", "who": "jane"}),
        jane("has no rights yet"),
        Step(
            "!review: bind jane",
            "POST",
            bindings,
            JSON,
            sample("RoleBinding", metadata=meta("jane-views"), roleRef={"kind": "ClusterRole", "name": "view", "apiGroup": RBAC}),
        ),
        jane("views pods"),
        jane("views logs", subresource="log"),
        jane("deletes no pods", verb="delete"),
        jane("views no secrets", resource="secrets"),
        jane("views nothing elsewhere", namespace="default"),
        jane("views deployments", resource="deployments", group="apps", verb="list"),
        ask("of an account", {**of_pods, "user": f"system:serviceaccount:{NAMESPACE}:default"}),
        Step("!review: unbind jane", "DELETE", f"{bindings}/jane-views"),
        Step(
            "review: local",
            "POST",
            local,
            JSON,
            _review("LocalSubjectAccessReview", {**of_pods, "user": "jane"}, metadata={"namespace": NAMESPACE}),
        ),
        Step(
            "review: local elsewhere",
            "POST",
            local,
            JSON,
            _review("LocalSubjectAccessReview", {"resourceAttributes": {"verb": "get", "namespace": "default"}, "user": "jane"}),
        ),
        Step("review: local path", "POST", local, JSON, _review("LocalSubjectAccessReview", {**of_path, "user": "jane"})),
        Step("review: rules", "POST", rules, JSON, _review("SelfSubjectRulesReview", {"namespace": NAMESPACE})),
        Step("review: rules without namespace", "POST", rules, JSON, _review("SelfSubjectRulesReview", {})),
        *_token_reviews(),
    ]


def _token_reviews() -> list[Step]:
    group = "authentication.k8s.io"
    tokens = f"/apis/{group}/v1/tokenreviews"
    return [
        Step("review: token", "POST", tokens, JSON, _review("TokenReview", {"token": "nobody's"}, group)),
        Step("review: no token", "POST", tokens, JSON, _review("TokenReview", {}, group)),
        Step("review: token as a number", "POST", tokens, JSON, _review("TokenReview", {"token": 5}, group)),
        Step(
            "review: self with unknown fields",
            "POST",
            f"/apis/{group}/v1/selfsubjectreviews?fieldValidation=Strict",
            JSON,
            _review("SelfSubjectReview", {"x": 1}, group),
        ),
    ]


def discovery_steps() -> list[Step]:
    """What is served, and where."""
    groups = dict.fromkeys(["v1", *(row[0] for row in SAMPLES), "authentication.k8s.io/v1", f"{AUTHORIZATION}/v1"])
    return [
        Step("discovery: /api", "GET", "/api"),
        Step("discovery: /apis", "GET", "/apis"),
        *[Step(f"discovery: {version}", "GET", f"/apis/{version}" if "/" in version else f"/api/{version}") for version in groups],
        *[Step(f"discovery: group of {version}", "GET", f"/apis/{version.partition('/')[0]}") for version in groups if "/" in version],
        Step("discovery: aggregated core", "GET", "/api", None, None, AGGREGATED),
        Step("discovery: aggregated groups", "GET", "/apis", None, None, AGGREGATED),
        Step("discovery: YAML", "GET", "/apis/apps/v1", None, None, {"Accept": "application/yaml"}),
        Step("discovery: unknown group", "GET", "/apis/nothing.example.test"),
        Step("discovery: unknown version", "GET", "/apis/apps/v9"),
        Step("discovery: unknown core version", "GET", "/api/v9"),
        Step("discovery: post", "POST", "/apis/apps/v1", JSON, {}),
        Step("discovery: not acceptable", "GET", "/apis/apps/v1", None, None, {"Accept": "text/csv"}),
        Step("version", "GET", "/version"),
        Step("component statuses: missing", "GET", "/api/v1/componentstatuses/missing"),
        Step("list over all namespaces", "GET", "/api/v1/configmaps?labelSelector=suite%3Dnone"),
        Step("put over all namespaces", "PUT", "/api/v1/configmaps", JSON, {}),
        Step(
            "resource quota scope",
            "POST",
            f"{path_of('v1', 'resourcequotas', namespaced=True)}?dryRun=All",
            JSON,
            sample("ResourceQuota", spec={"hard": {"pods": "1"}, "scopes": ["Foo"]}),
        ),
    ]
