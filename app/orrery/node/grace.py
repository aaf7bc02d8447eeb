"""How long containers get to end."""

from typing import Final

from orrery.machinery.objects import FrozenObject

GRACE_S_MIN: Final = 2.0
"""Every container gets this long, whatever the grace period says."""


def grace_s_of(pod: FrozenObject) -> float:
    """The grace period that counts: the deletion's, else the Pod's own."""
    seconds = pod["metadata"].get("deletionGracePeriodSeconds")
    if seconds is None:
        seconds = pod["spec"].get("terminationGracePeriodSeconds", 30)
    return float(seconds)
