"""One valid object of every kind the corpus creates, as a user would write it: the least that makes sense, defaults left to the server."""

from typing import Any

Object = dict[str, Any]

NAMESPACE = "parity"


def meta(name: str, **more: Any) -> Object:
    return {"name": name, "labels": {"suite": "parity"}, **more}


def pod_spec(image: str = "nginx:1.25", **more: Any) -> Object:
    return {"containers": [{"name": "web", "image": image}], **more}


def template(**more: Any) -> Object:
    return {"metadata": {"labels": {"app": "web"}}, "spec": pod_spec(**more)}


def _workload(name: str, **more: Any) -> Object:
    return {"metadata": meta(name), "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": template(), **more}}


SIGNING_REQUEST = (
    "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlIWk1JR0FBZ0VBTUI0eERUQUxCZ05WQkFNTUJHcGhibVV4RFRBTEJnTlZCQW9NQkdSbGRu"
    "TXdXVEFUQmdjcQpoa2pPUFFJQkJnZ3Foa2pPUFFNQkJ3TkNBQVN5bmJtRzk0MVVrTWVoUzNHbVpTVE9KaTR1OFNuMWJUaHZ1TFFECjJNV1dQLzRONFR3ZTlE"
    "SWNKOTFQQnlDWk9ydndiQzMybExnblkzSEx2KzNCSUVzcG9BQXdDZ1lJS29aSXpqMEUKQXdJRFNBQXdSUUlnYUsxeWtkdEx2RERMS25mTmdJOXVob2pQd0lF"
    "bDVJTmRCYVBzYjRCYy9SQUNJUURZTU02cwoweUhnZzExSEVEQko0WnJxbXZKRVNuMlZQbStPTnE2d1loNjkzZz09Ci0tLS0tRU5EIENFUlRJRklDQVRFIFJF"
    "UVVFU1QtLS0tLQo="
)
WEBHOOK: Object = {
    "name": "hook.example.test",
    "sideEffects": "None",
    "admissionReviewVersions": ["v1"],
    "failurePolicy": "Ignore",
    "clientConfig": {"url": "https://127.0.0.1:1/"},
    "rules": [{"apiGroups": ["example.test"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["things"]}],
}

# (apiVersion, kind, resource, namespaced) -> the rest of the object
SAMPLES: list[tuple[str, str, str, bool, Object]] = [
    (
        "v1",
        "ConfigMap",
        "configmaps",
        True,
        {"metadata": meta("sample"), "data": {"APP_COLOR": "pink", "empty": ""}, "binaryData": {"b": "AAEC"}},
    ),
    ("v1", "Secret", "secrets", True, {"metadata": meta("sample"), "data": {"DB_Host": "bXlzcWn="}, "stringData": {"user": "root"}}),
    ("v1", "ServiceAccount", "serviceaccounts", True, {"metadata": meta("sample"), "imagePullSecrets": [{"name": "regcred"}]}),
    ("v1", "Service", "services", True, {"metadata": meta("sample"), "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]}}),
    (
        "v1",
        "Endpoints",
        "endpoints",
        True,
        {"metadata": meta("sample-ep"), "subsets": [{"addresses": [{"ip": "10.1.2.3"}], "ports": [{"port": 80}]}]},
    ),
    ("v1", "Pod", "pods", True, {"metadata": meta("sample"), "spec": pod_spec(schedulerName="none")}),
    ("v1", "PodTemplate", "podtemplates", True, {"metadata": meta("sample"), "template": template()}),
    (
        "v1",
        "ReplicationController",
        "replicationcontrollers",
        True,
        {
            "metadata": meta("sample"),
            "spec": {"replicas": 0, "selector": {"app": "rc"}, "template": {"metadata": {"labels": {"app": "rc"}}, "spec": pod_spec()}},
        },
    ),
    (
        "v1",
        "ResourceQuota",
        "resourcequotas",
        True,
        {"metadata": meta("sample"), "spec": {"hard": {"pods": "100", "requests.cpu": "4000m"}}},
    ),
    (
        "v1",
        "LimitRange",
        "limitranges",
        True,
        {
            "metadata": meta("sample"),
            "spec": {"limits": [{"type": "PersistentVolumeClaim", "max": {"storage": "10Gi"}, "min": {"storage": "1Gi"}}]},
        },
    ),
    (
        "v1",
        "PersistentVolumeClaim",
        "persistentvolumeclaims",
        True,
        {
            "metadata": meta("sample"),
            "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, "storageClassName": "none"},
        },
    ),
    (
        "v1",
        "PersistentVolume",
        "persistentvolumes",
        False,
        {
            "metadata": meta("parity-sample"),
            "spec": {
                "capacity": {"storage": "1024Mi"},
                "accessModes": ["ReadWriteOnce"],
                "hostPath": {"path": "/data"},
                "storageClassName": "pv-none",
            },
        },
    ),
    (
        "v1",
        "Event",
        "events",
        True,
        {
            "metadata": meta("sample"),
            "involvedObject": {"kind": "Pod", "namespace": NAMESPACE, "name": "sample"},
            "reason": "Tested",
            "message": "an event",
            "type": "Normal",
        },
    ),
    ("v1", "Namespace", "namespaces", False, {"metadata": meta("parity-sample")}),
    ("v1", "Node", "nodes", False, {"metadata": meta("parity-sample"), "spec": {"unschedulable": True}}),
    ("apps/v1", "Deployment", "deployments", True, _workload("sample", replicas=0)),
    ("apps/v1", "ReplicaSet", "replicasets", True, _workload("sample", replicas=0)),
    ("apps/v1", "StatefulSet", "statefulsets", True, _workload("sample", replicas=0, serviceName="sample")),
    (
        "apps/v1",
        "DaemonSet",
        "daemonsets",
        True,
        {
            "metadata": meta("sample"),
            "spec": {
                "selector": {"matchLabels": {"app": "ds"}},
                "template": {"metadata": {"labels": {"app": "ds"}}, "spec": pod_spec(nodeSelector={"no": "node"})},
            },
        },
    ),
    ("apps/v1", "ControllerRevision", "controllerrevisions", True, {"metadata": meta("sample"), "revision": 1, "data": {"spec": {"a": 1}}}),
    (
        "batch/v1",
        "Job",
        "jobs",
        True,
        {"metadata": meta("sample"), "spec": {"suspend": True, "template": {"spec": pod_spec(restartPolicy="Never")}}},
    ),
    (
        "batch/v1",
        "CronJob",
        "cronjobs",
        True,
        {
            "metadata": meta("sample"),
            "spec": {
                "schedule": "*/5 * * * *",
                "suspend": True,
                "jobTemplate": {"spec": {"template": {"spec": pod_spec(restartPolicy="OnFailure")}}},
            },
        },
    ),
    (
        "autoscaling/v2",
        "HorizontalPodAutoscaler",
        "horizontalpodautoscalers",
        True,
        {
            "metadata": meta("sample"),
            "spec": {
                "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "none"},
                "maxReplicas": 3,
                "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}}],
            },
        },
    ),
    (
        "autoscaling/v1",
        "HorizontalPodAutoscaler",
        "horizontalpodautoscalers",
        True,
        {
            "metadata": meta("sample-v1"),
            "spec": {
                "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "none"},
                "maxReplicas": 3,
                "targetCPUUtilizationPercentage": 70,
            },
        },
    ),
    (
        "policy/v1",
        "PodDisruptionBudget",
        "poddisruptionbudgets",
        True,
        {"metadata": meta("sample"), "spec": {"minAvailable": "50%", "selector": {"matchLabels": {"app": "none"}}}},
    ),
    (
        "networking.k8s.io/v1",
        "Ingress",
        "ingresses",
        True,
        {
            "metadata": meta("sample"),
            "spec": {
                "ingressClassName": "nginx",
                "rules": [
                    {
                        "host": "example.test",
                        "http": {
                            "paths": [{"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "web", "port": {"number": 80}}}}]
                        },
                    }
                ],
            },
        },
    ),
    (
        "networking.k8s.io/v1",
        "IngressClass",
        "ingressclasses",
        False,
        {"metadata": meta("parity-sample"), "spec": {"controller": "example.test/ingress"}},
    ),
    (
        "networking.k8s.io/v1",
        "NetworkPolicy",
        "networkpolicies",
        True,
        {
            "metadata": meta("sample"),
            "spec": {"podSelector": {}, "ingress": [{"from": [{"podSelector": {"matchLabels": {"a": "b"}}}], "ports": [{"port": 80}]}]},
        },
    ),
    (
        "networking.k8s.io/v1",
        "ServiceCIDR",
        "servicecidrs",
        False,
        {"metadata": meta("parity-sample"), "spec": {"cidrs": ["10.77.0.0/24"]}},
    ),
    (
        "rbac.authorization.k8s.io/v1",
        "Role",
        "roles",
        True,
        {"metadata": meta("sample"), "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}]},
    ),
    (
        "rbac.authorization.k8s.io/v1",
        "RoleBinding",
        "rolebindings",
        True,
        {
            "metadata": meta("sample"),
            "subjects": [{"kind": "User", "name": "jane"}, {"kind": "ServiceAccount", "name": "default", "namespace": NAMESPACE}],
            "roleRef": {"kind": "Role", "name": "sample", "apiGroup": "rbac.authorization.k8s.io"},
        },
    ),
    (
        "rbac.authorization.k8s.io/v1",
        "ClusterRole",
        "clusterroles",
        False,
        {"metadata": meta("parity-sample"), "rules": [{"nonResourceURLs": ["/healthz"], "verbs": ["get"]}]},
    ),
    (
        "rbac.authorization.k8s.io/v1",
        "ClusterRoleBinding",
        "clusterrolebindings",
        False,
        {
            "metadata": meta("parity-sample"),
            "subjects": [{"kind": "Group", "name": "devs"}],
            "roleRef": {"kind": "ClusterRole", "name": "view", "apiGroup": "rbac.authorization.k8s.io"},
        },
    ),
    ("storage.k8s.io/v1", "StorageClass", "storageclasses", False, {"metadata": meta("parity-sample"), "provisioner": "example.test/disk"}),
    ("storage.k8s.io/v1", "CSIDriver", "csidrivers", False, {"metadata": meta("parity.example.test"), "spec": {"attachRequired": False}}),
    (
        "storage.k8s.io/v1",
        "CSINode",
        "csinodes",
        False,
        {"metadata": meta("parity-sample"), "spec": {"drivers": [{"name": "d.example.test", "nodeID": "n1"}]}},
    ),
    (
        "storage.k8s.io/v1",
        "VolumeAttachment",
        "volumeattachments",
        False,
        {
            "metadata": meta("parity-sample"),
            "spec": {"attacher": "d.example.test", "nodeName": "n1", "source": {"persistentVolumeName": "pv1"}},
        },
    ),
    (
        "storage.k8s.io/v1",
        "CSIStorageCapacity",
        "csistoragecapacities",
        True,
        {"metadata": meta("sample"), "storageClassName": "standard", "capacity": "1000Mi"},
    ),
    (
        "storage.k8s.io/v1",
        "VolumeAttributesClass",
        "volumeattributesclasses",
        False,
        {"metadata": meta("parity-sample"), "driverName": "d.example.test", "parameters": {"iops": "100"}},
    ),
    (
        "scheduling.k8s.io/v1",
        "PriorityClass",
        "priorityclasses",
        False,
        {"metadata": meta("parity-sample"), "value": 1000, "description": "for tests"},
    ),
    (
        "coordination.k8s.io/v1",
        "Lease",
        "leases",
        True,
        {"metadata": meta("sample"), "spec": {"holderIdentity": "me", "leaseDurationSeconds": 15}},
    ),
    ("node.k8s.io/v1", "RuntimeClass", "runtimeclasses", False, {"metadata": meta("parity-sample"), "handler": "runc"}),
    (
        "discovery.k8s.io/v1",
        "EndpointSlice",
        "endpointslices",
        True,
        {"metadata": meta("sample"), "addressType": "IPv4", "endpoints": [{"addresses": ["10.1.2.3"]}], "ports": [{"port": 80}]},
    ),
    (
        "events.k8s.io/v1",
        "Event",
        "events",
        True,
        {
            "metadata": meta("sample-new"),
            "eventTime": "2026-01-02T03:04:05.000006Z",
            "reportingController": "example.test/tester",
            "reportingInstance": "tester-1",
            "action": "Testing",
            "reason": "Tested",
            "type": "Normal",
            "note": "an event",
            "regarding": {"kind": "Pod", "namespace": NAMESPACE, "name": "sample"},
        },
    ),
    (
        "admissionregistration.k8s.io/v1",
        "ValidatingWebhookConfiguration",
        "validatingwebhookconfigurations",
        False,
        {
            "metadata": meta("parity-sample"),
            "webhooks": [
                {
                    "name": "hook.example.test",
                    "sideEffects": "None",
                    "admissionReviewVersions": ["v1"],
                    "failurePolicy": "Ignore",
                    "clientConfig": {"url": "https://127.0.0.1:1/"},
                    "rules": [{"apiGroups": ["example.test"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["things"]}],
                }
            ],
        },
    ),
    (
        "apiregistration.k8s.io/v1",
        "APIService",
        "apiservices",
        False,
        {
            "metadata": meta("v1.parity.example.test"),
            "spec": {
                "group": "parity.example.test",
                "version": "v1",
                "groupPriorityMinimum": 100,
                "versionPriority": 10,
                "insecureSkipTLSVerify": True,
                "service": {"name": "none", "namespace": NAMESPACE},
            },
        },
    ),
    ("resource.k8s.io/v1", "DeviceClass", "deviceclasses", False, {"metadata": meta("parity-sample"), "spec": {}}),
    (
        "flowcontrol.apiserver.k8s.io/v1",
        "PriorityLevelConfiguration",
        "prioritylevelconfigurations",
        False,
        {"metadata": meta("parity-sample"), "spec": {"type": "Limited", "limited": {"limitResponse": {"type": "Reject"}}}},
    ),
    (
        "certificates.k8s.io/v1",
        "CertificateSigningRequest",
        "certificatesigningrequests",
        False,
        {
            "metadata": meta("parity-sample"),
            "spec": {"request": SIGNING_REQUEST, "signerName": "example.test/signer", "usages": ["client auth"], "expirationSeconds": 3600},
        },
    ),
    (
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        "customresourcedefinitions",
        False,
        {
            "metadata": meta("things.parity.example.test"),
            "spec": {
                "group": "parity.example.test",
                "scope": "Namespaced",
                "names": {"plural": "things", "kind": "Thing"},
                "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {"type": "object"}}}],
            },
        },
    ),
    (
        "admissionregistration.k8s.io/v1",
        "MutatingWebhookConfiguration",
        "mutatingwebhookconfigurations",
        False,
        {"metadata": meta("parity-sample"), "webhooks": [WEBHOOK]},
    ),
    (
        "admissionregistration.k8s.io/v1",
        "ValidatingAdmissionPolicy",
        "validatingadmissionpolicies",
        False,
        {
            "metadata": meta("parity-sample"),
            "spec": {"matchConstraints": {"resourceRules": WEBHOOK["rules"]}, "validations": [{"expression": "true"}]},
        },
    ),
    (
        "admissionregistration.k8s.io/v1",
        "ValidatingAdmissionPolicyBinding",
        "validatingadmissionpolicybindings",
        False,
        {"metadata": meta("parity-sample"), "spec": {"policyName": "none", "validationActions": ["Audit"]}},
    ),
    (
        "flowcontrol.apiserver.k8s.io/v1",
        "FlowSchema",
        "flowschemas",
        False,
        {
            "metadata": meta("parity-sample"),
            "spec": {
                "priorityLevelConfiguration": {"name": "none"},
                "matchingPrecedence": 9999,
                "rules": [
                    {
                        "subjects": [{"kind": "User", "user": {"name": "jane"}}],
                        "nonResourceRules": [{"verbs": ["get"], "nonResourceURLs": ["/parity"]}],
                    }
                ],
            },
        },
    ),
    (
        "resource.k8s.io/v1",
        "ResourceClaim",
        "resourceclaims",
        True,
        {
            "metadata": meta("sample"),
            "spec": {"devices": {"requests": [{"name": "gpu", "exactly": {"deviceClassName": "gpu.example.test"}}]}},
        },
    ),
    (
        "resource.k8s.io/v1",
        "ResourceClaimTemplate",
        "resourceclaimtemplates",
        True,
        {
            "metadata": meta("sample"),
            "spec": {"spec": {"devices": {"requests": [{"name": "gpu", "exactly": {"deviceClassName": "gpu.example.test"}}]}}},
        },
    ),
    (
        "resource.k8s.io/v1",
        "ResourceSlice",
        "resourceslices",
        False,
        {
            "metadata": meta("parity-sample"),
            "spec": {
                "driver": "gpu.example.test",
                "nodeName": "none",
                "pool": {"name": "p", "generation": 1, "resourceSliceCount": 1},
                "devices": [{"name": "gpu-0"}],
            },
        },
    ),
    (
        "networking.k8s.io/v1",
        "IPAddress",
        "ipaddresses",
        False,
        {"metadata": meta("10.99.99.99"), "spec": {"parentRef": {"resource": "services", "namespace": NAMESPACE, "name": "none"}}},
    ),
]


def sample(kind: str, **spec: Any) -> Object:
    """A fresh copy of the sample of `kind` with these top-level fields put over it."""
    for api_version, name, _, _, rest in SAMPLES:
        if name == kind:
            return {"apiVersion": api_version, "kind": kind, **rest, **spec}
    raise KeyError(kind)


def path_of(api_version: str, resource: str, *, namespaced: bool) -> str:
    root = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
    return f"{root}/namespaces/{NAMESPACE}/{resource}" if namespaced else f"{root}/{resource}"
