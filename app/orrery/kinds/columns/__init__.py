"""The columns of `kubectl get` for every kind that has some of its own; a kind that is not here shows Name and Created At."""

from typing import Final

from orrery.kinds.kind import Column
from orrery.machinery.objects import GroupResource

COLUMNS: Final[dict[GroupResource, tuple[Column, ...]]] = {}
