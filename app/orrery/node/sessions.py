"""What clients reach inside containers: implements `verbs.containers.Containers` over the simulated runtime.

The words of refusals are the kubelet's (`kubelet_pods.go`) and containerd's. Which run's log is meant follows the Pod's status, as
`validateContainerLogStatus` reads it.
"""

import hashlib
from collections.abc import AsyncIterator, Callable, Iterator
from urllib.parse import urlencode

from orrery.machinery.clock import Clock
from orrery.machinery.errors import NotFound
from orrery.machinery.field_errors import go_quote
from orrery.machinery.objects import FrozenObject, Object, uid_of
from orrery.node.attachments import Attachment, PipedExec, TerminalExec, UnrunExec, new_exec
from orrery.node.failure import Failure
from orrery.node.logs import LogQuery, RunLog
from orrery.node.network.pod_network import PodNetwork
from orrery.node.processes.container import SimulatedContainer
from orrery.node.processes.program import Connection
from orrery.node.processes.runtime import SimulatedRuntime
from orrery.verbs.client import Client
from orrery.verbs.containers import ExecOptions, LogOptions, NodeRefusal, NodeUnreachable

_DIAL_S = 30.0
_NO_ROUTE_S = 3.1
_KUBELET_PORT = 10250
_STATUSES = ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses")
_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")


class ConnectionTunnel:
    """A connection of the simulated network as a `Tunnel`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._is_closed = False

    async def read(self) -> bytes:
        return await self._connection.read()

    async def write(self, data: bytes) -> None:
        await self._connection.write(data)

    async def close_writing(self) -> None:
        self._connection.close_writing()

    def close(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            self._connection.close()


class ContainerSessions:
    """Every running container, as clients reach it."""

    def __init__(
        self, client: Client, runtime: SimulatedRuntime, clock: Clock, *, failure_of: Callable[[str], Failure | None] | None = None
    ) -> None:
        """`failure_of` says of a node whether its machine is down, and how; without it, all can be reached."""
        self._failure_of = failure_of
        self._client = client
        self._runtime = runtime
        self._clock = clock
        self._outside = PodNetwork(runtime.wire, hostname="control-plane")
        """Where the control plane's own connections come from."""

    # Logs.

    async def logs(self, namespace: str, pod: str, options: LogOptions) -> AsyncIterator[bytes]:
        found = self._pod(namespace, pod)
        await self._reach(found, f"containerLogs/{namespace}/{pod}/{options.container}", _log_query(options), is_stream=False)
        id_ = logged_run(found, options.container, previous=options.previous)
        log = self._log(uid_of(found), options.container, id_, previous=options.previous)
        if log is None:
            return _lost(id_)
        since_s = options.since_time_s
        if options.since_s is not None:
            since_s = self._clock.now_s() - options.since_s
        query = LogQuery(
            follow=options.follow,
            timestamps=options.timestamps,
            since_s=since_s,
            tail=options.tail_lines,
            limit_bytes=options.limit_bytes,
        )
        return log.read(query)

    def _log(self, uid: str, container: str, id_: str, *, previous: bool) -> RunLog | None:
        """The log of the run with that id: the newest run's, or the one's before it."""
        newest = self._runtime.containers.get((uid, container))
        if newest is not None:
            previous = not id_.endswith(newest.config.id)
            return self._runtime.logs.find(uid, container, previous=previous)
        return self._runtime.logs.find(uid, container, id_=id_.rpartition("/")[2])  # A previous life of this process ran it.

    # Commands.

    async def execute(self, namespace: str, pod: str, options: ExecOptions) -> PipedExec | TerminalExec | UnrunExec:
        found = self._pod(namespace, pod)
        await self._reach(found, f"exec/{namespace}/{pod}/{options.container}", _exec_query(options))
        container = self._running(found, options.container)
        if container is None:
            raise NodeRefusal(f"container not found ({go_quote(options.container)})")
        return new_exec(container, options, self._clock)

    async def attach(self, namespace: str, pod: str, options: ExecOptions) -> Attachment:
        found = self._pod(namespace, pod)
        await self._reach(found, f"attach/{namespace}/{pod}/{options.container}", _exec_query(options))
        container = self._running(found, options.container)
        if container is None:
            raise NodeRefusal(f"container {options.container} not found in pod {pod}_{namespace}")
        spec = next(one for one in _containers(found) if one["name"] == options.container)
        return Attachment(container, options, is_stdin_once=bool(spec.get("stdinOnce")))

    # Connections.

    async def check_forward(self, namespace: str, pod: str) -> None:
        found = self._pod(namespace, pod)
        await self._reach(found, f"portForward/{namespace}/{pod}", "")
        if self._any_running(found) is None:
            raise NodeRefusal(f"pod not found ({go_quote(f'{pod}_{namespace}')})")

    async def forward(self, namespace: str, pod: str, port: int, *, uid: str = "") -> ConnectionTunnel:
        found = self._client.get("pods", namespace, pod)
        if found is None or (uid and uid_of(found) != uid):
            sandbox = _sandbox(uid)
            raise OSError(
                f"error forwarding port {port} to pod {sandbox}, uid : failed to find sandbox {go_quote(sandbox)} in store: not found"
            )
        container = self._any_running(found)
        if container is None:
            raise OSError(_not_forwarded(uid_of(found), port, "network is closed"))
        try:
            return ConnectionTunnel(await container.system.network.connect("127.0.0.1", port, timeout_s=_DIAL_S))
        except OSError as error:
            raise OSError(_not_forwarded(uid_of(found), port, f"connect: {(error.strerror or str(error)).lower()}")) from error

    async def dial(self, address: str, port: int) -> ConnectionTunnel:
        return ConnectionTunnel(await self._outside.connect(address, port, timeout_s=_DIAL_S))

    # Finding.

    async def _reach(self, pod: FrozenObject, path: str, query: str, *, is_stream: bool = True) -> None:
        """NodeUnreachable when the kubelet of the Pod's node does not answer, NotFound when the node is not there."""
        if self._failure_of is None:
            return
        name = pod["spec"].get("nodeName", "")
        node, failure = self._client.get("nodes", "", name), self._failure_of(name)
        if node is None:
            raise NotFound("nodes", name)
        if failure is None:
            return
        addresses = (node.get("status") or {}).get("addresses") or ()
        where = f"{next((one['address'] for one in addresses if one['type'] == 'InternalIP'), name)}:{_KUBELET_PORT}"
        why = "connection refused"
        if failure is Failure.CRASH:
            why = "no route to host"
            await self._clock.sleep(_NO_ROUTE_S)
        url = f"https://{where}/{path}{'?' if query else ''}{query}"
        raise NodeUnreachable(url, f"dial tcp {where}: connect: {why}", is_stream=is_stream)

    def _pod(self, namespace: str, name: str) -> FrozenObject:
        pod = self._client.get("pods", namespace, name)
        if pod is None:
            raise NodeRefusal("pod does not exist", 404)
        return pod

    def _running(self, pod: FrozenObject, container: str) -> SimulatedContainer | None:
        found = self._runtime.containers.get((uid_of(pod), container))
        return None if found is None or found.exited.done() else found

    def _any_running(self, pod: FrozenObject) -> SimulatedContainer | None:
        return next((found for one in _containers(pod) if (found := self._running(pod, one["name"])) is not None), None)


def _log_query(options: LogOptions) -> str:
    """As the API server asks the kubelet: Go's order, which is the alphabet's."""
    query = {
        "follow": "true" if options.follow else None,
        "limitBytes": options.limit_bytes,
        "previous": "true" if options.previous else None,
        "sinceSeconds": options.since_s,
        "tailLines": options.tail_lines,
        "timestamps": "true" if options.timestamps else None,
    }
    return urlencode({key: value for key, value in query.items() if value is not None})


def _exec_query(options: ExecOptions) -> str:
    command = [("command", word) for word in options.command]
    flags = {"error": options.stderr, "input": options.stdin, "output": options.stdout, "tty": options.tty}
    return urlencode([*command, *((name, "1") for name, is_on in flags.items() if is_on)])


def _containers(pod: FrozenObject) -> Iterator[FrozenObject]:
    for key in _CONTAINERS:
        yield from pod["spec"].get(key) or ()


def logged_run(pod: FrozenObject, container: str, *, previous: bool) -> str:
    """The id of the run whose log is meant; NodeRefusal (400) when there is none."""
    status = pod.get("status") or {}
    name = pod["metadata"]["name"]
    what = f"container {go_quote(container)} in pod {go_quote(name)}"
    found = next((one for key in _STATUSES for one in status.get(key) or () if one["name"] == container), None)
    if found is None:
        raise NodeRefusal(f"{what} is not available", 400)
    state, last = found.get("state") or {}, (found.get("lastState") or {}).get("terminated") or {}
    if previous:
        if not last.get("containerID"):
            raise NodeRefusal(f"previous terminated {what} not found", 400)
        return str(last["containerID"])
    if "running" in state:
        return str(found.get("containerID", ""))
    if (ended := state.get("terminated")) is not None or last:
        id_ = (ended or {}).get("containerID") or last.get("containerID")
        if not id_:
            raise NodeRefusal(f"{what} is terminated", 400)
        return str(id_)
    raise NodeRefusal(f"{what} {_why_waiting(state)}", 400)


def _why_waiting(state: Object) -> str:
    if "waiting" not in state:
        return "is waiting to start - no logs yet"
    reason = state["waiting"].get("reason", "")
    special = {"ErrImagePull": "image can't be pulled", "ImagePullBackOff": "trying and failing to pull image"}
    return f"is waiting to start: {special.get(reason, reason)}"


async def _lost(id_: str) -> AsyncIterator[bytes]:
    """The kubelet's answer, with status 200, when a log has been removed."""
    yield f"unable to retrieve container logs for {id_}".encode()


def _sandbox(uid: str) -> str:
    return hashlib.sha256(uid.encode()).hexdigest()


def _not_forwarded(uid: str, port: int, why: str) -> str:
    """containerd's words."""
    sandbox = _sandbox(uid)
    namespace = f"/var/run/netns/cni-{uid}"
    return (
        f"error forwarding port {port} to pod {sandbox}, uid : failed to execute portforward in network namespace {go_quote(namespace)}: "
        f"failed to connect to localhost:{port} inside namespace {go_quote(sandbox)}, "
        f"IPv4: dial tcp4 127.0.0.1:{port}: {why} IPv6 dial tcp6: address localhost: no suitable address found "
    )
