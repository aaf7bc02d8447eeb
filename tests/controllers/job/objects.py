"""Jobs and Pods for tables: only what the planners look at."""

from typing import Any

from orrery.machinery.objects import Object

NOW_S = 1_767_323_045.0  # 2026-01-02T03:04:05Z
_TRACKING = "batch.kubernetes.io/job-tracking"
_PREFIX = "batch.kubernetes.io/job-"


def job(*, status: Object | None = None, policy: str = "Never", **spec: Any) -> Object:
    """One completion at a time; `indexed=N` makes it an Indexed Job of N completions, all at once."""
    indexes = spec.pop("indexed", 0)
    if indexes:
        spec = {"completions": indexes, "parallelism": indexes, "completionMode": "Indexed", **spec}
    template = {"metadata": {}, "spec": {"restartPolicy": policy, "containers": [{"name": "main", "image": "busybox"}]}}
    wanted = {"parallelism": 1, "completions": 1, "backoffLimit": 6, "completionMode": "NonIndexed", "template": template, **spec}
    return {"metadata": {"name": "pi", "namespace": "default", "uid": "job"}, "spec": wanted, "status": status or {}}


def pod(
    name: str = "a", phase: str = "Running", *, index: int | None = None, failures: int = 0, is_deleting: bool = False, **fields: Any
) -> Object:
    """`tracked=False` for one that was counted, `ready=True`, `code=N` for an exit code, `ended=TIME`, `node=NAME`, `restarts=N`."""
    meta: Object = {"name": name, "namespace": "default", "uid": f"uid-{name}", "creationTimestamp": "2026-01-02T03:00:00Z"}
    if fields.get("tracked", True):
        meta["finalizers"] = [_TRACKING]
    if index is not None:
        meta["annotations"] = {f"{_PREFIX}completion-index": str(index), f"{_PREFIX}index-failure-count": str(failures)}
    if is_deleting:
        meta |= {"deletionTimestamp": "2026-01-02T03:04:00Z", "deletionGracePeriodSeconds": 30}
    state: Object = {"running": {}}
    if phase in ("Succeeded", "Failed"):
        ended = fields.get("ended", "2026-01-02T03:04:00Z")
        state = {"terminated": {"exitCode": fields.get("code", int(phase == "Failed")), "finishedAt": ended}}
    container = {"name": "main", "state": state, "restartCount": fields.get("restarts", 0)}
    status: Object = {"phase": phase, "containerStatuses": [container], "conditions": list(fields.get("conditions", ()))}
    if fields.get("ready"):
        status["conditions"].append({"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-02T03:01:00Z"})
    return {"metadata": meta, "spec": {"nodeName": fields.get("node", "node-1"), "containers": [{"name": "main"}]}, "status": status}
