"""Differences we know of: the question, and why the answers differ. docs/parity.md tells the reasons."""

from typing import Final

_SPEED: Final = "Controllers of two servers are not equally fast: a status may be there already, or not yet."
_EMPTY_LIST: Final = "An empty list and no list are one thing to us once decoded; upstream tells them apart in definitions."
_METRICS: Final = "The recorded server had no metrics-server; we serve metrics.k8s.io."

KNOWN: Final = {
    "discovery: /apis": _METRICS,
    "discovery: aggregated groups": _METRICS,
    "ResourceQuota v1: table": _SPEED,
    "StatefulSet apps/v1: put the status": _SPEED,
    "Job batch/v1: table": _SPEED,
    "CustomResourceDefinition apiextensions.k8s.io/v1: patch the spec away": _EMPTY_LIST,
    "CustomResourceDefinition apiextensions.k8s.io/v1: empty": _EMPTY_LIST,
}
