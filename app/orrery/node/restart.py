"""Restart policies: whether a container that ended is started again. Follows upstream's `pkg/api/v1/pod`."""

from orrery.machinery.objects import FrozenObject


def is_sidecar(container: FrozenObject) -> bool:
    """For an init container: whether it stays up beside the others."""
    return container.get("restartPolicy") == "Always"


def should_restart(container: FrozenObject, spec: FrozenObject, exit_code: int) -> bool:
    """Whether a container that ended with that code is started again: its own rules, its own policy, then the Pod's."""
    policy = container.get("restartPolicy")
    if policy is None:
        return _allows(spec.get("restartPolicy", "Always"), exit_code)
    for rule in container.get("restartPolicyRules") or ():
        wanted = rule.get("exitCodes") or {}
        if (exit_code in (wanted.get("values") or ())) == (wanted.get("operator") == "In"):
            if rule.get("action") == "Restart":
                return True
            break
    return _allows(policy, exit_code)


def _allows(policy: str, exit_code: int) -> bool:
    return policy == "Always" or (policy == "OnFailure" and exit_code != 0)
