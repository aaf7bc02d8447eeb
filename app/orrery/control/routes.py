"""The routes of /orrery/v1. Thin: each calls one method of this room; ApiErrors become a `Status` as everywhere."""

from typing import Annotated

from fastapi import APIRouter, Body, Path

from orrery.control.models import Revisions, Rollback, RolledBack
from orrery.control.refusals import StatusRoute
from orrery.control.revisions import History
from orrery.verbs.client import Client

Namespace = Annotated[str, Path(description="The Deployment's namespace.", examples=["default"])]
Name = Annotated[str, Path(description="The Deployment's name.", examples=["web"])]


def new_router(client: Client) -> APIRouter:
    """All routes of Orrery's own API."""
    router = APIRouter(prefix="/orrery/v1", tags=["rollouts"], route_class=StatusRoute)
    history = History(client)

    @router.get("/namespaces/{namespace}/deployments/{name}/revisions", response_model_by_alias=True)
    async def read_revisions(namespace: Namespace, name: Name) -> Revisions:
        """A Deployment's rollout history: what `kubectl rollout history` shows, with templates and Pod counts."""
        return history.revisions(namespace, name)

    @router.post("/namespaces/{namespace}/deployments/{name}/rollback", response_model_by_alias=True)
    async def roll_back(namespace: Namespace, name: Name, rollback: Annotated[Rollback | None, Body()] = None) -> RolledBack:
        """Go back to an earlier revision, as `kubectl rollout undo` does. The restored template becomes a new revision."""
        return await history.rollback(namespace, name, rollback.revision if rollback is not None else 0)

    return router
