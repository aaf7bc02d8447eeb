"""The columns of everything else: nodes, namespaces, events, identities, policy of the API itself."""

from typing import Any, Final

from orrery.kinds.columns.cells import AGE, NAME, has_condition, human_duration, since, spec, status, wide
from orrery.kinds.kind import Column
from orrery.machinery.objects import FrozenObject, labels_of

_ROLE_PREFIX: Final = "node-role.kubernetes.io/"
_ROLE_LABEL: Final = "kubernetes.io/role"


def _node_status(node: FrozenObject, now_s: float) -> str:
    ready = next((condition for condition in status(node).get("conditions") or () if condition["type"] == "Ready"), None)
    words = ["Unknown" if ready is None else "Ready" if ready["status"] == "True" else "NotReady"]
    if spec(node).get("unschedulable"):
        words.append("SchedulingDisabled")
    return ",".join(words)


def _node_roles(node: FrozenObject, now_s: float) -> str:
    labels = labels_of(node)
    roles = {key.removeprefix(_ROLE_PREFIX) for key in labels if key.startswith(_ROLE_PREFIX)} | {labels.get(_ROLE_LABEL, "")}
    return ",".join(sorted(roles - {""})) or "<none>"


def _node_info(node: FrozenObject, field: str) -> str:
    return str((status(node).get("nodeInfo") or {}).get(field, ""))


def _node_address(node: FrozenObject, kind: str) -> str:
    return next((address["address"] for address in status(node).get("addresses") or () if address["type"] == kind), "<none>")


NODES = (
    NAME,
    Column("Status", _node_status),
    Column("Roles", _node_roles),
    AGE,
    Column("Version", lambda obj, now_s: _node_info(obj, "kubeletVersion")),
    wide("Internal-IP", lambda obj, now_s: _node_address(obj, "InternalIP")),
    wide("External-IP", lambda obj, now_s: _node_address(obj, "ExternalIP")),
    wide("OS-Image", lambda obj, now_s: _node_info(obj, "osImage") or "<unknown>"),
    wide("Kernel-Version", lambda obj, now_s: _node_info(obj, "kernelVersion") or "<unknown>"),
    wide("Container-Runtime", lambda obj, now_s: _node_info(obj, "containerRuntimeVersion") or "<unknown>"),
)

NAMESPACES = (NAME, Column("Status", lambda obj, now_s: status(obj).get("phase", "")), AGE)


def _first_seen(event: FrozenObject, now_s: float) -> str:
    return since(event.get("firstTimestamp") or event.get("eventTime"), now_s)


def _last_seen(event: FrozenObject, now_s: float) -> str:
    if event.get("series"):
        return since(event["series"].get("lastObservedTime"), now_s)
    return since(event["lastTimestamp"], now_s) if event.get("lastTimestamp") else _first_seen(event, now_s)


def _event_object(event: FrozenObject, now_s: float) -> str:
    about = event.get("involvedObject") or {}
    kind = about.get("kind", "").lower()
    return f"{kind}/{about['name']}" if about.get("name") else kind


def _event_source(event: FrozenObject, now_s: float) -> str:
    source = event.get("source") or {}
    component = source.get("component") or event.get("reportingComponent") or ""
    instance = source.get("host") or event.get("reportingInstance") or ""
    return f"{component}, {instance}" if instance else component


def _event_count(event: FrozenObject, now_s: float) -> int:
    return int(event["series"].get("count", 0)) if event.get("series") else event.get("count", 0) or 1


EVENTS = (
    Column("Last Seen", _last_seen),
    Column("Type", lambda obj, now_s: obj.get("type", "")),
    Column("Reason", lambda obj, now_s: obj.get("reason", "")),
    Column("Object", _event_object),
    wide("Subobject", lambda obj, now_s: (obj.get("involvedObject") or {}).get("fieldPath", "")),
    wide("Source", _event_source),
    Column("Message", lambda obj, now_s: obj.get("message", "").strip()),
    wide("First Seen", _first_seen),
    wide("Count", _event_count),
    Column("Name", lambda obj, now_s: obj["metadata"]["name"], format="name", priority=1),
)


def _data_size(*fields: str) -> Column:
    return Column("Data", lambda obj, now_s: sum(len(obj.get(field) or ()) for field in fields))


CONFIG_MAPS = (NAME, _data_size("data", "binaryData"), AGE)
SECRETS = (NAME, Column("Type", lambda obj, now_s: obj.get("type", "")), _data_size("data"), AGE)
SERVICE_ACCOUNTS = (NAME, AGE)
DEVICE_CLASSES = (NAME, AGE)
RESOURCE_CLAIM_TEMPLATES = (NAME, AGE)


def _quota(*, limits: bool) -> Column:
    def cell(quota: FrozenObject, now_s: float) -> str:
        hard, used = status(quota).get("hard") or {}, status(quota).get("used") or {}
        names = [name for name in sorted(hard) if name.startswith("limits.") == limits]
        return ", ".join(f"{name}: {used.get(name, '0')}/{hard[name]}" for name in names)

    return Column("Limit" if limits else "Request", cell)


RESOURCE_QUOTAS = (NAME, _quota(limits=False), _quota(limits=True), AGE)


def _subjects(kind: str, *, with_namespace: bool = False) -> Any:
    def cell(binding: FrozenObject, now_s: float) -> str:
        found = [subject for subject in binding.get("subjects") or () if subject["kind"] == kind]
        return ", ".join(f"{subject.get('namespace', '')}/{subject['name']}" if with_namespace else subject["name"] for subject in found)

    return cell


BINDINGS = (
    NAME,
    Column("Role", lambda obj, now_s: f"{obj['roleRef']['kind']}/{obj['roleRef']['name']}"),
    AGE,
    wide("Users", _subjects("User")),
    wide("Groups", _subjects("Group")),
    wide("ServiceAccounts", _subjects("ServiceAccount", with_namespace=True)),
)


def _request_condition(request: FrozenObject, now_s: float) -> str:
    types = {condition["type"] for condition in status(request).get("conditions") or ()}
    text = "Denied" if "Denied" in types else "Approved" if "Approved" in types else "Pending"
    return text + (",Failed" if "Failed" in types else "") + (",Issued" if status(request).get("certificate") else "")


def _requested_duration(request: FrozenObject, now_s: float) -> str:
    seconds = spec(request).get("expirationSeconds")
    return "<none>" if seconds is None else human_duration(seconds)


CERTIFICATE_SIGNING_REQUESTS = (
    NAME,
    AGE,
    Column("SignerName", lambda obj, now_s: spec(obj).get("signerName") or "<none>"),
    Column("Requestor", lambda obj, now_s: spec(obj).get("username", "")),
    Column("RequestedDuration", _requested_duration),
    Column("Condition", _request_condition),
)

LEASES = (NAME, Column("Holder", lambda obj, now_s: spec(obj).get("holderIdentity", "")), AGE)

PRIORITY_CLASSES = (
    NAME,
    Column("Value", lambda obj, now_s: obj.get("value", 0), type="integer"),
    Column("Global-Default", lambda obj, now_s: bool(obj.get("globalDefault")), type="boolean"),
    AGE,
    Column("PreemptionPolicy", lambda obj, now_s: obj.get("preemptionPolicy", "")),
)

RUNTIME_CLASSES = (NAME, Column("Handler", lambda obj, now_s: obj.get("handler", "")), AGE)

WEBHOOK_CONFIGURATIONS = (NAME, Column("Webhooks", lambda obj, now_s: len(obj.get("webhooks") or ()), type="integer"), AGE)


def _param_kind(policy: FrozenObject, now_s: float) -> str:
    kind = spec(policy).get("paramKind")
    return f"{kind.get('apiVersion', '')}/{kind.get('kind', '')}" if kind else "<unset>"


def _param_reference(binding: FrozenObject, now_s: float) -> str:
    reference = spec(binding).get("paramRef")
    if not reference or not reference.get("name"):
        return "<unset>"
    return f"{reference.get('namespace') or '*'}/{reference['name']}"


VALIDATING_ADMISSION_POLICIES = (
    NAME,
    Column("Validations", lambda obj, now_s: len(spec(obj).get("validations") or ()), type="integer"),
    Column("ParamKind", _param_kind),
    AGE,
)
VALIDATING_ADMISSION_POLICY_BINDINGS = (
    NAME,
    Column("PolicyName", lambda obj, now_s: spec(obj).get("policyName", "")),
    Column("ParamRef", _param_reference),
    AGE,
)


def _missing_level(schema: FrozenObject, now_s: float) -> str:
    found = (condition for condition in status(schema).get("conditions") or () if condition["type"] == "Dangling")
    return next((str(condition["status"]) for condition in found), "?")


FLOW_SCHEMAS = (
    NAME,
    Column("PriorityLevel", lambda obj, now_s: (spec(obj).get("priorityLevelConfiguration") or {}).get("name", "")),
    Column("MatchingPrecedence", lambda obj, now_s: spec(obj).get("matchingPrecedence", 0)),
    Column("DistinguisherMethod", lambda obj, now_s: (spec(obj).get("distinguisherMethod") or {}).get("type", "<none>")),
    AGE,
    Column("MissingPL", _missing_level),
)


def _level_number(field: str, *, queuing: bool = True) -> Any:
    def cell(level: FrozenObject, now_s: float) -> Any:
        limited = spec(level).get("limited")
        source = (limited or {}).get("limitResponse", {}).get("queuing") if queuing else limited
        return source.get(field, 0) if source is not None else "<none>"

    return cell


PRIORITY_LEVELS = (
    NAME,
    Column("Type", lambda obj, now_s: spec(obj).get("type", "")),
    Column("NominalConcurrencyShares", _level_number("nominalConcurrencyShares", queuing=False)),
    Column("Queues", _level_number("queues")),
    Column("HandSize", _level_number("handSize")),
    Column("QueueLengthLimit", _level_number("queueLengthLimit")),
    AGE,
)


def _claim_state(claim: FrozenObject, now_s: float) -> str:
    deleted, allocated = claim["metadata"].get("deletionTimestamp") is not None, status(claim).get("allocation") is not None
    states = ["deleted"] * deleted
    if allocated:
        states += ["allocated"] + ["reserved"] * bool(status(claim).get("reservedFor"))
    elif not deleted:
        states.append("pending")
    return ",".join(states)


RESOURCE_CLAIMS = (NAME, Column("State", _claim_state), AGE)
RESOURCE_SLICES = (
    NAME,
    Column("Node", lambda obj, now_s: spec(obj).get("nodeName", "")),
    Column("Driver", lambda obj, now_s: spec(obj).get("driver", "")),
    Column("Pool", lambda obj, now_s: (spec(obj).get("pool") or {}).get("name", "")),
    AGE,
)


def _health(component: FrozenObject) -> FrozenObject:
    found: FrozenObject = next((condition for condition in component.get("conditions") or () if condition["type"] == "Healthy"), {})
    return found


COMPONENT_STATUSES = (
    NAME,
    Column("Status", lambda obj, now_s: {"True": "Healthy", None: "Unknown"}.get(_health(obj).get("status"), "Unhealthy")),
    Column("Message", lambda obj, now_s: _health(obj).get("message", "")),
    Column("Error", lambda obj, now_s: _health(obj).get("error", "")),
)


def _service(api_service: FrozenObject, now_s: float) -> str:
    service = spec(api_service).get("service")
    return f"{service.get('namespace', '')}/{service.get('name', '')}" if service else "Local"


def _available(api_service: FrozenObject, now_s: float) -> str:
    condition = next((entry for entry in status(api_service).get("conditions") or () if entry["type"] == "Available"), None)
    if condition is None:
        return "Unknown"
    if has_condition(api_service, "Available"):
        return "True"
    return f"{condition['status']} ({condition.get('reason', '')})"


API_SERVICES = (NAME, Column("Service", _service), Column("Available", _available), AGE)
