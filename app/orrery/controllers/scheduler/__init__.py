"""The default scheduler: which node a Pod goes to.

What is known: `wishes.py` (what Pods want) with `terms.py` (their rules about others), `nodes.py` and `cluster.py` (what there is and
what is taken). Where a Pod cannot go: `filters.py`, with `taints.py`, `affinity.py`, `resources.py`, `volumes.py`, `topology.py` and
`neighbours.py`; where it should: `scores.py`, with `defaults.py`. Who has to go for it: `preemption.py` (the choice) and
`preemptor.py` (the deed). Who waits for what: `waiting.py` and `hints.py`. What is said: `messages.py` and `reports.py`.
`controller.py` brings them together and binds.
"""

from orrery.controllers.scheduler.controller import SchedulerController

__all__ = ["SchedulerController"]
