"""`orrery serve`: opens the cluster, listens, says how to reach it, and ends cleanly on SIGTERM or SIGINT.

What can go wrong before the first request is one line on standard error and exit code 1.
"""

import asyncio
import contextlib
import ipaddress
import os
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Iterator

import uvicorn

from orrery.auth.tokens import TokenFileError, read_tokens
from orrery.cli.kubeconfig import write_kubeconfig
from orrery.cli.options import ServeOptions
from orrery.cluster import Cluster, ClusterSource, open_cluster
from orrery.settings import Settings
from orrery.store.log import StoreUnusable


class StartError(Exception):
    """Why the server cannot start, in one line."""


def serve(options: ServeOptions) -> int:
    """Run the server until it is told to stop; the exit code is 0 then, and 1 when it could not start."""
    try:
        _check_exposure(options)
        with contextlib.closing(_listen(options.host, options.port)) as listener:
            _run(_serve_on(listener, options))
    except (StartError, StoreUnusable, TokenFileError) as problem:
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
        # socket.create_server repeats the address in the text of its error; the number alone says what is wrong.
        reason = os.strerror(problem.errno) if problem.errno is not None and problem.errno > 0 else problem.strerror or str(problem)
        raise StartError(f"cannot listen on {_address(host, port)}: {reason[0].lower()}{reason[1:]}") from problem


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
    cluster = await open_cluster(Settings(pace=options.pace, nodes=options.nodes), source)
    try:
        app = cluster.app(tokens=tokens, allowed_hosts=(options.host, *options.allowed_hosts))
        server = _Server(
            uvicorn.Config(
                app,
                http="httptools",
                lifespan="off",
                log_level="warning",
                access_log=False,
                ws="none",
                server_header=False,
                proxy_headers=False,
            )
        )
        _stop_on_signals(server, cluster)
        await cluster.start()
        url = f"http://{_address(_reachable(options.host), port)}"
        write_kubeconfig(options.kubeconfig, url, tokens[0].token if tokens else "")
        print(_welcome(url, options, token=bool(tokens)), flush=True)
        await server.serve(sockets=[listener])
    finally:
        await cluster.stop()


def _reachable(host: str) -> str:
    """The name a client on this machine uses for a server that listens everywhere."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)


def _stop_on_signals(server: uvicorn.Server, cluster: Cluster) -> None:
    def stop() -> None:
        cluster.end_watches()
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)


def _welcome(url: str, options: ServeOptions, *, token: bool) -> str:
    where = "in memory" if options.in_memory else f"in {options.database_url.partition('://')[0] or options.data}"
    header = ' -H "Authorization: Bearer $TOKEN"' if token else ""
    return (
        f"Orrery serves a Kubernetes 1.35 cluster of {options.nodes} nodes on {url} (state {where}).\n"
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
