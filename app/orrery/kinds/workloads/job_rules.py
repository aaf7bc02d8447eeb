"""Validation of a JobSpec, in a Job or in a CronJob's template. Follows validateJobSpec of batch."""

import re
from itertools import pairwise
from typing import Any, Final

from orrery.kinds.kind import Errors
from orrery.kinds.pods.spec import validate_pod_template
from orrery.kinds.pods.template import non_negative
from orrery.kinds.rules.field_rules import domain_prefixed_path
from orrery.kinds.rules.printed import go_struct
from orrery.machinery.field_errors import OMITTED, duplicate, go_quote, invalid, not_supported, required, too_long, too_many
from orrery.machinery.names import bytes_len, is_qualified_name
from orrery.machinery.objects import FrozenObject

_ACTIONS: Final = ("Count", "FailIndex", "FailJob", "Ignore")
_MODES: Final = ("NonIndexed", "Indexed")
_CONDITION_STATUSES: Final = ("False", "True", "Unknown")
_PARALLELISM_MAX: Final = 100_000
_COMPLETIONS_SOFT_MAX: Final = 100_000
_HIGH_COMPLETIONS_MAX: Final = 10_000
_RULES_MAX: Final = 20
_EXIT_CODES_MAX: Final = 255
_MANAGED_BY_BYTES_MAX: Final = 63
_INDEXES_BYTES_MAX: Final = 64 * 1024


class IndexesError(ValueError):
    """Not a list of index intervals; the text is upstream's."""


def validate_job_spec(spec: FrozenObject, path: str) -> Errors:
    """What a Job and a CronJob's template have in common."""
    errors = non_negative(
        spec,
        path,
        "parallelism",
        "completions",
        "activeDeadlineSeconds",
        "backoffLimit",
        "ttlSecondsAfterFinished",
        "backoffLimitPerIndex",
        "maxFailedIndexes",
    )
    if spec.get("maxFailedIndexes") is not None and spec.get("backoffLimitPerIndex") is None:
        errors.append(required(f"{path}.backoffLimitPerIndex", "when maxFailedIndexes is specified"))
    if (manager := spec.get("managedBy")) is not None:
        errors += domain_prefixed_path(f"{path}.managedBy", manager)
        if bytes_len(manager) > _MANAGED_BY_BYTES_MAX:
            errors.append(too_long(f"{path}.managedBy", _MANAGED_BY_BYTES_MAX))
    mode = spec.get("completionMode")
    if mode is not None and mode not in _MODES:
        errors.append(not_supported(f"{path}.completionMode", mode, _MODES))
    if mode == "Indexed":
        errors += _indexed(spec, path)
    elif mode in (None, "NonIndexed"):
        for field in ("backoffLimitPerIndex", "maxFailedIndexes"):
            if spec.get(field) is not None:
                errors.append(invalid(f"{path}.{field}", spec[field], "requires indexed completion mode"))
    if "podFailurePolicy" in spec:
        errors += _failure_policy(spec, f"{path}.podFailurePolicy")
    if "successPolicy" in spec:
        errors += _success_policy(spec, f"{path}.successPolicy")
    errors += _replacement_policy(spec, f"{path}.podReplacementPolicy")
    template = spec.get("template") or {}
    errors += validate_pod_template(template, f"{path}.template")
    return errors + _restart_policy(spec, template.get("spec") or {}, f"{path}.template.spec.restartPolicy")


def _restart_policy(spec: FrozenObject, pod: FrozenObject, path: str) -> Errors:
    policy = pod.get("restartPolicy", "")
    if policy in ("", "Always"):
        return [required(path, 'valid values: "OnFailure", "Never"')]
    if policy not in ("OnFailure", "Never"):
        return [not_supported(path, policy, ("OnFailure", "Never"))]
    if "podFailurePolicy" in spec and policy != "Never":
        return [invalid(path, policy, 'only "Never" is supported when podFailurePolicy is specified')]
    return []


def _indexed(spec: FrozenObject, path: str) -> Errors:
    errors: Errors = []
    completions, parallelism, failed = (spec.get(field) for field in ("completions", "parallelism", "maxFailedIndexes"))
    if completions is None:
        errors.append(required(f"{path}.completions", "when completion mode is Indexed"))
    if parallelism is not None and parallelism > _PARALLELISM_MAX:
        text = f"must be less than or equal to {_PARALLELISM_MAX} when completion mode is Indexed"
        errors.append(invalid(f"{path}.parallelism", parallelism, text))
    if completions is not None and failed is not None and failed > completions:
        errors.append(invalid(f"{path}.maxFailedIndexes", failed, "must be less than or equal to completions"))
    if failed is not None and failed > _PARALLELISM_MAX:
        errors.append(invalid(f"{path}.maxFailedIndexes", failed, f"must be less than or equal to {_PARALLELISM_MAX}"))
    if completions is None or completions <= _COMPLETIONS_SOFT_MAX or spec.get("backoffLimitPerIndex") is None:
        return errors
    if failed is None:
        text = f"must be specified when completions is above {_COMPLETIONS_SOFT_MAX}"
        errors.append(required(f"{path}.maxFailedIndexes", text))
    for field, value in (("parallelism", parallelism), ("maxFailedIndexes", failed)):
        if value is not None and value > _HIGH_COMPLETIONS_MAX:
            text = (
                f"must be less than or equal to {_HIGH_COMPLETIONS_MAX} when completions are above {_COMPLETIONS_SOFT_MAX} "
                "and used with backoff limit per index"
            )
            errors.append(invalid(f"{path}.{field}", value, text))
    return errors


def _replacement_policy(spec: FrozenObject, path: str) -> Errors:
    policy = spec.get("podReplacementPolicy")
    if policy is None:
        return []
    supported = ("Failed",) if "podFailurePolicy" in spec else ("Failed", "TerminatingOrFailed")
    return [] if policy in supported else [not_supported(path, policy, supported)]


def _failure_policy(spec: FrozenObject, path: str) -> Errors:
    rules = spec["podFailurePolicy"].get("rules") or ()
    pod = (spec.get("template") or {}).get("spec") or {}
    names = {container.get("name", "") for field in ("containers", "initContainers") for container in pod.get(field) or ()}
    errors = [too_many(f"{path}.rules", len(rules), _RULES_MAX)] if len(rules) > _RULES_MAX else []
    for index, rule in enumerate(rules):
        errors += _failure_rule(spec, rule, f"{path}.rules[{index}]", names=names)
    return errors


def _failure_rule(spec: FrozenObject, rule: FrozenObject, path: str, *, names: set[str]) -> Errors:
    errors: Errors = []
    action = rule.get("action", "")
    if not action:
        errors.append(required(f"{path}.action", f"valid values: {_list(_ACTIONS)}"))
    elif action == "FailIndex":
        if spec.get("backoffLimitPerIndex") is None:
            errors.append(invalid(f"{path}.action", action, "requires the backoffLimitPerIndex to be set"))
    elif action not in _ACTIONS:
        errors.append(not_supported(f"{path}.action", action, _ACTIONS))
    codes, conditions = rule.get("onExitCodes"), rule.get("onPodConditions") or ()
    if codes is not None:
        errors += _exit_codes(codes, f"{path}.onExitCodes", names)
    if conditions:
        errors += _pod_conditions(conditions, f"{path}.onPodConditions")
    if codes is not None and conditions:
        errors.append(invalid(path, OMITTED, "specifying both OnExitCodes and OnPodConditions is not supported"))
    if codes is None and not conditions:
        errors.append(invalid(path, OMITTED, "specifying one of OnExitCodes and OnPodConditions is required"))
    return errors


def _list(values: tuple[str, ...]) -> str:
    """As Go's %q prints a slice."""
    return "[" + " ".join(go_quote(value) for value in values) + "]"


def _pod_conditions(conditions: Any, path: str) -> Errors:
    errors = [too_many(path, len(conditions), _RULES_MAX)] if len(conditions) > _RULES_MAX else []
    for index, pattern in enumerate(conditions):
        kind = pattern.get("type", "")
        errors += [invalid(f"{path}[{index}].type", kind, message) for message in is_qualified_name(kind)]
        status = pattern.get("status", "")
        if not status:
            errors.append(required(f"{path}[{index}].status", f"valid values: {_list(_CONDITION_STATUSES)}"))
        elif status not in _CONDITION_STATUSES:
            errors.append(not_supported(f"{path}[{index}].status", status, _CONDITION_STATUSES))
    return errors


def _exit_codes(codes: FrozenObject, path: str, names: set[str]) -> Errors:
    errors: Errors = []
    operator = codes.get("operator", "")
    if not operator:
        errors.append(required(f"{path}.operator", f"valid values: {_list(('In', 'NotIn'))}"))
    elif operator not in ("In", "NotIn"):
        errors.append(not_supported(f"{path}.operator", operator, ("In", "NotIn")))
    name = codes.get("containerName")
    if name is not None and name not in names:
        text = "must be one of the container or initContainer names in the pod template"
        errors.append(invalid(f"{path}.containerName", name, text))
    values = codes.get("values") or []
    if not values:
        errors.append(invalid(f"{path}.values", codes.get("values"), "at least one value is required"))
    elif len(values) > _EXIT_CODES_MAX:
        errors.append(too_many(f"{path}.values", len(values), _EXIT_CODES_MAX))
    seen: set[int] = set()
    for index, value in enumerate(values):
        if operator == "In" and value == 0:
            errors.append(invalid(f"{path}.values[{index}]", value, "must not be 0 for the In operator"))
        if value in seen:
            errors.append(duplicate(f"{path}.values[{index}]", value))
        seen.add(value)
    if any(first > second for first, second in pairwise(values)):
        errors.append(invalid(f"{path}.values", values, "must be ordered"))
    return errors


def _success_policy(spec: FrozenObject, path: str) -> Errors:
    policy = spec["successPolicy"]
    if spec.get("completionMode") != "Indexed":
        return [invalid(path, success_policy_as_go(policy), "requires indexed completion mode")]
    rules = policy.get("rules") or ()
    errors: Errors = []
    if not rules:
        errors.append(required(f"{path}.rules", "at least one rules must be specified when the successPolicy is specified"))
    if len(rules) > _RULES_MAX:
        errors.append(too_many(f"{path}.rules", len(rules), _RULES_MAX))
    completions = spec.get("completions") or 0
    for index, rule in enumerate(rules):
        errors += _success_rule(rule, f"{path}.rules[{index}]", completions)
    return errors


def _success_rule(rule: FrozenObject, path: str, completions: int) -> Errors:
    errors: Errors = []
    count, indexes = rule.get("succeededCount"), rule.get("succeededIndexes")
    if count is None and indexes is None:
        errors.append(required(path, "at least one of succeededCount or succeededIndexes must be specified"))
    total = 0
    if indexes is not None:
        if bytes_len(indexes) > _INDEXES_BYTES_MAX:
            errors.append(too_long(f"{path}.succeededIndexes", _INDEXES_BYTES_MAX))
        try:
            total = count_indexes(indexes, completions)
        except IndexesError as error:
            errors.append(invalid(f"{path}.succeededIndexes", indexes, f"error parsing succeededIndexes: {error}"))
    if count is None:
        return errors
    at = f"{path}.succeededCount"
    if count < 0:
        errors.append(invalid(at, count, "must be greater than or equal to 0"))
    if count > completions:
        text = f"must be less than or equal to {completions} (the number of specified completions)"
        errors.append(invalid(at, count, text))
    if indexes is not None and count > total:
        text = f"must be less than or equal to {total} (the number of indexes in the specified succeededIndexes field)"
        errors.append(invalid(at, count, text))
    return errors


def success_policy_as_go(policy: FrozenObject) -> Any:
    rules = [
        go_struct((("SucceededIndexes", rule.get("succeededIndexes")), ("SucceededCount", rule.get("succeededCount"))))
        for rule in policy.get("rules") or ()
    ]
    return go_struct((("Rules", rules or None),))


def failure_policy_as_go(policy: FrozenObject) -> Any:
    return go_struct((("Rules", [_failure_rule_as_go(rule) for rule in policy.get("rules") or ()] or None),))


def _failure_rule_as_go(rule: FrozenObject) -> Any:
    codes = rule.get("onExitCodes")
    if codes is not None:
        named = (("ContainerName", "containerName"), ("Operator", "operator"), ("Values", "values"))
        codes = go_struct((go_name, codes.get(name)) for go_name, name in named)
    patterns = [
        go_struct((("Type", pattern.get("type", "")), ("Status", pattern.get("status", ""))))
        for pattern in rule.get("onPodConditions") or ()
    ]
    return go_struct((("Action", rule.get("action", "")), ("OnExitCodes", codes), ("OnPodConditions", patterns or None)))


def count_indexes(text: str, completions: int) -> int:
    """How many indexes `0,2-4` names; IndexesError when it names none in order below `completions`."""
    if not text:
        return 0
    total, last = 0, None
    for interval in text.split(","):
        low, high = parse_interval(interval, completions)
        if last is not None and last >= low:
            raise IndexesError(f"non-increasing order, previous: {last}, current: {low}")
        total += high - low + 1
        last = high
    return total


def parse_interval(text: str, completions: int) -> tuple[int, int]:
    ends = text.split("-")
    if len(ends) > 2:
        raise IndexesError(
            f"the fragment {go_quote(text)} violates the requirement that an index interval can have at most two parts separated by '-'"
        )
    numbers = []
    for end in ends:
        if not re.fullmatch("[+-]?[0-9]+", end):
            raise IndexesError(f"cannot convert string to integer for index: {go_quote(end)}")
        if int(end) >= completions:
            raise IndexesError(f"too large index: {go_quote(end)}")
        numbers.append(int(end))
    if len(numbers) == 2 and numbers[0] >= numbers[1]:
        raise IndexesError(f"non-increasing order, previous: {numbers[0]}, current: {numbers[1]}")
    return numbers[0], numbers[-1]
