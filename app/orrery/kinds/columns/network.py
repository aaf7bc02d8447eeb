"""The columns of networking kinds: Services and what is behind and before them."""

from collections.abc import Sequence
from dataclasses import replace

from orrery.kinds.columns.cells import AGE, NAME, format_labels, format_selector, shown, spec, status, wide
from orrery.kinds.kind import Column
from orrery.machinery.objects import FrozenObject


def _load_balancer_addresses(obj: FrozenObject) -> str:
    ingress = (status(obj).get("loadBalancer") or {}).get("ingress") or ()
    return ",".join(sorted({point.get("ip") or point.get("hostname") or "" for point in ingress} - {""}))


def _external_ip(service: FrozenObject, now_s: float) -> str:
    kind, addresses = spec(service).get("type"), list(spec(service).get("externalIPs") or ())
    if kind == "ExternalName":
        return str(spec(service).get("externalName", ""))
    if kind == "LoadBalancer":
        balanced = _load_balancer_addresses(service)
        return ",".join([*([balanced] if balanced else []), *addresses]) or "<pending>"
    return ",".join(addresses) or "<none>"


def _service_port(port: FrozenObject) -> str:
    node_port = f":{port['nodePort']}" if port.get("nodePort") else ""
    return f"{port['port']}{node_port}/{port.get('protocol', 'TCP')}"


SERVICES = (
    NAME,
    Column("Type", lambda obj, now_s: spec(obj).get("type", "")),
    Column("Cluster-IP", lambda obj, now_s: next(iter(spec(obj).get("clusterIPs") or ()), "<none>")),
    Column("External-IP", _external_ip),
    Column("Port(s)", lambda obj, now_s: ",".join(_service_port(port) for port in spec(obj).get("ports") or ()) or "<none>"),
    AGE,
    wide("Selector", lambda obj, now_s: format_labels(spec(obj).get("selector"))),
)


def _endpoints(obj: FrozenObject, now_s: float) -> str:
    """Addresses of all subsets, with each port where there are ports."""
    subsets = obj.get("subsets") or ()
    if not subsets:
        return "<none>"
    return shown([address for subset in subsets for address in _subset_addresses(subset)])


def _subset_addresses(subset: FrozenObject) -> list[str]:
    addresses = [address["ip"] for address in subset.get("addresses") or ()]
    ports = subset.get("ports") or ()
    return [_host_port(ip, port["port"]) for port in ports for ip in addresses] if ports else addresses


def _host_port(ip: str, port: int) -> str:
    return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"


ENDPOINTS = (NAME, Column("Endpoints", _endpoints), AGE)


def _or_unset(names: Sequence[str]) -> str:
    return shown(names) or "<unset>"


def _slice_port(port: FrozenObject) -> str:
    return str(port.get("port", port.get("name", "*")))


ENDPOINT_SLICES = (
    NAME,
    Column("AddressType", lambda obj, now_s: obj.get("addressType", "")),
    Column("Ports", lambda obj, now_s: _or_unset([_slice_port(port) for port in obj.get("ports") or ()])),
    Column(
        "Endpoints",
        lambda obj, now_s: _or_unset([address for endpoint in obj.get("endpoints") or () for address in endpoint.get("addresses") or ()]),
    ),
    AGE,
)


def _hosts(ingress: FrozenObject, now_s: float) -> str:
    rules = spec(ingress).get("rules") or ()
    hosts = [rule["host"] for rule in rules if rule.get("host")]
    if len(hosts) > 3:
        return f"{','.join(hosts[:3])} + {len(rules) - 3} more..."
    return ",".join(hosts) or "*"


INGRESSES = (
    NAME,
    Column("Class", lambda obj, now_s: spec(obj).get("ingressClassName", "<none>")),
    Column("Hosts", _hosts),
    Column("Address", lambda obj, now_s: _load_balancer_addresses(obj)),
    Column("Ports", lambda obj, now_s: "80, 443" if spec(obj).get("tls") else "80"),
    AGE,
)


def _parameters(ingress_class: FrozenObject, now_s: float) -> str:
    parameters = spec(ingress_class).get("parameters")
    if parameters is None:
        return "<none>"
    group = f".{parameters['apiGroup']}" if "apiGroup" in parameters else ""
    return f"{parameters['kind']}{group}/{parameters['name']}"


INGRESS_CLASSES = (
    NAME,
    Column("Controller", lambda obj, now_s: spec(obj).get("controller", "")),
    Column("Parameters", _parameters),
    AGE,
)

NETWORK_POLICIES = (NAME, Column("Pod-Selector", lambda obj, now_s: format_selector(spec(obj).get("podSelector") or {})), AGE)

SERVICE_CIDRS = (NAME, Column("CIDRs", lambda obj, now_s: ",".join(spec(obj).get("cidrs") or ())), AGE)


def _parent(address: FrozenObject, now_s: float) -> str:
    parent = spec(address).get("parentRef")
    if parent is None:
        return "<none>"
    resource = ".".join(part for part in (parent.get("resource", ""), parent.get("group", "")) if part).lower()
    return "/".join(part for part in (resource, parent.get("namespace", ""), parent.get("name", "")) if part)


IP_ADDRESSES = (NAME, Column("ParentRef", _parent), replace(AGE, name=""))  # Upstream prints the age in a column it does not name.
