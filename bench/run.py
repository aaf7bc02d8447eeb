#!/usr/bin/env python3
"""Measures what README's table shows, with load from a second process (wrk): prints JSON, then the table.

    make bench                    everything, a few minutes
    python -m bench.run read  some of it
    python bench/run.py --seconds 3

Every measurement starts servers of its own. Figures are of this machine at this moment: compare two versions in one sitting.
"""

import argparse
import json
import math
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import containers, scheduling
from bench.server import Server, running

HERE = Path(__file__).parent
NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "bench"}}
FILL_BATCH = 32

Figures = dict[str, float]


def wrk(server: Server, script: str, path: str, *, clients: int, seconds: float, kind: str = "") -> float:
    """Requests per second of `clients` connections; fails loudly when the server answered anything but success."""
    environment = {**os.environ, "KIND": kind, "RUN": f"{time.time_ns():x}"}
    load = ["-t", str(min(clients, 2)), "-c", str(clients), "-d", f"{math.ceil(seconds)}s"]
    command = ["wrk", *load, "-s", str(HERE / script), server.url + path]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    if "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        raise RuntimeError(done.stdout + done.stderr)
    found = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    assert found is not None, done.stdout
    return float(found.group(1))


def fill(server: Server, kind: str, count: int) -> None:
    """Bring the number of objects of `kind` in the namespace bench to about `count`, through the front door."""
    resource = kind.lower() + "s"
    while True:
        listed = server.ask("GET", f"/api/v1/namespaces/bench/{resource}?limit=1")
        have = len(listed["items"]) + listed["metadata"].get("remainingItemCount", 0)
        if have >= count:
            return
        wrk(server, "create.lua", "", clients=FILL_BATCH, seconds=max(1.0, min(5.0, (count - have) / 1500)), kind=kind)


def measure_start(seconds: float) -> Figures:
    ready, memory = [], []
    for _ in range(3):
        with running() as server:
            ready.append(server.ready_after_s)
            time.sleep(1)
            memory.append(server.memory_mb())
    return {"ready_s": min(ready), "idle_mb": min(memory)}


def measure_create(seconds: float) -> Figures:
    figures: Figures = {}
    with running() as server:
        server.ask("POST", "/api/v1/namespaces", NAMESPACE)
        time.sleep(1)
        for label, objects in (("100", 100), ("20000", 20_000)):
            fill(server, "ConfigMap", objects)
            figures[f"configmap_1_client_at_{label}"] = wrk(server, "create.lua", "", clients=1, seconds=seconds, kind="ConfigMap")
            figures[f"configmap_32_clients_at_{label}"] = wrk(server, "create.lua", "", clients=32, seconds=seconds, kind="ConfigMap")
    with running() as server:
        server.ask("POST", "/api/v1/namespaces", NAMESPACE)
        time.sleep(1)
        for label, objects in (("100", 100), ("20000", 20_000)):
            fill(server, "Pod", objects)
            figures[f"pod_32_clients_at_{label}"] = wrk(server, "create.lua", "", clients=32, seconds=seconds, kind="Pod")
    return figures


def measure_read(seconds: float) -> Figures:
    figures: Figures = {}
    with running() as server:
        server.ask("POST", "/api/v1/namespaces", NAMESPACE)
        time.sleep(1)
        for label, objects in (("500", 500), ("20000", 20_000)):
            fill(server, "Pod", objects)
            name = server.ask("GET", "/api/v1/namespaces/bench/pods?limit=1")["items"][0]["metadata"]["name"]
            path = f"/api/v1/namespaces/bench/pods/{name}"
            figures[f"get_pod_32_clients_at_{label}"] = wrk(server, "get.lua", path, clients=32, seconds=seconds)
            figures[f"list_500_pods_4_clients_at_{label}"] = wrk(
                server, "get.lua", "/api/v1/namespaces/bench/pods?limit=500", clients=4, seconds=seconds
            )
        figures["memory_mb_at_20000_pods"] = server.memory_mb()
    return figures


def deployment(replicas: int, image: str) -> dict[str, Any]:
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": image}]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}


def wait_for(server: Server, replicas: int) -> None:
    """Until the Deployment's newest template is fully rolled out."""
    while True:
        found = server.ask("GET", "/apis/apps/v1/namespaces/bench/deployments/web")
        status = found.get("status", {})
        seen = status.get("observedGeneration") == found["metadata"]["generation"]
        if seen and all(status.get(field, 0) == replicas for field in ("replicas", "updatedReplicas", "availableReplicas")):
            return
        time.sleep(0.01)


def measure_rollout(seconds: float) -> Figures:
    figures: Figures = {}
    for replicas in (100, 1000):
        with running("--pace", "fast", "--nodes", "20") as server:
            server.ask("POST", "/api/v1/namespaces", NAMESPACE)
            time.sleep(1)
            begin = time.perf_counter()
            server.ask("POST", "/apis/apps/v1/namespaces/bench/deployments", deployment(replicas, "nginx:1.25"))
            wait_for(server, replicas)
            figures[f"{replicas}_replicas_ready_s"] = time.perf_counter() - begin
            begin = time.perf_counter()
            server.ask(
                "PATCH",
                "/apis/apps/v1/namespaces/bench/deployments/web",
                deployment(replicas, "nginx:1.26"),
                "application/merge-patch+json",
            )
            wait_for(server, replicas)
            figures[f"rollout_of_{replicas}_s"] = time.perf_counter() - begin
    return figures


MEASUREMENTS: dict[str, Callable[[float], Figures]] = {
    "start": measure_start,
    "create": measure_create,
    "read": measure_read,
    "rollout": measure_rollout,
    "containers": containers.measure_containers,
    "scheduling": scheduling.measure_scheduling,
}
PARTS: dict[str, Callable[[float], Figures]] = {**MEASUREMENTS, **containers.MEASUREMENTS}
"""What can be asked for by name."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[[], *PARTS], help="what to measure (default: everything)")
    parser.add_argument("--seconds", type=float, default=5.0, help="length of each load")
    parser.add_argument("--output", type=Path, help="write the JSON there as well")
    options = parser.parse_args()
    figures: Figures = {}
    for name in options.names or MEASUREMENTS:
        figures |= PARTS[name](options.seconds)
    result = {"machine": f"{os.cpu_count()} cores, Python {platform.python_version()}", "figures": figures}
    text = json.dumps(result, indent=2)
    print(text)
    if options.output is not None:
        options.output.write_text(text + "\n")
    width = max(map(len, figures))
    for name, value in figures.items():
        print(f"{name:<{width}}  {value:>12,.2f}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
