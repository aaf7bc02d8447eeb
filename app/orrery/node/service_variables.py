"""The variables a container gets for Services: `DB_SERVICE_HOST`, `DB_SERVICE_PORT`, and the names docker's links once had.

Follows `getServiceEnvVarMap` and `envvars.FromServices` of upstream's kubelet. They are a picture of the moment the container starts.
"""

from collections.abc import Iterable
from typing import Final

from orrery.machinery.objects import FrozenObject, name_of, namespace_of
from orrery.verbs.client import Client

_API_NAMESPACE: Final = "default"
_API_NAME: Final = "kubernetes"


def service_variables(client: Client, pod: FrozenObject) -> dict[str, str]:
    """Variables for the Services of the Pod's namespace, and always for the API's own."""
    namespace, services = namespace_of(pod), {}
    if pod["spec"].get("enableServiceLinks", True):
        services = {name_of(service): service for service in client.list("services", namespace)}
    api = client.get("services", _API_NAMESPACE, _API_NAME)
    if api is not None:
        services.setdefault(_API_NAME, api)
    return variables_of(services.values())


def variables_of(services: Iterable[FrozenObject]) -> dict[str, str]:
    """Those of some Services; one without a cluster address has none."""
    result: dict[str, str] = {}
    for service in services:
        spec = service["spec"]
        address, ports = spec.get("clusterIP", ""), spec.get("ports") or ()
        if address in ("", "None") or not ports or spec.get("type") == "ExternalName":
            continue
        prefix = _variable_name(name_of(service))
        result[f"{prefix}_SERVICE_HOST"] = address
        result[f"{prefix}_SERVICE_PORT"] = str(ports[0]["port"])
        for port in ports:
            if port.get("name"):
                result[f"{prefix}_SERVICE_PORT_{_variable_name(port['name'])}"] = str(port["port"])
        result.update(_link_variables(prefix, address, ports))
    return result


def _link_variables(prefix: str, address: str, ports: Iterable[FrozenObject]) -> dict[str, str]:
    result: dict[str, str] = {}
    host = f"[{address}]" if ":" in address else address
    for port in ports:
        number, protocol = port["port"], str(port.get("protocol") or "TCP")
        url = f"{protocol.lower()}://{host}:{number}"
        result.setdefault(f"{prefix}_PORT", url)
        name = f"{prefix}_PORT_{number}_{protocol.upper()}"
        result.update({name: url, f"{name}_PROTO": protocol.lower(), f"{name}_PORT": str(number), f"{name}_ADDR": address})
    return result


def _variable_name(text: str) -> str:
    return text.replace("-", "_").upper()
