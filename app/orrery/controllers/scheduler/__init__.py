"""The default scheduler: which node a Pod goes to.

`wishes.py` reads what a Pod wants, `nodes.py` keeps what nodes have and what is taken, `filters.py`, `affinity.py` and
`topology.py` say where it cannot go and why, `volumes.py` where its volumes are or can be, `scores.py` where it should,
`controller.py` binds.
"""

from orrery.controllers.scheduler.controller import SchedulerController

__all__ = ["SchedulerController"]
