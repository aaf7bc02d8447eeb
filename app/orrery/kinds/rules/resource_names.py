"""Names of resources (`cpu`, `hugepages-2Mi`, `example.com/gpu`): which kind of resource a name means. Follows `core/helper`."""

from typing import Final

from orrery.machinery.names import is_qualified_name

HUGE_PAGES: Final = "hugepages-"

STANDARD_RESOURCES: Final = frozenset(
    {
        "cpu",
        "memory",
        "ephemeral-storage",
        "requests.cpu",
        "requests.memory",
        "requests.ephemeral-storage",
        "limits.cpu",
        "limits.memory",
        "limits.ephemeral-storage",
        "pods",
        "resourcequotas",
        "services",
        "replicationcontrollers",
        "secrets",
        "configmaps",
        "persistentvolumeclaims",
        "storage",
        "requests.storage",
        "services.nodeports",
        "services.loadbalancers",
    }
)
CONTAINER_RESOURCES: Final = frozenset({"cpu", "memory", "ephemeral-storage"})
COUNTED_RESOURCES: Final = frozenset(
    {
        "pods",
        "resourcequotas",
        "services",
        "replicationcontrollers",
        "secrets",
        "configmaps",
        "persistentvolumeclaims",
        "services.nodeports",
        "services.loadbalancers",
    }
)


def is_huge_page(name: str) -> bool:
    return name.startswith(HUGE_PAGES)


def is_native(name: str) -> bool:
    """Without a domain, or in Kubernetes' own."""
    return "/" not in name or "kubernetes.io/" in name


def is_extended(name: str) -> bool:
    """A device plugin's resource, such as `example.com/gpu`."""
    return not is_native(name) and not name.startswith("requests.") and not is_qualified_name(f"requests.{name}")


def is_overcommit_allowed(name: str) -> bool:
    """Whether a request may be less than its limit."""
    return is_native(name) and not is_huge_page(name)


def is_standard(name: str) -> bool:
    return name in STANDARD_RESOURCES or name.startswith((HUGE_PAGES, "requests.hugepages-"))


def is_standard_for_containers(name: str) -> bool:
    return name in CONTAINER_RESOURCES or is_huge_page(name)


def is_integer(name: str) -> bool:
    """Whether only whole numbers make sense."""
    return name in COUNTED_RESOURCES or is_extended(name)
