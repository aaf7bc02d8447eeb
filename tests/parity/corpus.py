"""The questions: every kind through the generic verbs, and by hand what people get wrong. Steps that start with `!` only set up.

Order matters.

`tests/parity/ask.py record URL TOKEN` keeps a real server's answers in answers.json; tests/clients/test_parity.py holds Orrery against
them.
"""

from collections.abc import Callable
from typing import Any

from tests.parity.samples import NAMESPACE, SAMPLES, Object, meta, path_of, pod_spec, sample, template
from tests.parity.steps import APPS, JSON, JSON_PATCH, MERGE, NS, PARTIAL, PARTIAL_LIST, STRATEGIC, TABLE, YAML, Step
from tests.parity.verbs import discovery_steps, review_steps, subresource_steps, verb_steps, watch_steps


def steps() -> list[Step]:
    """The whole corpus in order."""
    return [
        Step("!namespace", "POST", "/api/v1/namespaces", JSON, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}),
        Step("!wait for the service account", "WAIT", f"{NS}/serviceaccounts/default"),
        *_every_kind(lambda kind: kind != "ServiceCIDR"),
        *_bodies(),
        *_paths(),
        *_metadata(),
        *_configmaps(),
        *_secrets(),
        *_pods(),
        *_pod_validation(),
        *_deployments(),
        *_services(),
        *_other_kinds(),
        *_patches(),
        *_lists(),
        *_options(),
        *_deletion(),
        *review_steps(),
        *subresource_steps(),
        *watch_steps(),
        *discovery_steps(),
        *_every_kind(lambda kind: kind == "ServiceCIDR"),  # Last: a range that goes makes the real server's allocators pause.
        Step("!end", "DELETE", f"/api/v1/namespaces/{NAMESPACE}"),
    ]


_LEAVE_LATER = frozenset(
    [
        "Namespace",
        "Pod",
        "PersistentVolumeClaim",
        "PersistentVolume",
        "VolumeAttributesClass",
        "ReplicationController",
        "Job",
        "ServiceCIDR",
        "CustomResourceDefinition",
    ]
)
"""Kinds whose deletion waits for a controller, which may be quicker or slower than the next question."""


def _every_kind(wanted: Callable[[str], bool]) -> list[Step]:
    found: list[Step] = []
    for api_version, kind, resource, namespaced, rest in SAMPLES:
        if not wanted(kind):
            continue
        path = path_of(api_version, resource, namespaced=namespaced)
        body = {"apiVersion": api_version, "kind": kind, **rest}
        one = f"{path}/{rest['metadata']['name']}"
        label = f"{kind} {api_version}"
        found += [
            Step(f"{label}: dry run", "POST", f"{path}?dryRun=All", JSON, body),
            Step(f"{label}: create", "POST", path, JSON, body),
            Step(f"{label}: exists", "POST", path, JSON, body),
            Step(f"{label}: get", "GET", one),
            Step(f"{label}: table", "GET", one, None, None, TABLE),
            Step(f"{label}: list", "GET", f"{path}?labelSelector=suite%3Dparity&fieldSelector=metadata.name%3D{rest['metadata']['name']}"),
            Step(f"{label}: merge patch", "PATCH", one, MERGE, {"metadata": {"labels": {"suite": None, "patched": "yes"}}}),
            Step(f"{label}: strategic patch", "PATCH", one, STRATEGIC, {"metadata": {"annotations": {"note": "kept"}}}),
            *verb_steps(label, path, one, body),
            Step(
                f"{label}: unknown field",
                "POST",
                f"{path}?dryRun=All&fieldValidation=Strict",
                JSON,
                {**body, "metadata": meta("other"), "bogus": 1},
            ),
            Step(
                f"{label}: empty",
                "POST",
                f"{path}?dryRun=All",
                JSON,
                {"apiVersion": api_version, "kind": kind, "metadata": {"name": "empty-one"}},
            ),
            Step(f"{label}: delete", "DELETE", one),
        ]
        if kind not in _LEAVE_LATER:
            found.append(Step(f"{label}: gone", "GET", one))
    return found


def _bodies() -> list[Step]:
    cm = f"{NS}/configmaps"
    return [
        Step("body: malformed JSON", "POST", cm, JSON, '{"apiVersion": "v1", '),
        Step("body: not an object", "POST", cm, JSON, "[]"),
        Step("body: empty", "POST", cm, JSON, ""),
        Step("body: no kind", "POST", cm, JSON, {"apiVersion": "v1", "metadata": {"name": "x"}}),
        Step("body: no apiVersion", "POST", cm, JSON, {"kind": "ConfigMap", "metadata": {"name": "x"}}),
        Step("body: appVersion for apiVersion", "POST", cm, JSON, {"appVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}),
        Step("body: other kind", "POST", cm, JSON, {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"}}),
        Step("body: unknown kind", "POST", cm, JSON, {"apiVersion": "v1", "kind": "Foo", "metadata": {"name": "x"}}),
        Step("body: other version", "POST", cm, JSON, {"apiVersion": "apps/v1", "kind": "ConfigMap", "metadata": {"name": "x"}}),
        Step("body: wrong type", "POST", cm, JSON, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "data": {"k": 5}}),
        Step("body: wrong type of metadata", "POST", cm, JSON, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": "x"}),
        Step(
            "body: wrong type of a list",
            "POST",
            cm,
            JSON,
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "data": ["a"]},
        ),
        Step(
            "body: YAML",
            "POST",
            f"{cm}?dryRun=All",
            YAML,
            f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: yaml\n  namespace: {NAMESPACE}\ndata:\n  a: b\n",
        ),
        Step("body: malformed YAML", "POST", cm, YAML, "apiVersion: v1\nkind: [ConfigMap\n"),
        Step("body: YAML with a number for text", "POST", cm, YAML, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {a: 1}\n"),
        Step("body: unknown content type", "POST", cm, "text/csv", "a,b"),
        Step("body: protobuf", "POST", cm, "application/vnd.unknown", "k8s"),
        Step(
            "body: duplicate field",
            "POST",
            f"{cm}?dryRun=All&fieldValidation=Strict",
            JSON,
            '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"dup"},"data":{"a":"b","a":"c"}}',
        ),
        Step(
            "body: duplicate and unknown warn",
            "POST",
            f"{cm}?dryRun=All&fieldValidation=Warn",
            JSON,
            '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"dup","name":"dup2","foo":1},"bar":"b"}',
        ),
        Step("body: unknown ignored", "POST", f"{cm}?dryRun=All&fieldValidation=Ignore", JSON, {**sample("ConfigMap"), "bar": 1}),
        Step(
            "body: nulls",
            "POST",
            f"{cm}?dryRun=All",
            JSON,
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "nulls", "labels": None}, "data": None},
        ),
        Step("not acceptable", "GET", cm, None, None, {"Accept": "text/csv"}),
        Step("protobuf only", "GET", cm, None, None, {"Accept": "application/vnd.unknown"}),
    ]


def _paths() -> list[Step]:
    return [
        Step("path: unknown resource", "GET", f"{NS}/foos"),
        Step("path: unknown group", "GET", "/apis/foo.example.test/v1/bars"),
        Step("path: unknown version", "GET", f"/apis/apps/v7/namespaces/{NAMESPACE}/deployments"),
        Step("path: unknown top", "GET", "/nowhere"),
        Step("path: resource of another group", "GET", f"{NS}/deployments"),
        Step("path: post to a name", "POST", f"{NS}/configmaps/x", JSON, sample("ConfigMap")),
        Step("path: put to a collection", "PUT", f"{NS}/configmaps", JSON, sample("ConfigMap")),
        Step("path: patch a collection", "PATCH", f"{NS}/configmaps", MERGE, {}),
        Step("path: unknown subresource", "GET", f"{NS}/configmaps/x/foo"),
        Step("path: namespaced resource without namespace", "POST", "/api/v1/configmaps", JSON, sample("ConfigMap")),
        Step("path: missing object", "GET", f"{NS}/configmaps/missing"),
        Step("path: missing deployment", "GET", f"{APPS}/deployments/missing"),
        Step("path: missing namespace", "GET", "/api/v1/namespaces/missing"),
        Step("path: list in a missing namespace", "GET", "/api/v1/namespaces/missing/configmaps"),
        Step("path: create in a missing namespace", "POST", "/api/v1/namespaces/missing/configmaps", JSON, sample("ConfigMap")),
        Step("path: delete a missing object", "DELETE", f"{NS}/configmaps/missing"),
        Step(
            "path: put a missing object", "PUT", f"{NS}/configmaps/missing", JSON, {**sample("ConfigMap"), "metadata": {"name": "missing"}}
        ),
        Step("path: patch a missing object", "PATCH", f"{NS}/configmaps/missing", MERGE, {"data": {"a": "b"}}),
        Step("path: version", "OPTIONS", "/api/v1"),
    ]


def _named(name: Any, **more: Any) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **more}}


def _metadata() -> list[Step]:
    cm = f"{NS}/configmaps?dryRun=All"
    reference = {"apiVersion": "v1", "kind": "Pod", "name": "owner", "uid": "2d5b1b9e-8c2f-4a52-9d0c-0a1b2c3d4e5f"}
    cases: dict[str, Object] = {
        "bad name": _named("Bad_Name"),
        "long name": _named("x" * 254),
        "no name": {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {}},
        "no metadata": {"apiVersion": "v1", "kind": "ConfigMap"},
        "bad generateName": {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "Bad_"}},
        "generateName": {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "gen-"}},
        "other namespace": _named("x", namespace="elsewhere"),
        "resourceVersion set": _named("x", resourceVersion="5"),
        "bad label key": _named("x", labels={"a b": "c"}),
        "bad label value": _named("x", labels={"a": "b c"}),
        "long label value": _named("x", labels={"a": "v" * 64}),
        "label prefix too long": _named("x", labels={"p" * 254 + "/a": "v"}),
        "number as label": _named("x", labels={"a": 5}),
        "bad annotation key": _named("x", annotations={"a b": "c"}),
        "upper annotation key": _named("x", annotations={"Example.test/Key": "c"}),
        "large annotations": _named("x", annotations={"a": "v" * 262144}),
        "owner without uid": _named("x", ownerReferences=[{**reference, "uid": ""}]),
        "two controllers": _named("x", ownerReferences=[{**reference, "controller": True}, {**reference, "name": "b", "controller": True}]),
        "owner without kind": _named("x", ownerReferences=[{**reference, "kind": ""}]),
        "bad finalizer": _named("x", finalizers=["not qualified!"]),
        "unqualified finalizer": _named("x", finalizers=["foo"]),
        "both orphan and foreground": _named("x", finalizers=["orphan", "foregroundDeletion"]),
        "wrong type of labels": _named("x", labels="a=b"),
        "wrong type of name": _named(5),
        "bad creationTimestamp": _named("x", creationTimestamp="yesterday"),
        "client's uid is replaced": _named("x", uid="mine", generation=7, selfLink="/x"),
    }
    found = [Step(f"metadata: {name}", "POST", cm, JSON, body) for name, body in cases.items()]
    found += [
        Step("!metadata: create", "POST", f"{NS}/configmaps", JSON, _named("meta", labels={"a": "b"})),
        Step("metadata: put other name", "PUT", f"{NS}/configmaps/meta", JSON, _named("other")),
        Step("metadata: put without name", "PUT", f"{NS}/configmaps/meta", JSON, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {}}),
        Step("metadata: put other uid", "PUT", f"{NS}/configmaps/meta", JSON, _named("meta", uid="2d5b1b9e-8c2f-4a52-9d0c-0a1b2c3d4e5f")),
        Step("metadata: put old resourceVersion", "PUT", f"{NS}/configmaps/meta", JSON, _named("meta", resourceVersion="1")),
        Step("metadata: put bad resourceVersion", "PUT", f"{NS}/configmaps/meta", JSON, _named("meta", resourceVersion="abc")),
        Step("metadata: patch the name", "PATCH", f"{NS}/configmaps/meta", MERGE, {"metadata": {"name": "other"}}),
        Step("metadata: patch the uid", "PATCH", f"{NS}/configmaps/meta", MERGE, {"metadata": {"uid": "other"}}),
        Step("metadata: patch the namespace", "PATCH", f"{NS}/configmaps/meta", MERGE, {"metadata": {"namespace": "other"}}),
        Step(
            "metadata: patch the creationTimestamp",
            "PATCH",
            f"{NS}/configmaps/meta",
            MERGE,
            {"metadata": {"creationTimestamp": "2020-01-01T00:00:00Z"}},
        ),
        Step("metadata: put unchanged", "PUT", f"{NS}/configmaps/meta", JSON, _named("meta", labels={"a": "b"})),
        Step("metadata: put without labels", "PUT", f"{NS}/configmaps/meta", JSON, _named("meta")),
        Step("!metadata: delete", "DELETE", f"{NS}/configmaps/meta"),
    ]
    return found


def _configmaps() -> list[Step]:
    path = f"{NS}/configmaps"
    immutable = {**_named("fixed"), "data": {"a": "b"}, "immutable": True}
    cases: dict[str, Object] = {
        "bad key": {**_named("x"), "data": {"a b": "c"}},
        "dots key": {**_named("x"), "data": {"..": "c"}},
        "key in both": {**_named("x"), "data": {"a": "c"}, "binaryData": {"a": "AAEC"}},
        "bad base64": {**_named("x"), "binaryData": {"a": "???"}},
        "too large": {**_named("x"), "data": {"a": "v" * (1024 * 1024 + 1)}},
        "immutable as text": {**_named("x"), "immutable": "true"},
    }
    return [
        *[Step(f"configmap: {name}", "POST", f"{path}?dryRun=All", JSON, body) for name, body in cases.items()],
        Step("configmap: immutable", "POST", path, JSON, immutable),
        Step("configmap: change an immutable one", "PATCH", f"{path}/fixed", MERGE, {"data": {"a": "c"}}),
        Step("configmap: make it mutable again", "PATCH", f"{path}/fixed", MERGE, {"immutable": False}),
        Step("configmap: labels of an immutable one", "PATCH", f"{path}/fixed", MERGE, {"metadata": {"labels": {"x": "y"}}}),
        Step("!configmap: delete", "DELETE", f"{path}/fixed"),
    ]


def _secret(kind: str | None, data: Object | None = None, **more: Any) -> Object:
    body: Object = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", **more.pop("metadata", {})}, **more}
    if kind is not None:
        body["type"] = kind
    if data is not None:
        body["data"] = data
    return body


def _secrets() -> list[Step]:
    path = f"{NS}/secrets"
    cases: dict[str, Object] = {
        "canonical base64": _secret(None, {"DB_Host": "bXlzcWn=", "DB_User": "cm9vdA==", "DB_Password": "cGFzd3JK"}),
        "not base64": _secret(None, {"a": "not base64!"}),
        "data as number": _secret(None, {"a": 5}),
        "stringData": _secret(None, {"a": "YQ=="}, stringData={"a": "b", "c": "d"}),
        "tls without key": _secret("kubernetes.io/tls", {"tls.crt": "YQ=="}),
        "tls": _secret("kubernetes.io/tls", {"tls.crt": "YQ==", "tls.key": "YQ=="}),
        "basic-auth empty": _secret("kubernetes.io/basic-auth", {}),
        "ssh-auth without key": _secret("kubernetes.io/ssh-auth", {"a": "YQ=="}),
        "ssh-auth empty key": _secret("kubernetes.io/ssh-auth", {"ssh-privatekey": ""}),
        "dockerconfigjson missing": _secret("kubernetes.io/dockerconfigjson", {}),
        "dockerconfigjson no JSON": _secret("kubernetes.io/dockerconfigjson", {".dockerconfigjson": "YQ=="}),
        "dockerconfigjson": _secret("kubernetes.io/dockerconfigjson", {".dockerconfigjson": "e30="}),
        "dockercfg no JSON": _secret("kubernetes.io/dockercfg", {".dockercfg": "YQ=="}),
        "service-account-token without account": _secret("kubernetes.io/service-account-token"),
        "bad key": _secret(None, {"a b": "YQ=="}),
        "own type": _secret("example.test/mine", {"a": "YQ=="}),
    }
    return [
        *[Step(f"secret: {name}", "POST", f"{path}?dryRun=All", JSON, body) for name, body in cases.items()],
        Step("secret: create", "POST", path, JSON, _secret(None, {"a": "YQ=="})),
        Step("secret: change type", "PATCH", f"{path}/s", MERGE, {"type": "example.test/mine"}),
        Step("secret: stringData patch", "PATCH", f"{path}/s", MERGE, {"stringData": {"b": "c"}}),
        Step("secret: immutable", "PATCH", f"{path}/s", MERGE, {"immutable": True}),
        Step("secret: change an immutable one", "PATCH", f"{path}/s", MERGE, {"data": {"a": "Yg=="}}),
        Step("secret: table", "GET", f"{path}/s", None, None, TABLE),
        Step("!secret: delete", "DELETE", f"{path}/s"),
    ]


def _pod(**spec: Any) -> Object:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"schedulerName": "none", **spec}}


def _container(**more: Any) -> Object:
    return {"name": "web", "image": "nginx:1.25", **more}


def _one(**more: Any) -> Object:
    return _pod(containers=[_container(**more)])


def _pods() -> list[Step]:
    path = f"{NS}/pods"
    rich = _pod(
        containers=[
            _container(
                ports=[{"containerPort": 80, "name": "http"}],
                env=[{"name": "A", "value": "1"}, {"name": "B", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
                envFrom=[{"prefix": "X_", "configMapRef": {"name": "app-config", "optional": True}}],
                resources={"requests": {"cpu": "0.5", "memory": "128Mi"}, "limits": {"cpu": "1000m"}},
                readinessProbe={"httpGet": {"port": "http"}, "initialDelaySeconds": 3},
                livenessProbe={"exec": {"command": ["true"]}},
                lifecycle={"preStop": {"sleep": {"seconds": 3}}},
                volumeMounts=[{"name": "config", "mountPath": "/etc/config"}, {"name": "scratch", "mountPath": "/tmp"}],
                securityContext={"runAsNonRoot": False},
            ),
            _container(name="side", image="busybox", command=["sleep", "3600"]),
        ],
        initContainers=[_container(name="init", image="busybox:1.28", command=["true"])],
        volumes=[
            {"name": "config", "configMap": {"name": "app-config", "items": [{"key": "a", "path": "b"}]}},
            {"name": "scratch", "emptyDir": {}},
            {
                "name": "all",
                "projected": {
                    "sources": [
                        {"secret": {"name": "s"}},
                        {"downwardAPI": {"items": [{"path": "n", "fieldRef": {"fieldPath": "metadata.name"}}]}},
                    ]
                },
            },
        ],
        tolerations=[{"key": "a", "operator": "Exists"}],
        nodeSelector={"disk": "ssd"},
        affinity={
            "podAntiAffinity": {
                "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "podAffinityTerm": {"topologyKey": "zone"}}]
            }
        },
        topologySpreadConstraints=[{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway"}],
        terminationGracePeriodSeconds=5,
        hostAliases=[{"ip": "10.0.0.1", "hostnames": ["a"]}],
    )
    return [
        Step("pod: rich", "POST", path, JSON, rich),
        Step("pod: rich table", "GET", f"{path}/p", None, None, TABLE),
        Step("pod: partial", "GET", f"{path}/p", None, None, PARTIAL),
        Step("pod: change the image", "PATCH", f"{path}/p", STRATEGIC, {"spec": {"containers": [{"name": "web", "image": "nginx:1.26"}]}}),
        Step("pod: empty the image", "PATCH", f"{path}/p", STRATEGIC, {"spec": {"containers": [{"name": "web", "image": ""}]}}),
        Step(
            "pod: add a toleration",
            "PATCH",
            f"{path}/p",
            JSON_PATCH,
            [{"op": "add", "path": "/spec/tolerations/-", "value": {"key": "b", "operator": "Exists"}}],
        ),
        Step("pod: status patch", "PATCH", f"{path}/p/status", MERGE, {"status": {"phase": "Running", "message": "hello"}}),
        Step(
            "pod: status ignores spec",
            "PATCH",
            f"{path}/p/status",
            MERGE,
            {"spec": {"nodeName": "x"}, "metadata": {"labels": {"from": "status"}}},
        ),
        Step("pod: bad phase", "PATCH", f"{path}/p/status", MERGE, {"status": {"phase": 5}}),
        Step(
            "pod: bind",
            "POST",
            f"{path}/p/binding",
            JSON,
            {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": "p"}, "target": {"kind": "Node", "name": "nowhere"}},
        ),
        Step(
            "pod: bind again",
            "POST",
            f"{path}/p/binding",
            JSON,
            {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": "p"}, "target": {"kind": "Node", "name": "else"}},
        ),
        Step(
            "pod: bind without target",
            "POST",
            f"{path}/p/binding",
            JSON,
            {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": "p"}, "target": {}},
        ),
        Step("pod: by node", "GET", f"{path}?fieldSelector=spec.nodeName%3Dnowhere", None, None, PARTIAL_LIST),
        Step("pod: unknown field selector", "GET", f"{path}?fieldSelector=spec.foo%3Dbar"),
        Step(
            "pod: delete with a grace period",
            "DELETE",
            f"{path}/p",
            JSON,
            {"apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 60},
        ),
        Step("pod: table while terminating", "GET", f"{path}/p", None, None, TABLE),
        Step("pod: delete at once", "DELETE", f"{path}/p?gracePeriodSeconds=0"),
        Step("pod: gone", "GET", f"{path}/p"),
        Step("pod: not bound", "POST", path, JSON, _pod(containers=[_container()], automountServiceAccountToken=False)),
        Step("pod: not bound, deleted at once", "DELETE", f"{path}/p"),
        Step("pod: and gone", "GET", f"{path}/p"),
    ]


def _pod_validation() -> list[Step]:
    volume = {"name": "v", "emptyDir": {}}
    cases: dict[str, Object] = {
        "no spec": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}},
        "no containers": _pod(containers=[]),
        "no image": _pod(containers=[{"name": "web"}]),
        "no container name": _pod(containers=[{"image": "nginx"}]),
        "same name twice": _pod(containers=[_container(), _container()]),
        "bad container name": _one(name="Web_1"),
        "image with spaces": _one(image=" nginx "),
        "image as a number": _one(image=1.25),
        "container as text": _pod(containers=["nginx"]),
        "env without name": _one(env=[{"value": "x"}]),
        "env split in two items": _one(env=[{"name": "APP_COLOR"}, {"valueFrom": {"configMapKeyRef": {"name": "a", "key": "b"}}}]),
        "configMapKeyRef as text": _one(env=[{"name": "A", "valueFrom": {"configMapKeyRef": "app-config"}}]),
        "secretKeyRef as text": _one(env=[{"name": "A", "valueFrom": {"secretKeyRef": "app-secret"}}]),
        "configMapRef under valueFrom": _one(env=[{"name": "A", "valueFrom": {"configMapRef": {"name": "app-config", "key": "A"}}}]),
        "secretRef under valueFrom": _one(env=[{"name": "A", "valueFrom": {"secretRef": {"name": "app-secret", "key": "A"}}}]),
        "configMapKeyRef without key": _one(env=[{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "app-config"}}}]),
        "value and valueFrom": _one(env=[{"name": "A", "value": "b", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]),
        "two sources": _one(
            env=[{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}, "secretKeyRef": {"name": "s", "key": "k"}}}]
        ),
        "bad fieldPath": _one(env=[{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.foo"}}}]),
        "bad env name": _one(env=[{"name": "A=B", "value": "x"}]),
        "env value as number": _one(env=[{"name": "A", "value": 5}]),
        "env value as boolean": _one(env=[{"name": "A", "value": True}]),
        "envFrom without source": _one(envFrom=[{"prefix": "A"}]),
        "envFrom with both": _one(envFrom=[{"configMapRef": {"name": "a"}, "secretRef": {"name": "b"}}]),
        "envFrom without name": _one(envFrom=[{"configMapRef": {}}]),
        "port too large": _one(ports=[{"containerPort": 70000}]),
        "port missing": _one(ports=[{"name": "http"}]),
        "port as text": _one(ports=[{"containerPort": "80"}]),
        "bad port name": _one(ports=[{"containerPort": 80, "name": "THIS-IS-TOO-LONG-A-NAME"}]),
        "duplicate port name": _one(ports=[{"containerPort": 80, "name": "a"}, {"containerPort": 81, "name": "a"}]),
        "duplicate port warns": _one(ports=[{"containerPort": 80}, {"containerPort": 80}]),
        "bad protocol": _one(ports=[{"containerPort": 80, "protocol": "HTTP"}]),
        "bad pull policy": _one(imagePullPolicy="Sometimes"),
        "bad restart policy": _pod(containers=[_container()], restartPolicy="Sometimes"),
        "command as text": _one(command="sleep 10"),
        "args as numbers": _one(args=[10]),
        "unknown field in container": _one(comand=["sleep"]),
        "bad quantity": _one(resources={"limits": {"memory": "lots"}}),
        "request above limit": _one(resources={"requests": {"cpu": "2"}, "limits": {"cpu": "1"}}),
        "negative request": _one(resources={"requests": {"cpu": "-1"}}),
        "unknown resource": _one(resources={"requests": {"foo": "1"}}),
        "fraction of a byte warns": _one(resources={"requests": {"memory": "128m"}}),
        "mount without volume": _one(volumeMounts=[{"name": "v", "mountPath": "/x"}]),
        "mount without path": _pod(containers=[_container(volumeMounts=[{"name": "v"}])], volumes=[volume]),
        "same mount path": _pod(containers=[_container(volumeMounts=[{"name": "v", "mountPath": "/x"}] * 2)], volumes=[volume]),
        "subPath going up": _pod(
            containers=[_container(volumeMounts=[{"name": "v", "mountPath": "/x", "subPath": "../x"}])], volumes=[volume]
        ),
        "volume without source": _pod(containers=[_container()], volumes=[{"name": "v"}]),
        "volume with two sources": _pod(containers=[_container()], volumes=[{"name": "v", "emptyDir": {}, "hostPath": {"path": "/"}}]),
        "volume twice": _pod(containers=[_container()], volumes=[volume, volume]),
        "volume with bad name": _pod(containers=[_container()], volumes=[{"name": "V_1", "emptyDir": {}}]),
        "volume item without path": _pod(
            containers=[_container()], volumes=[{"name": "v", "secret": {"secretName": "s", "items": [{"key": "a"}]}}]
        ),
        "volume bad mode": _pod(containers=[_container()], volumes=[{"name": "v", "configMap": {"name": "c", "defaultMode": 9999}}]),
        "claim without name": _pod(containers=[_container()], volumes=[{"name": "v", "persistentVolumeClaim": {}}]),
        "probe without handler": _one(livenessProbe={"periodSeconds": 5}),
        "probe with two handlers": _one(livenessProbe={"exec": {"command": ["a"]}, "tcpSocket": {"port": 80}}),
        "probe negative period": _one(readinessProbe={"tcpSocket": {"port": 80}, "periodSeconds": -1}),
        "probe success threshold": _one(livenessProbe={"tcpSocket": {"port": 80}, "successThreshold": 2}),
        "probe bad port": _one(livenessProbe={"httpGet": {"port": 0, "path": "/"}}),
        "probe without port": _one(livenessProbe={"httpGet": {"path": "/"}}),
        "lifecycle empty": _one(lifecycle={"preStop": {}}),
        "negative grace period": _pod(containers=[_container()], terminationGracePeriodSeconds=-5),
        "zero active deadline": _pod(containers=[_container()], activeDeadlineSeconds=0),
        "bad dnsPolicy": _pod(containers=[_container()], dnsPolicy="Foo"),
        "dns None without servers": _pod(containers=[_container()], dnsPolicy="None"),
        "bad toleration": _pod(containers=[_container()], tolerations=[{"key": "a", "operator": "Exists", "value": "b"}]),
        "bad toleration effect": _pod(containers=[_container()], tolerations=[{"key": "a", "effect": "Foo"}]),
        "bad node selector": _pod(containers=[_container()], nodeSelector={"a b": "c"}),
        "bad affinity operator": _pod(
            containers=[_container()],
            affinity={
                "nodeAffinity": {
                    "requiredDuringSchedulingIgnoredDuringExecution": {
                        "nodeSelectorTerms": [{"matchExpressions": [{"key": "a", "operator": "Foo"}]}]
                    }
                }
            },
        ),
        "bad hostname": _pod(containers=[_container()], hostname="A_b"),
        "bad service account": _pod(containers=[_container()], serviceAccountName="missing"),
        "missing priority class": _pod(containers=[_container()], priorityClassName="missing"),
        "init container twice": _pod(containers=[_container()], initContainers=[_container()]),
        "sidecar": _pod(containers=[_container()], initContainers=[_container(name="s", restartPolicy="Always")]),
        "bad container restartPolicy": _pod(containers=[_container()], initContainers=[_container(name="s", restartPolicy="Foo")]),
        "ephemeral on create": _pod(containers=[_container()], ephemeralContainers=[{"name": "e", "image": "busybox"}]),
        "privileged no escalation": _one(securityContext={"privileged": True, "allowPrivilegeEscalation": False}),
        "host port without host network": _pod(containers=[_container(ports=[{"containerPort": 80, "hostPort": 81}])], hostNetwork=True),
        "topology spread": _pod(
            containers=[_container()], topologySpreadConstraints=[{"maxSkew": 0, "topologyKey": "", "whenUnsatisfiable": "Foo"}]
        ),
        "scheduling gate": _pod(containers=[_container()], schedulingGates=[{"name": "example.test/wait"}]),
        "bad gate": _pod(containers=[_container()], schedulingGates=[{"name": "A B"}]),
        "host alias": _pod(containers=[_container()], hostAliases=[{"ip": "not an ip", "hostnames": ["A_b"]}]),
        "negative runAsUser": _pod(containers=[_container()], securityContext={"runAsUser": -1}),
        "image pull secret without name": _pod(containers=[_container()], imagePullSecrets=[{}]),
        "deprecated annotation": {
            **_one(),
            "metadata": {"name": "p", "annotations": {"seccomp.security.alpha.kubernetes.io/pod": "runtime/default"}},
        },
    }
    return [
        Step(f"pod validation: {name}", "POST", f"{NS}/pods?dryRun=All&fieldValidation=Strict", JSON, body) for name, body in cases.items()
    ]


def _deployment(**spec: Any) -> Object:
    base: Object = {"selector": {"matchLabels": {"app": "web"}}, "template": template()}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}, "spec": {**base, **spec}}


def _deployments() -> list[Step]:
    path = f"{APPS}/deployments"
    rolling = {"type": "RollingUpdate"}
    cases: dict[str, Object] = {
        "no selector": {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}, "spec": {"template": template()}},
        "no template": {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "d"},
            "spec": {"selector": {"matchLabels": {"app": "web"}}},
        },
        "selector without match": _deployment(selector={"matchLabels": {"app": "other"}}),
        "empty selector": _deployment(selector={}),
        "bad selector operator": _deployment(selector={"matchExpressions": [{"key": "app", "operator": "Foo"}]}),
        "negative replicas": _deployment(replicas=-1),
        "replicas as text": _deployment(replicas="3"),
        "replicas as fraction": _deployment(replicas=1.5),
        "bad strategy": _deployment(strategy={"type": "Foo"}),
        "recreate with rolling": _deployment(strategy={"type": "Recreate", "rollingUpdate": {"maxSurge": 1}}),
        "both zero": _deployment(strategy={**rolling, "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}),
        "percent over hundred": _deployment(strategy={**rolling, "rollingUpdate": {"maxUnavailable": "150%"}}),
        "bad percent": _deployment(strategy={**rolling, "rollingUpdate": {"maxUnavailable": "foo"}}),
        "negative surge": _deployment(strategy={**rolling, "rollingUpdate": {"maxSurge": -1}}),
        "negative minReadySeconds": _deployment(minReadySeconds=-1),
        "deadline not above minReady": _deployment(minReadySeconds=10, progressDeadlineSeconds=10),
        "negative history": _deployment(revisionHistoryLimit=-1),
        "restartPolicy Never": _deployment(template=template(restartPolicy="Never")),
        "activeDeadline in template": _deployment(template=template(activeDeadlineSeconds=5)),
        "bad template image": _deployment(template={"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web"}]}}),
        "unknown field in template": _deployment(template={"metadata": {"labels": {"app": "web"}}, "spec": {"container": []}}),
        "bad name": {**_deployment(), "metadata": {"name": "Web"}},
        "Recreate": _deployment(strategy={"type": "Recreate"}),
        "percentages": _deployment(strategy={**rolling, "rollingUpdate": {"maxSurge": "10%", "maxUnavailable": 2}}),
    }
    one = f"{path}/d"
    return [
        *[Step(f"deployment: {name}", "POST", f"{path}?dryRun=All&fieldValidation=Strict", JSON, body) for name, body in cases.items()],
        Step("deployment: create", "POST", path, JSON, _deployment(replicas=0)),
        Step(
            "deployment: change the selector",
            "PATCH",
            one,
            MERGE,
            {"spec": {"selector": {"matchLabels": {"x": "y"}}, "template": {"metadata": {"labels": {"x": "y"}}}}},
        ),
        Step("deployment: scale", "GET", f"{one}/scale"),
        Step("deployment: patch the scale", "PATCH", f"{one}/scale", MERGE, {"spec": {"replicas": 0}}),
        Step("deployment: bad scale", "PATCH", f"{one}/scale", MERGE, {"spec": {"replicas": -1}}),
        Step(
            "deployment: put the scale",
            "PUT",
            f"{one}/scale",
            JSON,
            {"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": "d", "namespace": NAMESPACE}, "spec": {"replicas": 0}},
        ),
        Step(
            "deployment: put another's scale",
            "PUT",
            f"{one}/scale",
            JSON,
            {
                "apiVersion": "autoscaling/v1",
                "kind": "Scale",
                "metadata": {"name": "other", "namespace": NAMESPACE},
                "spec": {"replicas": 0},
            },
        ),
        Step(
            "deployment: set image",
            "PATCH",
            one,
            STRATEGIC,
            {"spec": {"template": {"spec": {"containers": [{"name": "web", "image": "nginx:1.26"}]}}}},
        ),
        Step("deployment: get status", "GET", f"{one}/status", None, None, PARTIAL),
        Step("!deployment: delete", "DELETE", one),
    ]


def _service(**spec: Any) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "svc"},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}], **spec},
    }


def _services() -> list[Step]:
    path = f"{NS}/services"
    cases: dict[str, Object] = {
        "no ports": _service(ports=[]),
        "headless": _service(clusterIP="None"),
        "headless without ports": _service(clusterIP="None", ports=[]),
        "bad name": {**_service(), "metadata": {"name": "1.svc"}},
        "two ports without names": _service(ports=[{"port": 80}, {"port": 81}]),
        "same port twice": _service(ports=[{"name": "a", "port": 80}, {"name": "b", "port": 80}]),
        "same name twice": _service(ports=[{"name": "a", "port": 80}, {"name": "a", "port": 81}]),
        "port zero": _service(ports=[{"port": 0}]),
        "target name": _service(ports=[{"port": 80, "targetPort": "http"}]),
        "bad target": _service(ports=[{"port": 80, "targetPort": "THIS_IS_BAD"}]),
        "bad protocol": _service(ports=[{"port": 80, "protocol": "HTTP"}]),
        "bad type": _service(type="Foo"),
        "bad clusterIP": _service(clusterIP="foo"),
        "clusterIP out of range": _service(clusterIP="192.168.1.1"),
        "ExternalName": {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "svc"},
            "spec": {"type": "ExternalName", "externalName": "example.test"},
        },
        "ExternalName missing": {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "svc"}, "spec": {"type": "ExternalName"}},
        "nodePort on ClusterIP": _service(ports=[{"port": 80, "nodePort": 30080}]),
        "NodePort": _service(type="NodePort", ports=[{"port": 80, "nodePort": 30080}]),
        "nodePort out of range": _service(type="NodePort", ports=[{"port": 80, "nodePort": 80}]),
        "LoadBalancer": _service(type="LoadBalancer"),
        "bad affinity": _service(sessionAffinity="Foo"),
        "client affinity": _service(sessionAffinity="ClientIP"),
        "bad selector": _service(selector={"a b": "c"}),
        "external traffic policy": _service(externalTrafficPolicy="Local"),
        "external IPs": _service(externalIPs=["not an ip"]),
        "dual stack": _service(ipFamilyPolicy="RequireDualStack"),
        "no selector": {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "svc"}, "spec": {"ports": [{"port": 80}]}},
    }
    one = f"{path}/svc"
    return [
        *[Step(f"service: {name}", "POST", f"{path}?dryRun=All", JSON, body) for name, body in cases.items()],
        Step("service: create", "POST", path, JSON, _service()),
        Step("service: change the IP", "PATCH", one, MERGE, {"spec": {"clusterIP": "10.0.99.99"}}),
        Step("service: make it a NodePort", "PATCH", one, MERGE, {"spec": {"type": "NodePort"}}),
        Step("service: and back", "PATCH", one, MERGE, {"spec": {"type": "ClusterIP"}}),
        Step(
            "service: add a port by key",
            "PATCH",
            one,
            STRATEGIC,
            {"spec": {"ports": [{"port": 80, "name": "http"}, {"port": 443, "name": "https"}]}},
        ),
        Step("!service: delete", "DELETE", one),
    ]


def _other_kinds() -> list[Step]:
    def post(name: str, kind: str, **over: Any) -> Step:
        api_version, _, resource, namespaced, _ = next(row for row in SAMPLES if row[1] == kind)
        path = path_of(api_version, resource, namespaced=namespaced)
        return Step(f"{kind}: {name}", "POST", f"{path}?dryRun=All&fieldValidation=Strict", JSON, {**sample(kind), **over})

    job = sample("Job")["spec"]
    cron = sample("CronJob")["spec"]
    hpa = sample("HorizontalPodAutoscaler")["spec"]
    ingress = sample("Ingress")["spec"]
    binding = sample("RoleBinding")
    claim = sample("PersistentVolumeClaim")["spec"]
    return [
        post("restartPolicy Always", "Job", spec={**job, "template": {"spec": pod_spec(restartPolicy="Always")}}),
        post("no restartPolicy", "Job", spec={**job, "template": {"spec": pod_spec()}}),
        post("negative parallelism", "Job", spec={**job, "parallelism": -1, "completions": -2, "backoffLimit": -3}),
        post("indexed without completions", "Job", spec={**job, "completionMode": "Indexed"}),
        post("own selector", "Job", spec={**job, "selector": {"matchLabels": {"a": "b"}}}),
        post("bad schedule", "CronJob", spec={**cron, "schedule": "every day"}),
        post("no schedule", "CronJob", spec={"jobTemplate": cron["jobTemplate"]}),
        post("bad time zone", "CronJob", spec={**cron, "timeZone": "Mars/Olympus"}),
        post("time zone in the schedule", "CronJob", spec={**cron, "schedule": "TZ=UTC 0 * * * *"}),
        post("bad concurrency policy", "CronJob", spec={**cron, "concurrencyPolicy": "Maybe"}),
        post("long name", "CronJob", metadata={"name": "c" * 53}),
        post("min above max", "HorizontalPodAutoscaler", spec={**hpa, "minReplicas": 5}),
        post("max zero", "HorizontalPodAutoscaler", spec={**hpa, "maxReplicas": 0}),
        post("no target", "HorizontalPodAutoscaler", spec={"maxReplicas": 3}),
        post("bad metric", "HorizontalPodAutoscaler", spec={**hpa, "metrics": [{"type": "Foo"}]}),
        post("both limits", "PodDisruptionBudget", spec={"minAvailable": 1, "maxUnavailable": 1}),
        post("bad percentage", "PodDisruptionBudget", spec={"minAvailable": "x%"}),
        post(
            "bad path type",
            "Ingress",
            spec={
                "rules": [
                    {"http": {"paths": [{"path": "/", "pathType": "Foo", "backend": ingress["rules"][0]["http"]["paths"][0]["backend"]}]}}
                ]
            },
        ),
        post(
            "no path type",
            "Ingress",
            spec={"rules": [{"http": {"paths": [{"path": "/", "backend": ingress["rules"][0]["http"]["paths"][0]["backend"]}]}}]},
        ),
        post(
            "relative path",
            "Ingress",
            spec={"rules": [{"http": {"paths": [{"path": "x", "pathType": "Prefix", "backend": {"service": {"name": "w", "port": {}}}}]}}]},
        ),
        post("no rules", "Ingress", spec={}),
        post("bad host", "Ingress", spec={"rules": [{"host": "*.*.x", "http": ingress["rules"][0]["http"]}]}),
        post(
            "old backend fields",
            "Ingress",
            spec={"rules": [{"http": {"paths": [{"path": "/", "backend": {"serviceName": "w", "servicePort": 80}}]}}]},
        ),
        post("bad policy type", "NetworkPolicy", spec={"podSelector": {}, "policyTypes": ["Foo"]}),
        post("bad cidr", "NetworkPolicy", spec={"podSelector": {}, "ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0.300/8"}}]}]}),
        post("rule without verbs", "Role", rules=[{"apiGroups": [""], "resources": ["pods"]}]),
        post("nonResourceURLs in a Role", "Role", rules=[{"nonResourceURLs": ["/x"], "verbs": ["get"]}]),
        post("no roleRef", "RoleBinding", roleRef={}),
        post("bad roleRef kind", "RoleBinding", roleRef={**binding["roleRef"], "kind": "Foo"}),
        post("bad subject", "RoleBinding", subjects=[{"kind": "Foo", "name": "x"}]),
        post("account without namespace", "RoleBinding", subjects=[{"kind": "ServiceAccount", "name": "x"}]),
        post("no access modes", "PersistentVolumeClaim", spec={**claim, "accessModes": []}),
        post("bad access mode", "PersistentVolumeClaim", spec={**claim, "accessModes": ["ReadWriteSometimes"]}),
        post("no request", "PersistentVolumeClaim", spec={**claim, "resources": {}}),
        post("no source", "PersistentVolume", spec={"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"]}),
        post("no capacity", "PersistentVolume", spec={"accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/data"}}),
        post("bad reclaim policy", "StorageClass", reclaimPolicy="Foo"),
        post("no provisioner", "StorageClass", provisioner=""),
        post("value too large", "PriorityClass", value=2000000000),
        post("system name", "PriorityClass", metadata={"name": "system-mine"}),
        post("bad duration", "Lease", spec={"leaseDurationSeconds": 0}),
        post("bad address type", "EndpointSlice", addressType="Foo"),
        post("bad address", "EndpointSlice", endpoints=[{"addresses": ["foo"]}]),
        post("bad taint", "Node", spec={"taints": [{"key": "a", "effect": "Foo"}]}),
        post("bad namespace name", "Namespace", metadata={"name": "Bad.Name"}),
        post("bad quota", "ResourceQuota", spec={"hard": {"pods": "-1", "foo": "1"}}),
        post("bad limits", "LimitRange", spec={"limits": [{"type": "Container", "max": {"cpu": "1"}, "min": {"cpu": "2"}}]}),
        post("zero replicas bad", "StatefulSet", spec={**sample("StatefulSet")["spec"], "replicas": -1, "podManagementPolicy": "Foo"}),
        post("bad update strategy", "DaemonSet", spec={**sample("DaemonSet")["spec"], "updateStrategy": {"type": "Foo"}}),
        post("event without object", "Event", involvedObject={}),
        post("bad handler", "RuntimeClass", handler="Bad_Handler"),
        post("bad data", "ControllerRevision", data=None, revision=-1),
    ]


def _patches() -> list[Step]:
    path = f"{NS}/configmaps/patched"
    start = {**_named("patched", labels={"a": "b"}), "data": {"a": "1", "b": "2"}}

    def json_patch(name: str, *operations: Object) -> Step:
        return Step(f"JSON patch: {name}", "PATCH", path, JSON_PATCH, list(operations))

    return [
        Step("!patches: create", "POST", f"{NS}/configmaps", JSON, start),
        json_patch("replace", {"op": "replace", "path": "/data/a", "value": "2"}),
        json_patch("add", {"op": "add", "path": "/data/c", "value": "3"}),
        json_patch("remove", {"op": "remove", "path": "/data/c"}),
        json_patch("move", {"op": "move", "from": "/data/b", "path": "/data/d"}),
        json_patch("copy", {"op": "copy", "from": "/data/d", "path": "/data/e"}),
        json_patch(
            "escaped path",
            {"op": "add", "path": "/metadata/annotations", "value": {}},
            {"op": "add", "path": "/metadata/annotations/a~1b", "value": "x"},
        ),
        json_patch("test holds", {"op": "test", "path": "/data/a", "value": "2"}),
        json_patch("test fails", {"op": "test", "path": "/data/a", "value": "9"}),
        json_patch("remove missing", {"op": "remove", "path": "/data/zzz"}),
        json_patch("replace missing", {"op": "replace", "path": "/data/zzz", "value": "x"}),
        json_patch("missing parent", {"op": "add", "path": "/foo/bar/baz", "value": "x"}),
        json_patch("unknown operation", {"op": "frob", "path": "/data/a"}),
        Step("JSON patch: not a list", "PATCH", path, JSON_PATCH, {"data": {}}),
        Step("JSON patch: malformed", "PATCH", path, JSON_PATCH, "[{"),
        Step("merge patch: set and remove", "PATCH", path, MERGE, {"data": {"a": None, "n": "1"}}),
        Step("merge patch: wrong type", "PATCH", path, MERGE, {"data": {"a": 5}}),
        Step("merge patch: unknown field", "PATCH", f"{path}?fieldValidation=Strict", MERGE, {"foo": "bar"}),
        Step("merge patch: unknown field warns", "PATCH", path, MERGE, {"foo": "bar"}),
        Step("merge patch: malformed", "PATCH", path, MERGE, '{"data":'),
        Step("merge patch: a list", "PATCH", path, MERGE, "[]"),
        Step("strategic patch: set", "PATCH", path, STRATEGIC, {"data": {"s": "1"}}),
        Step("strategic patch: replace a map", "PATCH", path, STRATEGIC, {"data": {"$patch": "replace", "only": "1"}}),
        Step("strategic patch: bad directive", "PATCH", path, STRATEGIC, {"data": {"$patch": "frob"}}),
        Step("patch: old resourceVersion", "PATCH", path, MERGE, {"metadata": {"resourceVersion": "1"}, "data": {"z": "1"}}),
        Step("patch: unknown type", "PATCH", path, "application/foo+json", {}),
        Step("patch: plain JSON type", "PATCH", path, JSON, {}),
        Step("patch: dry run", "PATCH", f"{path}?dryRun=All", MERGE, {"data": {"dry": "run"}}),
        Step("patch: after the dry run", "GET", path),
        Step("!patches: delete", "DELETE", path),
    ]


def _lists() -> list[Step]:
    path = f"{NS}/configmaps"
    made = [
        Step(f"!lists: create {name}", "POST", path, JSON, {**_named(name, labels={"suite": "lists", "tier": tier}), "data": {"n": name}})
        for name, tier in (("list-a", "web"), ("list-b", "db"), ("list-c", "web"))
    ]
    only = f"{path}?labelSelector=suite%3Dlists"
    return [
        *made,
        Step("list: all", "GET", only),
        Step("list: table", "GET", only, None, None, TABLE),
        Step("list: partial", "GET", only, None, None, PARTIAL_LIST),
        Step("list: set selector", "GET", f"{only}%2Ctier+in+%28web%2Cdb%29%2Ctier%21%3Ddb"),
        Step("list: exists selector", "GET", f"{path}?labelSelector=suite%3Dlists%2C%21missing%2Ctier"),
        Step("list: bad selector", "GET", f"{path}?labelSelector=a+b+c"),
        Step("list: bad selector value", "GET", f"{path}?labelSelector=a%3Db%20c"),
        Step("list: bad operator", "GET", f"{path}?labelSelector=a+in+b"),
        Step("list: field selector", "GET", f"{path}?fieldSelector=metadata.name%3Dlist-b"),
        Step("list: field selector not equal", "GET", f"{only}&fieldSelector=metadata.name%21%3Dlist-b"),
        Step("list: unknown field", "GET", f"{path}?fieldSelector=data.n%3Db"),
        Step("list: bad field selector", "GET", f"{path}?fieldSelector=foo"),
        Step("list: bad limit", "GET", f"{path}?limit=abc"),
        Step("list: bad continue", "GET", f"{path}?limit=1&continue=garbage"),
        Step("list: bad resourceVersion", "GET", f"{path}?resourceVersion=abc"),
        Step("list: match without version", "GET", f"{path}?resourceVersionMatch=Exact"),
        Step("list: bad match", "GET", f"{path}?resourceVersion=1&resourceVersionMatch=Foo"),
        Step("list: exact zero", "GET", f"{path}?resourceVersion=0&resourceVersionMatch=Exact"),
        Step("list: continue with version", "GET", f"{path}?limit=1&continue=abc&resourceVersion=5"),
        Step("watch: bad version", "GET", f"{path}?watch=true&resourceVersion=abc&timeoutSeconds=1"),
        Step("watch: sendInitialEvents without match", "GET", f"{path}?watch=true&sendInitialEvents=true&timeoutSeconds=1"),
        Step("watch: bad timeout", "GET", f"{path}?watch=true&timeoutSeconds=abc"),
        Step("get: version in the future", "GET", f"{path}/list-a?resourceVersion=abc"),
        Step("list: pretty", "GET", f"{path}/list-a?pretty=true"),
        Step("list: YAML", "GET", f"{path}/list-a", None, None, {"Accept": "application/yaml"}),
        Step("deletecollection", "DELETE", f"{only}&fieldSelector=metadata.name%21%3Dlist-b"),
        Step("deletecollection: what is left", "GET", only),
        Step("!lists: delete", "DELETE", f"{path}/list-b"),
    ]


def _options() -> list[Step]:
    path = f"{NS}/configmaps"
    body = _named("opts")
    return [
        Step("options: bad dryRun", "POST", f"{path}?dryRun=Some", JSON, body),
        Step("options: bad fieldValidation", "POST", f"{path}?fieldValidation=Foo", JSON, body),
        Step("options: long fieldManager", "POST", f"{path}?fieldManager={'m' * 129}", JSON, body),
        Step("options: unknown parameter", "POST", f"{path}?dryRun=All&foo=bar", JSON, body),
        Step("!options: create", "POST", path, JSON, body),
        Step("options: delete dry run", "DELETE", f"{path}/opts?dryRun=All"),
        Step("options: delete bad dryRun", "DELETE", f"{path}/opts?dryRun=Foo"),
        Step("options: delete bad policy", "DELETE", f"{path}/opts?propagationPolicy=Foo"),
        Step("options: delete bad grace", "DELETE", f"{path}/opts?gracePeriodSeconds=abc"),
        Step("options: delete negative grace", "DELETE", f"{path}/opts?gracePeriodSeconds=-5&dryRun=All"),
        Step(
            "options: both ways of orphaning",
            "DELETE",
            f"{path}/opts",
            JSON,
            {"apiVersion": "v1", "kind": "DeleteOptions", "orphanDependents": True, "propagationPolicy": "Orphan"},
        ),
        Step(
            "options: other uid",
            "DELETE",
            f"{path}/opts",
            JSON,
            {"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": {"uid": "other"}},
        ),
        Step(
            "options: other version",
            "DELETE",
            f"{path}/opts",
            JSON,
            {"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": {"resourceVersion": "1"}},
        ),
        Step("options: malformed", "DELETE", f"{path}/opts", JSON, "{"),
        Step("options: wrong kind", "DELETE", f"{path}/opts", JSON, {"kind": "Foo", "apiVersion": "v1"}),
        Step(
            "options: delete",
            "DELETE",
            f"{path}/opts",
            JSON,
            {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background"},
        ),
    ]


def _deletion() -> list[Step]:
    path = f"{NS}/configmaps"
    kept = _named("kept", finalizers=["example.test/keep"])
    return [
        Step("finalizer: create", "POST", path, JSON, kept),
        Step("finalizer: delete", "DELETE", f"{path}/kept"),
        Step("finalizer: still there", "GET", f"{path}/kept"),
        Step("finalizer: delete again", "DELETE", f"{path}/kept"),
        Step(
            "finalizer: add one too late",
            "PATCH",
            f"{path}/kept",
            MERGE,
            {"metadata": {"finalizers": ["example.test/keep", "example.test/more"]}},
        ),
        Step("finalizer: change while terminating", "PATCH", f"{path}/kept", MERGE, {"data": {"a": "b"}}),
        Step("finalizer: remove the last", "PATCH", f"{path}/kept", MERGE, {"metadata": {"finalizers": None}}),
        Step("finalizer: gone", "GET", f"{path}/kept"),
        Step("namespace: protected", "DELETE", "/api/v1/namespaces/default"),
        Step("namespace: kube-system", "DELETE", "/api/v1/namespaces/kube-system"),
        Step("namespaces cannot be deleted together", "DELETE", "/api/v1/namespaces"),
    ]
