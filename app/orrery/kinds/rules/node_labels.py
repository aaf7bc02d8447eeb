"""Labels of nodes that have a newer name: what to say where an object asks for the old one. Follows pkg/api/node."""

from typing import Final

from orrery.machinery.names import is_label_value
from orrery.machinery.objects import FrozenObject

_DEPRECATED: Final = {
    "beta.kubernetes.io/arch": 'deprecated since v1.14; use "kubernetes.io/arch" instead',
    "beta.kubernetes.io/os": 'deprecated since v1.14; use "kubernetes.io/os" instead',
    "failure-domain.beta.kubernetes.io/region": 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
    "failure-domain.beta.kubernetes.io/zone": 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
    "beta.kubernetes.io/instance-type": 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
    "app.kubernetes.io/created-by": "deprecated since v1.9",
    "scheduler.alpha.kubernetes.io/preferAvoidPods": "deprecated since v1.22; use Taints and Tolerations instead",
    "node-role.kubernetes.io/master": 'use "node-role.kubernetes.io/control-plane" instead',
}


def node_label_warning(key: str) -> str:
    """Empty when the label is fine."""
    return _DEPRECATED.get(key, "")


def node_selector_term_warnings(term: FrozenObject, path: str, *, check_values: bool) -> list[str]:
    warnings: list[str] = []
    for index, requirement in enumerate(term.get("matchExpressions") or ()):
        at = f"{path}.matchExpressions[{index}]"
        key = requirement.get("key", "")
        if text := node_label_warning(key):
            warnings.append(f"{at}.key: {key} is {text}")
        if check_values:
            for number, value in enumerate(requirement.get("values") or ()):
                warnings += [f"{at}.values[{number}]: {value} is invalid, {message}" for message in is_label_value(value)]
    return warnings


def node_label_warnings(path: str, key: str) -> list[str]:
    text = node_label_warning(key)
    return [f"{path}: {text}"] if text else []


def node_selector_warnings(path: str, selector: FrozenObject | None) -> list[str]:
    """GetWarningsForNodeSelector: a LabelSelector over nodes."""
    warnings: list[str] = []
    for index, requirement in enumerate((selector or {}).get("matchExpressions") or ()):
        key = requirement.get("key", "")
        if text := node_label_warning(key):
            warnings.append(f"{path}.matchExpressions[{index}].key: {key} is {text}")
    for label in (selector or {}).get("matchLabels") or ():
        warnings += node_label_warnings(f"{path}.matchLabels.{label}", label)
    return warnings
