"""A small valid object of every kind, as the documentation page offers it for a first try. All can be created on a fresh cluster."""

from typing import Any, Final

from orrery.machinery.objects import Object, thaw

_WEB: Final = {"app": "web"}
_TEMPLATE: Final = {"metadata": {"labels": _WEB}, "spec": {"containers": [{"name": "nginx", "image": "nginx:1.25"}]}}
_TASK: Final = {"containers": [{"name": "task", "image": "busybox:1.36", "command": ["echo", "done"]}], "restartPolicy": "Never"}
_SELECTED: Final = {"selector": {"matchLabels": _WEB}, "template": _TEMPLATE}
_DEPLOYMENT: Final = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
_ROLE_GROUP: Final = "rbac.authorization.k8s.io"
_REQUEST: Final = {"namespace": "default", "verb": "get", "resource": "pods"}
_RULES: Final = [{"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["deployments"]}]
_WEBHOOK: Final = {
    "name": "hook.example.com",
    "clientConfig": {"url": "https://hook.example.com/"},
    "admissionReviewVersions": ["v1"],
    "sideEffects": "None",
    "failurePolicy": "Ignore",
}

_CORE: Final[dict[str, Object]] = {
    "Binding": {"metadata": {"name": "web"}, "target": {"kind": "Node", "name": "node-1"}},
    "ConfigMap": {"metadata": {"name": "settings"}, "data": {"APP_COLOR": "blue"}},
    "Endpoints": {"metadata": {"name": "outside"}, "subsets": [{"addresses": [{"ip": "192.0.2.10"}], "ports": [{"port": 80}]}]},
    "Event": {
        "metadata": {"name": "web.1"},
        "involvedObject": {"kind": "Pod", "namespace": "default", "name": "web"},
        "reason": "Tried",
        "message": "An event from the documentation page",
        "type": "Normal",
    },
    "LimitRange": {"metadata": {"name": "limits"}, "spec": {"limits": [{"type": "Container", "default": {"cpu": "500m"}}]}},
    "Namespace": {"metadata": {"name": "shop"}},
    "Node": {"metadata": {"name": "node-extra"}, "spec": {"unschedulable": True}},
    "PersistentVolume": {
        "metadata": {"name": "disk"},
        "spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/data"}},
    },
    "PersistentVolumeClaim": {
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    },
    "Pod": {"metadata": {"name": "web", "labels": _WEB}, "spec": _TEMPLATE["spec"]},
    "PodTemplate": {"metadata": {"name": "web"}, "template": _TEMPLATE},
    "ReplicationController": {"metadata": {"name": "web"}, "spec": {"replicas": 1, "selector": _WEB, "template": _TEMPLATE}},
    "ResourceQuota": {"metadata": {"name": "quota"}, "spec": {"hard": {"pods": "10"}}},
    "Secret": {"metadata": {"name": "login"}, "type": "Opaque", "stringData": {"password": "example"}},
    "Service": {"metadata": {"name": "web"}, "spec": {"selector": _WEB, "ports": [{"port": 80}]}},
    "ServiceAccount": {"metadata": {"name": "builder"}},
}

_APPS: Final[dict[str, Object]] = {
    "ControllerRevision": {"metadata": {"name": "web-1"}, "revision": 1, "data": {"spec": {}}},
    "DaemonSet": {"metadata": {"name": "web"}, "spec": _SELECTED},
    "Deployment": {"metadata": {"name": "web", "labels": _WEB}, "spec": {"replicas": 3, **_SELECTED}},
    "ReplicaSet": {"metadata": {"name": "web"}, "spec": {"replicas": 1, **_SELECTED}},
    "StatefulSet": {"metadata": {"name": "web"}, "spec": {"serviceName": "web", "replicas": 1, **_SELECTED}},
}

_BATCH: Final[dict[str, Object]] = {
    "CronJob": {"metadata": {"name": "task"}, "spec": {"schedule": "*/5 * * * *", "jobTemplate": {"spec": {"template": {"spec": _TASK}}}}},
    "Job": {"metadata": {"name": "task"}, "spec": {"template": {"spec": _TASK}}},
}

_NETWORKING: Final[dict[str, Object]] = {
    "IPAddress": {
        "metadata": {"name": "10.96.200.1"},
        "spec": {"parentRef": {"resource": "services", "namespace": "default", "name": "web"}},
    },
    "Ingress": {"metadata": {"name": "web"}, "spec": {"defaultBackend": {"service": {"name": "web", "port": {"number": 80}}}}},
    "IngressClass": {"metadata": {"name": "example"}, "spec": {"controller": "example.com/ingress"}},
    "NetworkPolicy": {"metadata": {"name": "deny-all"}, "spec": {"podSelector": {}, "policyTypes": ["Ingress"]}},
    "ServiceCIDR": {"metadata": {"name": "more"}, "spec": {"cidrs": ["10.77.0.0/24"]}},
}

_RBAC: Final[dict[str, Object]] = {
    "ClusterRole": {"metadata": {"name": "reader"}, "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}]},
    "ClusterRoleBinding": {
        "metadata": {"name": "readers"},
        "subjects": [{"kind": "Group", "name": "developers", "apiGroup": _ROLE_GROUP}],
        "roleRef": {"kind": "ClusterRole", "name": "reader", "apiGroup": _ROLE_GROUP},
    },
    "Role": {"metadata": {"name": "reader"}, "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}]},
    "RoleBinding": {
        "metadata": {"name": "readers"},
        "subjects": [{"kind": "User", "name": "jane", "apiGroup": _ROLE_GROUP}],
        "roleRef": {"kind": "Role", "name": "reader", "apiGroup": _ROLE_GROUP},
    },
}

_STORAGE: Final[dict[str, Object]] = {
    "CSIDriver": {"metadata": {"name": "disk.example.com"}, "spec": {"attachRequired": False}},
    "CSINode": {"metadata": {"name": "node-extra"}, "spec": {"drivers": [{"name": "disk.example.com", "nodeID": "node-extra"}]}},
    "CSIStorageCapacity": {"metadata": {"name": "capacity"}, "storageClassName": "example", "capacity": "100Gi"},
    "StorageClass": {"metadata": {"name": "example"}, "provisioner": "disk.example.com"},
    "VolumeAttachment": {
        "metadata": {"name": "attached"},
        "spec": {"attacher": "disk.example.com", "nodeName": "node-1", "source": {"persistentVolumeName": "disk"}},
    },
    "VolumeAttributesClass": {"metadata": {"name": "fast"}, "driverName": "disk.example.com", "parameters": {"iops": "1000"}},
}

_ADMISSION: Final[dict[str, Object]] = {
    "MutatingWebhookConfiguration": {"metadata": {"name": "hook.example.com"}, "webhooks": [{**_WEBHOOK, "rules": _RULES}]},
    "ValidatingAdmissionPolicy": {
        "metadata": {"name": "few-replicas"},
        "spec": {"matchConstraints": {"resourceRules": _RULES}, "validations": [{"expression": "object.spec.replicas <= 5"}]},
    },
    "ValidatingAdmissionPolicyBinding": {
        "metadata": {"name": "few-replicas"},
        "spec": {"policyName": "few-replicas", "validationActions": ["Deny"]},
    },
    "ValidatingWebhookConfiguration": {"metadata": {"name": "hook.example.com"}, "webhooks": [{**_WEBHOOK, "rules": _RULES}]},
}

_FLOW: Final[dict[str, Object]] = {
    "FlowSchema": {
        "metadata": {"name": "example"},
        "spec": {"priorityLevelConfiguration": {"name": "global-default"}, "matchingPrecedence": 1000},
    },
    "PriorityLevelConfiguration": {
        "metadata": {"name": "example"},
        "spec": {"type": "Limited", "limited": {"limitResponse": {"type": "Reject"}}},
    },
}

_CLAIM: Final = {"devices": {"requests": [{"name": "gpu", "exactly": {"deviceClassName": "gpu.example.com"}}]}}
_RESOURCE: Final[dict[str, Object]] = {
    "DeviceClass": {"metadata": {"name": "gpu.example.com"}, "spec": {}},
    "ResourceClaim": {"metadata": {"name": "gpu"}, "spec": _CLAIM},
    "ResourceClaimTemplate": {"metadata": {"name": "gpu"}, "spec": {"spec": _CLAIM}},
    "ResourceSlice": {
        "metadata": {"name": "slice"},
        "spec": {"driver": "gpu.example.com", "nodeName": "node-1", "pool": {"name": "node-1", "generation": 1, "resourceSliceCount": 1}},
    },
}

_AUTHORIZATION: Final[dict[str, Object]] = {
    "LocalSubjectAccessReview": {"metadata": {"namespace": "default"}, "spec": {"user": "jane", "resourceAttributes": _REQUEST}},
    "SelfSubjectAccessReview": {"spec": {"resourceAttributes": _REQUEST}},
    "SelfSubjectRulesReview": {"spec": {"namespace": "default"}},
    "SubjectAccessReview": {"spec": {"user": "jane", "resourceAttributes": _REQUEST}},
}

_SIGNING_REQUEST: Final = (
    "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlHT01FSUNBUUF3RHpFTk1Bc0dBMVVFQXd3RWFtRnVaVEFxTUFVR0F5dGxjQU1oQUpJdmZF"
    "cVg2ZW5mT2xqRAp0aEJ5V09pK2hhU0xwZURYd29PWitQMTZuOHVhb0FBd0JRWURLMlZ3QTBFQTF4TmREa1VySTRqbjZSRU9MZC9KClRqUGpNMzBLNUdhbi9W"
    "NVl6c2ZBSlN4OWROMlQxZHFpNURxa3NMNVMxckhDV0YzelVDeTZOYnM4cTdvdzRPeksKQVE9PQotLS0tLUVORCBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0K"
)
"""A certificate request for CN=jane."""

_SCALED: Final = {"scaleTargetRef": _DEPLOYMENT, "minReplicas": 1, "maxReplicas": 5}
_BY_GROUP_VERSION: Final[dict[str, dict[str, Object]]] = {
    "v1": _CORE,
    "apps/v1": _APPS,
    "batch/v1": _BATCH,
    "networking.k8s.io/v1": _NETWORKING,
    "rbac.authorization.k8s.io/v1": _RBAC,
    "storage.k8s.io/v1": _STORAGE,
    "admissionregistration.k8s.io/v1": _ADMISSION,
    "flowcontrol.apiserver.k8s.io/v1": _FLOW,
    "resource.k8s.io/v1": _RESOURCE,
    "authorization.k8s.io/v1": _AUTHORIZATION,
    "authentication.k8s.io/v1": {
        "SelfSubjectReview": {},
        "TokenRequest": {"spec": {"audiences": ["https://kubernetes.default.svc"], "expirationSeconds": 3600}},
        "TokenReview": {"spec": {"token": "example"}},
    },
    "autoscaling/v1": {
        "HorizontalPodAutoscaler": {"metadata": {"name": "web"}, "spec": {**_SCALED, "targetCPUUtilizationPercentage": 80}},
        "Scale": {"metadata": {"name": "web", "namespace": "default"}, "spec": {"replicas": 2}},
    },
    "autoscaling/v2": {
        "HorizontalPodAutoscaler": {
            "metadata": {"name": "web"},
            "spec": {
                **_SCALED,
                "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}}],
            },
        },
    },
    "policy/v1": {
        "Eviction": {"metadata": {"name": "web", "namespace": "default"}},
        "PodDisruptionBudget": {"metadata": {"name": "web"}, "spec": {"minAvailable": 1, "selector": {"matchLabels": _WEB}}},
    },
    "scheduling.k8s.io/v1": {"PriorityClass": {"metadata": {"name": "important"}, "value": 1000}},
    "coordination.k8s.io/v1": {
        "Lease": {"metadata": {"name": "leader"}, "spec": {"holderIdentity": "me", "leaseDurationSeconds": 15}},
    },
    "node.k8s.io/v1": {"RuntimeClass": {"metadata": {"name": "sandboxed"}, "handler": "runsc"}},
    "discovery.k8s.io/v1": {
        "EndpointSlice": {
            "metadata": {"name": "outside-1"},
            "addressType": "IPv4",
            "endpoints": [{"addresses": ["192.0.2.10"]}],
            "ports": [{"name": "http", "port": 80}],
        },
    },
    "events.k8s.io/v1": {
        "Event": {
            "metadata": {"name": "web.2"},
            "eventTime": "2026-01-02T03:04:05.000006Z",
            "reportingController": "example.com/docs",
            "reportingInstance": "docs-1",
            "action": "Trying",
            "reason": "Tried",
            "type": "Normal",
            "note": "An event from the documentation page",
            "regarding": {"kind": "Pod", "namespace": "default", "name": "web"},
        },
    },
    "apiregistration.k8s.io/v1": {
        "APIService": {
            "metadata": {"name": "v1.shop.example.com"},
            "spec": {
                "group": "shop.example.com",
                "version": "v1",
                "groupPriorityMinimum": 100,
                "versionPriority": 10,
                "service": {"name": "shop", "namespace": "default"},
            },
        },
    },
    "apiextensions.k8s.io/v1": {
        "CustomResourceDefinition": {
            "metadata": {"name": "shops.example.com"},
            "spec": {
                "group": "example.com",
                "scope": "Namespaced",
                "names": {"plural": "shops", "singular": "shop", "kind": "Shop", "listKind": "ShopList"},
                "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {"type": "object"}}}],
            },
        },
    },
    "certificates.k8s.io/v1": {
        "CertificateSigningRequest": {
            "metadata": {"name": "jane"},
            "spec": {"request": _SIGNING_REQUEST, "signerName": "example.com/signer", "usages": ["client auth"]},
        },
    },
}


def example(api_version: str, kind: str) -> Object | None:
    """An object of that kind, the caller's own, or None where there is no sensible one."""
    rest: dict[str, Any] | None = _BY_GROUP_VERSION.get(api_version, {}).get(kind)
    return None if rest is None else thaw({"apiVersion": api_version, "kind": kind, **rest})
