"""What containers cost: memory while they sleep, an idle crowd of 10,000, exec, a shell loop, and what hostile programs do to others.

Latencies are of GETs over one kept connection from this process, a second one; `hostile_nothing` is the same without any program.
"""

import http.client
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlparse

from bench.server import Server, running

TIMEOUT_S: Final = 10.0
"""Who waits so long for an answer is told that long."""

Figures = dict[str, float]

PODS: Final = "/api/v1/namespaces/bench/pods"
NAMESPACE: Final = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "bench"}}
HOSTILE: Final = {
    "nothing": "sleep 3600",
    "print_loop": "while true; do echo x; done",
    "yes": "yes",
    "spin": "while :; do :; done",
    "fork_bomb": ":(){ :|:& };:; wait",
    "fork_bomb_named": "f(){ f|f& };f; wait",
    "big_file_dd": "dd if=/dev/urandom of=/big bs=1M count=1024; sleep 3600",
    "big_file_yes": "yes > /big; sleep 3600",
    "head_1g": "head -c 1G /dev/zero > /big; head -c 1G /dev/zero | wc -c; sleep 3600",
    "log_flood": "while true; do head -c 100000 /dev/zero | tr '\\0' x; echo; done",
    "sort_zeros": "cat /dev/zero | sort",
    "sort_yes": "yes | sort",
    "awk_split": "awk 'BEGIN{s=\"a b c d e f g h \";while(length(s)<30000000)s=s s;n=split(s,x);print n}'",
    "awk_gsub": 'awk \'BEGIN{s="abcdefgh";while(length(s)<30000000)s=s s;gsub(/b/,"xx",s);print length(s)}\'',
    "awk_loop": "awk 'BEGIN{while(1)x[i++]=i}'",
    "sed_long": "head -c 20000000 /dev/zero | tr '\\0' a | sed 's/a/bb/g' | wc -c",
    "regex_backtrack": "head -c 4000 /dev/zero | tr '\\0' a | grep -E '(a*)*(a*)*b'; sleep 3600",
    "string_doubling": "x=xxxxxxxxxx; while :; do x=$x$x; done",
    "substitution": "x=$(yes | head -c 20000000); y=${x//y/zz}; echo ${#y}",
    "pattern_trim": "x=$(head -c 300000 /dev/zero | tr '\\0' a); y=${x%%*b*a}; y=${x##*b*}; echo ${#y}",
    "deep_recursion": "f(){ f; }; f",
    "deep_tree": "i=0; while [ $i -lt 400 ]; do mkdir -p d/d/d; cd d/d/d; i=$((i+1)); done; find / | wc -l; sleep 3600",
    "xargs_parallel": "seq 100000 | xargs -P 100 -n 1 sh -c 'echo $0'",
    "seq_billion": "seq 1000000000 > /dev/null",
    "brace_billion": "for i in {1..100000000}; do :; done",
    "tar_root": "while :; do tar -cf - / 2>/dev/null | wc -c; done",
    "gzip_zeros": "dd if=/dev/zero bs=1M count=1024 | gzip | wc -c; sleep 3600",
    "gzip_yes": "yes | gzip -9 | wc -c",
    "checksum_zeros": "head -c 10G /dev/zero | sha256sum",
    "timeouts": "while :; do timeout 0.01 sleep 5; done",
    "sleeps": "i=0; while [ $i -lt 5000 ]; do sleep 1000 & i=$((i+1)); done; wait",
    "factor_bc": "echo '2^1000000' | bc | wc -c; sleep 3600",
    "many_files": "i=0; while :; do echo $i > /f$i; i=$((i+1)); done",
}
"""What people try, by name; each runs as `bash -c` in a container of its own."""


def pod(name: str, script: str, *, image: str = "debian", containers: int = 1) -> dict[str, Any]:
    listed = [
        {"name": f"c{number}", "image": image, "command": ["bash" if image == "debian" else "sh", "-c", script]}
        for number in range(containers)
    ]
    spec = {"containers": listed, "restartPolicy": "Never", "terminationGracePeriodSeconds": 0}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}


def _deployment(name: str, replicas: int, containers: int) -> dict[str, Any]:
    labels = {"app": name}
    listed = [{"name": f"c{number}", "image": "busybox", "command": ["sleep", "100000"]} for number in range(containers)]
    template = {"metadata": {"labels": labels}, "spec": {"containers": listed, "terminationGracePeriodSeconds": 0}}
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


def _start(server: Server, name: str, replicas: int, containers: int = 1) -> float:
    """Make a Deployment and wait until all of it is ready; seconds."""
    begin = time.perf_counter()
    server.ask("POST", "/apis/apps/v1/namespaces/bench/deployments", _deployment(name, replicas, containers))
    while True:
        found = server.ask("GET", f"/apis/apps/v1/namespaces/bench/deployments/{name}")
        if found.get("status", {}).get("readyReplicas", 0) == replicas:
            return time.perf_counter() - begin
        time.sleep(0.05)


def _begin(server: Server) -> None:
    server.ask("POST", "/api/v1/namespaces", NAMESPACE)
    time.sleep(1)


def _wait_for_phase(server: Server, name: str, *phases: str, seconds: float = 60.0) -> str:
    deadline = time.perf_counter() + seconds
    while time.perf_counter() < deadline:
        phase = str(server.ask("GET", f"{PODS}/{name}").get("status", {}).get("phase", ""))
        if phase in phases:
            return phase
        time.sleep(0.01)
    return ""


def measure_sleepers(seconds: float) -> Figures:
    """Memory of a container that sleeps: of the second and third container of 500 Pods, so that Pods do not count."""
    memory = []
    for containers in (1, 3):
        with running("--pace", "fast", "--nodes", "12") as server:
            _begin(server)
            _start(server, "warm", 1)
            before = server.memory_mb()
            _start(server, "sleepers", 500, containers)
            time.sleep(5)
            memory.append((server.memory_mb() - before) * 1000 / 500)
    return {"kb_per_pod_of_1_container": memory[0], "kb_per_sleeping_container": (memory[1] - memory[0]) / 2}


def measure_crowd(seconds: float) -> Figures:
    """10,000 Pods on 100 nodes: how long until all are ready, and what they then cost per second."""
    with running("--pace", "fast", "--nodes", "100") as server:
        _begin(server)
        ready_s = _start(server, "crowd", 10_000)
        time.sleep(20)
        before_s, begin = server.cpu_s(), time.perf_counter()
        time.sleep(30)
        share = (server.cpu_s() - before_s) / (time.perf_counter() - begin)
        return {
            "10000_pods_on_100_nodes_ready_s": ready_s,
            "10000_pods_idle_cpu_percent": share * 100,
            "10000_pods_memory_mb": server.memory_mb(),
        }


def measure_exec(seconds: float) -> Figures:
    """`kubectl exec POD -- true`, kubectl's own start included; the quickest and the median of ten."""
    kubectl = shutil.which("kubectl") or ""
    for found in sorted(Path(__file__).parents[1].glob(".tools/kubectl-*/kubectl")):
        kubectl = str(found)
    if not kubectl:
        return {}
    with running("--pace", "fast") as server, tempfile.TemporaryDirectory() as home:
        _begin(server)
        server.ask("POST", PODS, pod("target", "sleep 3600"))
        _wait_for_phase(server, "target", "Running")
        command = [kubectl, "--server", server.url, "-n", "bench", "exec", "target", "--", "true"]
        taken = []
        for _ in range(11):
            begin = time.perf_counter()
            subprocess.run(command, check=True, env={**os.environ, "HOME": home, "KUBECONFIG": "/dev/null"}, capture_output=True)
            taken.append(time.perf_counter() - begin)
        taken = sorted(taken[1:])
        return {"kubectl_exec_true_ms": taken[len(taken) // 2] * 1000, "kubectl_exec_true_min_ms": taken[0] * 1000}


def measure_loop(seconds: float) -> Figures:
    """A shell loop of 100,000 rounds, in seconds until the Pod has succeeded."""
    figures: Figures = {}
    loops = {"for": "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done", "echo": "for i in $(seq 100000); do echo $i; done > /dev/null"}
    with running("--pace", "fast") as server:
        _begin(server)
        for name, script in loops.items():
            begin = time.perf_counter()
            server.ask("POST", PODS, pod(f"loop-{name}", script))
            _wait_for_phase(server, f"loop-{name}", "Succeeded", seconds=300)
            figures[f"shell_loop_100000_{name}_s"] = time.perf_counter() - begin
    return figures


def measure_hostile(seconds: float) -> Figures:
    """p99 and maximum of others' GETs in ms, and how much memory the process gained, while each program runs."""
    figures: Figures = {}
    wanted = os.environ.get("HOSTILE", "").split(",") if os.environ.get("HOSTILE") else list(HOSTILE)
    for name in wanted:
        with running("--pace", "fast") as server:
            _begin(server)
            server.ask("POST", PODS, pod("warm", "echo"))
            _wait_for_phase(server, "warm", "Succeeded")
            before = server.memory_mb()
            server.ask("POST", PODS, pod("hostile", HOSTILE[name]))
            latencies, most = _probe(server, max(seconds, 3.0))
            figures[f"hostile_{name}_p99_ms"] = latencies[int(len(latencies) * 0.99)]
            figures[f"hostile_{name}_max_ms"] = latencies[-1]
            figures[f"hostile_{name}_gained_mb"] = most - before
            told = f"p99 {latencies[int(len(latencies) * 0.99)]:7.1f} ms, max {latencies[-1]:7.1f} ms, gained {most - before:6.1f} MB"
            print(f"{name:<20} {told}", file=sys.stderr)
    return figures


def _probe(server: Server, seconds: float) -> tuple[list[float], float]:
    """Latencies of GETs, sorted, in ms; the most memory seen, in MB."""
    connection = http.client.HTTPConnection(urlparse(server.url).netloc, timeout=TIMEOUT_S)
    latencies: list[float] = []
    most, deadline = 0.0, time.perf_counter() + seconds
    while time.perf_counter() < deadline:
        begin = time.perf_counter()
        try:
            connection.request("GET", "/api/v1/namespaces/bench")
            connection.getresponse().read()
        except TimeoutError:
            return [*latencies, TIMEOUT_S * 1000], server.memory_mb()
        latencies.append((time.perf_counter() - begin) * 1000)
        most = max(most, server.memory_mb())
        time.sleep(0.004)
    connection.close()
    return sorted(latencies), most


MEASUREMENTS: Final = {
    "sleepers": measure_sleepers,
    "crowd": measure_crowd,
    "exec": measure_exec,
    "loop": measure_loop,
    "hostile": measure_hostile,
}


def measure_containers(seconds: float) -> Figures:
    figures: Figures = {}
    for measure in MEASUREMENTS.values():
        figures |= measure(seconds)
    return figures
