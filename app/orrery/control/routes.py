"""The routes of /orrery/v1. Thin: each calls one method of this room; ApiErrors become a `Status` as everywhere."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Body, Path

from orrery.control.models import CatalogueImage, CatalogueImages, PodUsage, Revisions, Rollback, RolledBack, WantedUsage
from orrery.control.refusals import StatusRoute
from orrery.control.revisions import History
from orrery.control.usage import PodUsages
from orrery.verbs.client import Client
from orrery.verbs.usage import NoUsage, UsageSource

if TYPE_CHECKING:
    from orrery.node.images.user_images import UserImage

Namespace = Annotated[str, Path(description="The Deployment's namespace.", examples=["default"])]
Name = Annotated[str, Path(description="The Deployment's name.", examples=["web"])]
PodNamespace = Annotated[str, Path(description="The Pod's namespace.", examples=["default"])]
PodName = Annotated[str, Path(description="The Pod's name.", examples=["web"])]


def new_router(client: Client, *, users_images: "Iterable[UserImage]" = (), usage: UsageSource | None = None) -> APIRouter:
    """All routes of Orrery's own API."""
    router = APIRouter(prefix="/orrery/v1", route_class=StatusRoute)
    history = History(client)
    usages = PodUsages(client, usage if usage is not None else NoUsage())

    @router.get("/namespaces/{namespace}/deployments/{name}/revisions", tags=["rollouts"], response_model_by_alias=True)
    async def read_revisions(namespace: Namespace, name: Name) -> Revisions:
        """A Deployment's rollout history: what `kubectl rollout history` shows, with templates and Pod counts."""
        return history.revisions(namespace, name)

    @router.post("/namespaces/{namespace}/deployments/{name}/rollback", tags=["rollouts"], response_model_by_alias=True)
    async def roll_back(namespace: Namespace, name: Name, rollback: Annotated[Rollback | None, Body()] = None) -> RolledBack:
        """Go back to an earlier revision, as `kubectl rollout undo` does. The restored template becomes a new revision."""
        return await history.rollback(namespace, name, rollback.revision if rollback is not None else 0)

    @router.get("/namespaces/{namespace}/pods/{name}/usage", tags=["usage"])
    async def read_usage(namespace: PodNamespace, name: PodName) -> PodUsage:
        """What a Pod uses, and what of it was set: the numbers of `kubectl top pod --containers`."""
        return usages.read(namespace, name)

    @router.put("/namespaces/{namespace}/pods/{name}/usage", tags=["usage"])
    async def set_usage(namespace: PodNamespace, name: PodName, wanted: Annotated[WantedUsage, Body()]) -> PodUsage:
        """Let a Pod seem to use so much, as `kubectl annotate pod NAME usage.orrery.dev/cpu=250m` does. An empty body ends it."""
        return await usages.set(namespace, name, wanted)

    @router.get("/images", tags=["images"])
    async def read_images() -> CatalogueImages:
        """The image catalogue: what is built in, and what users of this server added."""
        from orrery.node.images.listing import listed_images

        rows = listed_images(users_images)
        return CatalogueImages(
            items=[
                CatalogueImage(
                    repository=row.repository, kind=row.kind, ports=list(row.ports), tags=row.tags, latest=row.newest, source=row.source
                )
                for row in rows
            ]
        )

    return router
