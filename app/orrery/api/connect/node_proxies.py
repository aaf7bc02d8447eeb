"""nodes/proxy: the part of the kubelet's own HTTP API that people ask through the API server: its health, its Pods, and containers' logs.

Follows the kubelet's `pkg/kubelet/server`, whose errors are plain text.
"""

from typing import Final

import orjson

from orrery.api.connect.logs import answer_with_log, log_options
from orrery.api.connect.pods import choose_container, find_pod
from orrery.api.requests import Request
from orrery.api.responses import CONTENT_TYPES, NO_CACHE, send_bytes, send_page_not_found, send_text
from orrery.machinery.errors import ApiError, Invalid, NotFound, NotImplementedYet, ServiceUnavailable
from orrery.machinery.field_errors import go_quote
from orrery.machinery.objects import FrozenObject
from orrery.verbs.client import Client
from orrery.verbs.containers import Containers, NodeRefusal

_KUBELET_PORT: Final = "10250"
_ELSEWHERE: Final = frozenset(
    (
        *("attach", "checkpoint", "configz", "cri", "debug", "exec", "flagz", "logs"),
        *("metrics", "portForward", "run", "runningpods", "stats", "statusz"),
    ),
)
"""What a kubelet has, and a simulated one has not."""


class NodeProxies:
    """Answers for the kubelets of simulated nodes."""

    def __init__(self, client: Client, containers: Containers) -> None:
        self._client = client
        self._containers = containers

    async def answer(self, request: Request, name: str, port: str, path: str) -> None:
        """`path` is what follows `/proxy`."""
        node = self._client.get("nodes", "", name)
        if node is None:
            raise NotFound("nodes", name)
        _check_reachable(node, port or _KUBELET_PORT)
        first, _, rest = path.strip("/").partition("/")
        if first == "healthz" and rest in ("", "ping", "log", "syncloop"):
            await send_text(request.send, 200, "ok")
        elif first == "pods" and not rest:
            await self._pods(request, name)
        elif first == "containerLogs" and rest.count("/") == 2:
            await self._log(request, name, *rest.split("/"))
        elif first in _ELSEWHERE:
            # DIFFERS: upstream proxies to all of the kubelet's API; we answer for healthz, pods and containerLogs, and 501 for the rest.
            raise NotImplementedYet(f"nodes/proxy does not emulate the kubelet's /{first}")
        else:
            await send_page_not_found(request.send)

    async def _pods(self, request: Request, node: str) -> None:
        pods = self._client.by_field("pods", "spec.nodeName", node)
        items = [{key: value for key, value in pod.items() if key not in ("kind", "apiVersion")} for pod in pods]
        body = orjson.dumps({"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": items}, option=orjson.OPT_APPEND_NEWLINE)
        await send_bytes(request.send, 200, [NO_CACHE, CONTENT_TYPES["json"]], body)

    async def _log(self, request: Request, node: str, namespace: str, name: str, container: str) -> None:
        try:
            options = log_options(request.query, name)
        except Invalid:
            await send_text(request.send, 422, '{"message": "Invalid request."}')
            return
        except ApiError:
            await send_text(request.send, 400, '{"message": "Unable to decode query."}')
            return
        try:
            pod = find_pod(self._client, namespace, name)
            if pod["spec"].get("nodeName") != node:
                raise NotFound("pods", name)
        except NotFound:
            await send_text(request.send, 404, f"pod {go_quote(name)} does not exist")
            return
        try:
            choose_container(pod, container)
        except ApiError:
            await send_text(request.send, 404, f"container {go_quote(container)} not found in pod {go_quote(name)}")
            return
        try:
            await answer_with_log(request, self._containers, namespace, name, options, container)
        except NodeRefusal as refusal:
            await send_text(request.send, refusal.code, refusal.text)


def _check_reachable(node: FrozenObject, port: str) -> None:
    """ServiceUnavailable when nobody listens there, or the node has not been heard of."""
    status = node.get("status") or {}
    address = next((one["address"] for one in status.get("addresses") or () if one["type"] == "InternalIP"), node["metadata"]["name"])
    is_lost = any(one["type"] == "Ready" and one["status"] == "Unknown" for one in status.get("conditions") or ())
    if is_lost or port != _KUBELET_PORT:
        raise ServiceUnavailable(f"error trying to reach service: dial tcp {address}:{port}: connect: connection refused")
