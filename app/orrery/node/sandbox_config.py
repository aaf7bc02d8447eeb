"""A Pod's host name, /etc/hosts and resolv.conf, as the kubelet writes them (`kubelet_pods.go`, `network/dns`)."""

from typing import Final

from orrery.machinery.objects import FrozenObject, name_of, namespace_of
from orrery.node.runtime import SandboxConfig
from orrery.node.sysctls import sysctls_of

_NAME_MAX: Final = 63
_LOCAL: Final = (
    "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::0\tip6-localnet\nfe00::0\tip6-mcastprefix\n"
    "fe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n"
)


def sandbox_of(pod: FrozenObject, address: str, *, node: str, domain: str, dns: str) -> SandboxConfig:
    """`domain` is the cluster's, `dns` the address of its name server."""
    spec = pod["spec"]
    hostname = hostname_of(pod, node)
    has_domain = bool(spec.get("subdomain")) and not spec.get("hostnameOverride")
    subdomain = f"{spec['subdomain']}.{namespace_of(pod)}.svc.{domain}" if has_domain else ""
    return SandboxConfig(
        address=address,
        hostname=f"{hostname}.{subdomain}" if subdomain and spec.get("setHostnameAsFQDN") else hostname,
        hosts=_hosts(spec, address, hostname, subdomain),
        resolv_conf=_resolv_conf(pod, domain, dns),
        parameters=sysctls_of(spec),
        shares_processes=bool(spec.get("shareProcessNamespace")),
        is_on_host=bool(spec.get("hostPID")),
    )


def hostname_of(pod: FrozenObject, node: str) -> str:
    """A Pod on the host's network has the node's name; the Pod's own is cut to what a host name may be."""
    spec = pod["spec"]
    if spec.get("hostNetwork"):
        return node
    return str(spec.get("hostnameOverride") or spec.get("hostname") or name_of(pod))[:_NAME_MAX].rstrip("-.")


def _hosts(spec: FrozenObject, address: str, hostname: str, subdomain: str) -> str:
    names = f"{hostname}.{subdomain}\t{hostname}" if subdomain else hostname
    note = " (host network)" if spec.get("hostNetwork") else ""
    lines = [f"# Kubernetes-managed hosts file{note}.\n", _LOCAL, f"{address}\t{names}\n"]
    if aliases := spec.get("hostAliases"):
        lines.append("\n# Entries added by HostAliases.\n")
        lines += ["\t".join([alias["ip"], *(alias.get("hostnames") or ())]) + "\n" for alias in aliases]
    return "".join(lines)


def _resolv_conf(pod: FrozenObject, domain: str, dns: str) -> str:
    spec = pod["spec"]
    policy = spec.get("dnsPolicy") or "ClusterFirst"
    servers: list[str] = []
    searches: list[str] = []
    options: dict[str, str | None] = {}
    if policy == "ClusterFirstWithHostNet" or (policy == "ClusterFirst" and not spec.get("hostNetwork")):
        servers = [dns]
        searches = [f"{namespace_of(pod)}.svc.{domain}", f"svc.{domain}", domain]
        options = {"ndots": "5"}
    elif policy != "None":
        servers = [dns]  # DIFFERS: upstream takes the node's own name server; ours has none besides the cluster's.
    config = spec.get("dnsConfig") or {}
    servers = list(dict.fromkeys([*servers, *(config.get("nameservers") or ())]))
    searches = list(dict.fromkeys([*searches, *(config.get("searches") or ())]))
    options.update({one["name"]: one.get("value") for one in config.get("options") or ()})
    lines = [f"search {' '.join(searches)}\n"] if searches else []
    lines += [f"nameserver {server}\n" for server in servers]
    if options:
        lines.append("options " + " ".join(name if value is None else f"{name}:{value}" for name, value in options.items()) + "\n")
    return "".join(lines)
