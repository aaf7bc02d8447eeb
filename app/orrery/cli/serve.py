"""`orrery serve`: opens the cluster, listens, says how to reach it, and ends cleanly on SIGTERM or SIGINT.

What can go wrong before the first request is one line on standard error and exit code 1.
"""

import asyncio
import contextlib
import importlib
import ipaddress
import os
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Final

import uvicorn

from orrery.api.takeover import TakeoverProtocol
from orrery.auth.tokens import TokenFileError, read_tokens
from orrery.cli.collector import Collector
from orrery.cli.first_nodes import first_groups
from orrery.cli.kubeconfig import write_kubeconfig
from orrery.cli.options import ServeOptions
from orrery.cluster import Cluster, ClusterSource, open_cluster
from orrery.node.images.user_files import ImagesUnusable, load_images
from orrery.node.node_groups import NodesUnusable
from orrery.settings import Settings
from orrery.store.log import Event, StoreUnusable

_LAST_REQUESTS_S: Final = 5
"""How long requests under way may still take after the signal to stop."""


class StartError(Exception):
    """Why the server cannot start, in one line."""


def serve(options: ServeOptions) -> int:
    """Run the server until it is told to stop; the exit code is 0 then, and 1 when it could not start."""
    try:
        _check_exposure(options)
        with contextlib.closing(_listen(options.host, options.port)) as listener:
            _run(_serve_on(listener, options))
    except (StartError, StoreUnusable, TokenFileError, ImagesUnusable, NodesUnusable) as problem:
        print(f"orrery: {problem}", file=sys.stderr)
        return 1
    return 0


def _check_exposure(options: ServeOptions) -> None:
    """Whoever reaches the server may do everything: other machines only with a token, or when the user insists."""
    if is_loopback(options.host) or options.token_file is not None or options.insecure:
        return
    raise StartError(f"refusing to listen on {options.host} without authentication: give --token-file FILE, or --insecure")


def is_loopback(host: str) -> bool:
    """Whether `host` means this machine only: localhost, 127.0.0.0/8 or ::1."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as problem:
        raise StartError(f"cannot listen on {_address(host, port)}: {_reason(problem)}") from problem


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class _Server(uvicorn.Server):
    """uvicorn's server without its signal handling, which would end the process by the signal instead of with code 0."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _serve_on(listener: socket.socket, options: ServeOptions) -> None:
    tokens = read_tokens(options.token_file) if options.token_file is not None else ()
    port = listener.getsockname()[1]
    source = ClusterSource(data=options.data, database_url=options.database_url, in_memory=options.in_memory)
    images = load_images(options.images_files, data=None if options.in_memory else options.data)
    nodes = first_groups(options.wishes)
    settings = Settings.model_validate(
        {"pace": options.pace, "nodes": sum(group.count for group in nodes), "images": options.images, **options.wishes.amounts}
    )
    cluster = await open_cluster(settings, source, images=images, nodes=nodes)
    try:
        data = None if options.in_memory else options.data
        app = cluster.app(tokens=tokens, allowed_hosts=(options.host, *options.allowed_hosts), data=data)
        server = _Server(
            uvicorn.Config(
                app,
                http=TakeoverProtocol,
                lifespan="off",
                log_level="warning",
                access_log=False,
                ws="none",
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=_LAST_REQUESTS_S,
            )
        )
        _stop_on_signals(server, cluster)
        await cluster.start()
        url = f"http://{_address(_reachable(options.host), port)}"
        _write_kubeconfig(options.kubeconfig, url, tokens[0].token if tokens else "")
        print(_welcome(url, options, nodes=len(list(cluster.kubelet.machines)), token=bool(tokens)), flush=True)
        Collector(asyncio.get_running_loop().call_soon_threadsafe).start()
        _prepare_for_pods(cluster)
        await server.serve(sockets=[listener])
    finally:
        await cluster.stop()


def _write_kubeconfig(path: Path, url: str, token: str) -> None:
    try:
        write_kubeconfig(path, url, token)
    except OSError as problem:
        raise StartError(f"cannot write the kubeconfig {path}: {_reason(problem)}") from problem


def _reason(problem: OSError) -> str:
    """What is wrong in the system's words, without the address or the file, which the message has already."""
    text = os.strerror(problem.errno) if problem.errno is not None and problem.errno > 0 else problem.strerror or str(problem)
    return f"{text[:1].lower()}{text[1:]}"


def _prepare_for_pods(cluster: Cluster) -> None:
    """Load what the first container needs in a thread, when its Pod comes: while its image is pulled, so that nobody waits for it."""
    loop = asyncio.get_running_loop()

    def first(_: Event) -> None:
        subscription.cancel()
        loop.run_in_executor(None, _load, cluster)

    subscription = cluster.client.subscribe("pods", first)
    if cluster.settings.pace == "fast":
        subscription.cancel()
        loop.run_in_executor(None, _load, cluster)


def _load(cluster: Cluster) -> None:
    importlib.import_module("orrery.node.shell.main")
    with contextlib.suppress(OSError):  # Who asks for the key is told.
        _ = cluster.keys.signing_key


def _reachable(host: str) -> str:
    """The name a client on this machine uses for a server that listens everywhere."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)


def _stop_on_signals(server: uvicorn.Server, cluster: Cluster) -> None:
    def stop() -> None:
        cluster.end_watches()
        server.force_exit = server.should_exit  # The second signal does not wait for requests.
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)


def _welcome(url: str, options: ServeOptions, *, nodes: int, token: bool) -> str:
    where = "in memory" if options.in_memory else f"in {options.database_url.partition('://')[0] or options.data}"
    header = ' -H "Authorization: Bearer $TOKEN"' if token else ""
    return (
        f"Orrery serves a Kubernetes 1.35 cluster of {nodes} node{'' if nodes == 1 else 's'} on {url} (state {where}).\n"
        f"\n"
        f"  export KUBECONFIG={options.kubeconfig.resolve()}\n"
        f"  kubectl get nodes\n"
        f"\n"
        f"  curl{header} {url}/api/v1/namespaces\n"
        f"  documentation for browsers: {url}/docs\n"
        f"\n"
        f"Stop it with Ctrl-C."
    )


def _run(main: Coroutine[None, None, None]) -> None:
    """Run on uvloop where it is installed, which answers about a third more requests."""
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(main)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    try:
        from uvloop import new_event_loop
    except ImportError:
        return asyncio.new_event_loop
    return new_event_loop
