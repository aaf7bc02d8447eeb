"""Deployments: rollouts of ReplicaSets. `sizes.py`, `revisions.py`, `status.py` and `template.py` decide, `controller.py` acts."""

from orrery.controllers.deployment.controller import DeploymentController

__all__ = ["DeploymentController"]
