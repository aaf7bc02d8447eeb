"""A Job's podFailurePolicy and successPolicy applied. Pure; the messages are upstream's."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from orrery.controllers.job.intervals import Intervals, count_of, overlap_of, parse_intervals
from orrery.machinery.objects import FrozenObject, name_of, namespace_of


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the policy says about one failed Pod."""

    action: str = ""
    """Empty when no rule matches."""
    counts: bool = True
    """Whether the failure counts against backoffLimit and backoffLimitPerIndex."""
    failure: str = ""
    """Why the whole Job fails; empty when it does not."""


_NO_RULE: Final = Verdict()


def judge_failure(policy: FrozenObject | None, pod: FrozenObject) -> Verdict:
    """The first rule that matches decides."""
    for number, rule in enumerate((policy or {}).get("rules") or ()):
        action = rule["action"]
        if rule.get("onExitCodes") is not None:
            container = _matching_container(pod, rule["onExitCodes"])
            if container is not None:
                code = container["state"]["terminated"].get("exitCode", 0)
                about = f"Container {container['name']} for pod {namespace_of(pod)}/{name_of(pod)} failed with exit code {code}"
                return _verdict(action, f"{about} matching {action} rule at index {number}")
        elif rule.get("onPodConditions") is not None:
            condition = _matching_condition(pod, rule["onPodConditions"])
            if condition is not None:
                about = f"Pod {namespace_of(pod)}/{name_of(pod)} has condition {condition['type']}"
                return _verdict(action, f"{about} matching {action} rule at index {number}")
    return _NO_RULE


def _verdict(action: str, message: str) -> Verdict:
    return Verdict(action, counts=action != "Ignore", failure=message if action == "FailJob" else "")


def _matching_container(pod: FrozenObject, requirement: FrozenObject) -> FrozenObject | None:
    status = pod.get("status") or {}
    for field in ("containerStatuses", "initContainerStatuses"):
        for container in status.get(field) or ():
            if _has_code(container, requirement):
                found: FrozenObject = container
                return found
    return None


def _has_code(container: FrozenObject, requirement: FrozenObject) -> bool:
    terminated = (container.get("state") or {}).get("terminated")
    name = requirement.get("containerName")
    code = terminated.get("exitCode", 0) if terminated is not None else 0
    if not code or (name is not None and name != container["name"]):
        return False
    is_in = code in (requirement.get("values") or ())
    return bool(is_in if requirement["operator"] == "In" else requirement["operator"] == "NotIn" and not is_in)


def _matching_condition(pod: FrozenObject, patterns: Sequence[FrozenObject]) -> FrozenObject | None:
    wanted = {(pattern["type"], pattern.get("status", "True")) for pattern in patterns}
    conditions: Iterable[FrozenObject] = (pod.get("status") or {}).get("conditions") or ()
    return next((condition for condition in conditions if (condition["type"], condition["status"]) in wanted), None)


def judge_success(policy: FrozenObject | None, completions: int, succeeded: Intervals) -> str:
    """`Matched rules at index N` when the indexes that succeeded are enough; empty when not."""
    if policy is None or not succeeded:
        return ""
    for number, rule in enumerate(policy.get("rules") or ()):
        count = rule.get("succeededCount")
        if rule.get("succeededIndexes") is not None:
            wanted = parse_intervals(rule["succeededIndexes"], completions)
            common = overlap_of(wanted, succeeded)
            met = bool(wanted) and (common == count_of(wanted) or (count is not None and common >= count))
        else:
            met = count is not None and count_of(succeeded) >= count
        if met:
            return f"Matched rules at index {number}"
    return ""
