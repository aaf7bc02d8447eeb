"""The routes of /orrery/v1/nodes. Thin, like those in `routes.py`."""

from typing import Annotated

from fastapi import APIRouter, Body, Path

from orrery.control.models import NewNodes, NodeFailure, NodeList, NodeState
from orrery.control.nodes import MachineRoom
from orrery.control.refusals import StatusRoute
from orrery.node.machines import Machines
from orrery.verbs.client import Client

Name = Annotated[str, Path(description="The node's name.", examples=["orrery-worker"])]


def new_router(client: Client, machines: Machines) -> APIRouter:
    """What users do to the machines behind the nodes."""
    router = APIRouter(prefix="/orrery/v1/nodes", tags=["nodes"], route_class=StatusRoute)
    room = MachineRoom(client, machines)

    @router.get("", response_model_by_alias=True)
    async def list_nodes() -> NodeList:
        """The simulated machines and their nodes."""
        return room.every()

    @router.post("", status_code=201, response_model_by_alias=True)
    async def add_nodes(wanted: Annotated[NewNodes | None, Body()] = None) -> NodeList:
        """Add nodes; they are Ready when this answers, and come back after a restart."""
        return await room.add(wanted or NewNodes())

    @router.post("/{name}/fail", response_model_by_alias=True)
    async def fail_node(name: Name, how: Annotated[NodeFailure | None, Body()] = None) -> NodeState:
        """Let a node's machine go down. The control plane notices 50 seconds after the last heartbeat."""
        return await room.fail(name, how or NodeFailure())

    @router.post("/{name}/recover", response_model_by_alias=True)
    async def recover_node(name: Name) -> NodeState:
        """Let a node's machine come up again: a reboot after a crash. A Node that somebody has deleted is registered again."""
        return await room.recover(name)

    @router.delete("/{name}", response_model_by_alias=True)
    async def remove_node(name: Name) -> NodeState:
        """Take a machine away for good, with its Node. Drain it first if its Pods are to end in peace."""
        return await room.remove(name)

    return router
