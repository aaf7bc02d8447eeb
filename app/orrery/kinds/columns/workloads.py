"""The columns of workload kinds: what makes Pods, scales them or protects them."""

from orrery.kinds.columns.cells import (
    AGE,
    NAME,
    format_labels,
    format_selector,
    has_condition,
    human_duration,
    shown,
    since,
    spec,
    status,
    template_columns,
    wide,
)
from orrery.kinds.kind import Column
from orrery.machinery.clock import parse_timestamp
from orrery.machinery.objects import FrozenObject, controller_of

_CONTAINERS = template_columns(lambda obj: spec(obj).get("template"))
_SELECTOR = wide("Selector", lambda obj, now_s: format_selector(spec(obj).get("selector")))


def _ready_of_desired(obj: FrozenObject, now_s: float) -> str:
    return f"{status(obj).get('readyReplicas', 0)}/{spec(obj).get('replicas', 0)}"


DEPLOYMENTS = (
    NAME,
    Column("Ready", _ready_of_desired),
    Column("Up-to-date", lambda obj, now_s: status(obj).get("updatedReplicas", 0)),
    Column("Available", lambda obj, now_s: status(obj).get("availableReplicas", 0)),
    AGE,
    *_CONTAINERS,
    _SELECTOR,
)

_REPLICAS = (
    NAME,
    Column("Desired", lambda obj, now_s: spec(obj).get("replicas", 0), type="integer"),
    Column("Current", lambda obj, now_s: status(obj).get("replicas", 0), type="integer"),
    Column("Ready", lambda obj, now_s: status(obj).get("readyReplicas", 0), type="integer"),
    AGE,
    *_CONTAINERS,
)
REPLICA_SETS = (*_REPLICAS, _SELECTOR)
REPLICATION_CONTROLLERS = (*_REPLICAS, wide("Selector", lambda obj, now_s: format_labels(spec(obj).get("selector"))))

STATEFUL_SETS = (NAME, Column("Ready", _ready_of_desired), AGE, *_CONTAINERS)


def _count(name: str, field: str) -> Column:
    return Column(name, lambda obj, now_s: status(obj).get(field, 0), type="integer")


DAEMON_SETS = (
    NAME,
    _count("Desired", "desiredNumberScheduled"),
    _count("Current", "currentNumberScheduled"),
    _count("Ready", "numberReady"),
    _count("Up-to-date", "updatedNumberScheduled"),
    _count("Available", "numberAvailable"),
    Column("Node Selector", lambda obj, now_s: format_labels(((spec(obj).get("template") or {}).get("spec") or {}).get("nodeSelector"))),
    AGE,
    *_CONTAINERS,
    _SELECTOR,
)

_JOB_STATES = (("Complete", "Complete"), ("Failed", "Failed"))
_JOB_STATES_LATER = (("Suspended", "Suspended"), ("FailureTarget", "FailureTarget"), ("SuccessCriteriaMet", "SuccessCriteriaMet"))


def _job_status(job: FrozenObject, now_s: float) -> str:
    for condition, word in _JOB_STATES:
        if has_condition(job, condition):
            return word
    if job["metadata"].get("deletionTimestamp") is not None:
        return "Terminating"
    return next((word for condition, word in _JOB_STATES_LATER if has_condition(job, condition)), "Running")


def _completions(job: FrozenObject, now_s: float) -> str:
    succeeded, wanted = status(job).get("succeeded", 0), spec(job).get("completions")
    if wanted is not None:
        return f"{succeeded}/{wanted}"
    parallelism = spec(job).get("parallelism", 0)
    return f"{succeeded}/1 of {parallelism}" if parallelism > 1 else f"{succeeded}/1"


def _duration(job: FrozenObject, now_s: float) -> str:
    started, completed = status(job).get("startTime"), status(job).get("completionTime")
    if started is None:
        return ""
    return human_duration((parse_timestamp(completed) if completed else now_s) - parse_timestamp(started))


JOBS = (
    NAME,
    Column("Status", _job_status),
    Column("Completions", _completions),
    Column("Duration", _duration),
    AGE,
    *_CONTAINERS,
    _SELECTOR,
)


def _job_spec(cron_job: FrozenObject) -> FrozenObject:
    found: FrozenObject = (spec(cron_job).get("jobTemplate") or {}).get("spec") or {}
    return found


def _last_schedule(cron_job: FrozenObject, now_s: float) -> str:
    last = status(cron_job).get("lastScheduleTime")
    return since(last, now_s) if last else "<none>"


CRON_JOBS = (
    NAME,
    Column("Schedule", lambda obj, now_s: spec(obj).get("schedule", "")),
    Column("Timezone", lambda obj, now_s: spec(obj).get("timeZone") or "<none>"),
    Column("Suspend", lambda obj, now_s: {None: "<unset>", True: "True", False: "False"}[spec(obj).get("suspend")], type="boolean"),
    Column("Active", lambda obj, now_s: len(status(obj).get("active") or ()), type="integer"),
    Column("Last Schedule", _last_schedule),
    AGE,
    *template_columns(lambda obj: _job_spec(obj).get("template")),
    wide("Selector", lambda obj, now_s: format_selector(_job_spec(obj).get("selector"))),
)


def _controller(revision: FrozenObject, now_s: float) -> str:
    owner = controller_of(revision)
    if owner is None:
        return "<none>"
    group = owner["apiVersion"].rpartition("/")[0]
    return f"{owner['kind']}.{group}/".lower() + owner["name"] if group else f"{owner['kind'].lower()}/{owner['name']}"


CONTROLLER_REVISIONS = (
    NAME,
    Column("Controller", _controller),
    Column("Revision", lambda obj, now_s: obj.get("revision", 0)),
    AGE,
)

POD_DISRUPTION_BUDGETS = (
    NAME,
    Column("Min Available", lambda obj, now_s: str(spec(obj).get("minAvailable", "N/A"))),
    Column("Max Unavailable", lambda obj, now_s: str(spec(obj).get("maxUnavailable", "N/A"))),
    Column("Allowed Disruptions", lambda obj, now_s: status(obj).get("disruptionsAllowed", 0), type="integer"),
    AGE,
)


def _percent(value: int | None, otherwise: str) -> str:
    return otherwise if value is None else f"{value}%"


def _metric(metric: FrozenObject, current: FrozenObject) -> str:
    """One metric as `current/target`; its source sits under the type's own key."""
    kind = metric["type"]
    key = kind[:1].lower() + kind[1:]
    source, seen = metric.get(key), (current.get(key) or {}).get("current")
    if source is None:
        return "<unknown type>"
    target = source.get("target") or {}
    now = seen or {}
    if kind in ("Resource", "ContainerResource"):
        if "averageValue" in target:
            return f"{source['name']}: {now.get('averageValue', '<unknown>')}/{target['averageValue']}"
        current_percent = _percent(now.get("averageUtilization"), "<unknown>")
        return f"{source['name']}: {current_percent}/{_percent(target.get('averageUtilization'), '<auto>')}"
    if kind == "Pods":
        return f"{now.get('averageValue', '<unknown>')}/{target.get('averageValue', '0')}"
    if "averageValue" in target:
        return f"{now.get('averageValue', '<unknown>')}/{target['averageValue']} (avg)"
    return f"{now.get('value', '<unknown>')}/{target.get('value', '0')}"


def _targets(autoscaler: FrozenObject, now_s: float) -> str:
    metrics = spec(autoscaler).get("metrics") or ()
    if not metrics:
        return "<none>"
    current = status(autoscaler).get("currentMetrics") or ()
    texts = [_metric(metric, current[index] if index < len(current) else {}) for index, metric in enumerate(metrics)]
    return shown(texts, 2, separator=", ")


HORIZONTAL_POD_AUTOSCALERS = (
    NAME,
    Column("Reference", lambda obj, now_s: f"{spec(obj)['scaleTargetRef']['kind']}/{spec(obj)['scaleTargetRef']['name']}"),
    Column("Targets", _targets),
    Column("MinPods", lambda obj, now_s: str(spec(obj).get("minReplicas", "<unset>"))),
    Column("MaxPods", lambda obj, now_s: spec(obj).get("maxReplicas", 0)),
    Column("Replicas", lambda obj, now_s: status(obj).get("currentReplicas", 0)),
    AGE,
)
