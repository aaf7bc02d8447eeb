"""A CustomResourceDefinition that is being deleted goes once its objects are gone. Follows apiextensions' finalizing controller."""
# DIFFERS: upstream deletes the custom objects first; we serve none, so that there are none.

from collections.abc import Iterable
from typing import Final

from orrery.controllers.engine.controller import DONE, Outcome, key_for, split_key
from orrery.controllers.engine.informer import Change, Informer
from orrery.machinery.objects import Object, is_deleting, name_of
from orrery.verbs.client import Client
from orrery.verbs.delete import DEFINITION_FINALIZER

DEFINITIONS: Final = "customresourcedefinitions.apiextensions.k8s.io"


class DefinitionController:
    """A key is a CustomResourceDefinition."""

    name = "crd-finalizer"

    def __init__(self, client: Client) -> None:
        self._client = client

    def watch(self, informer: Informer) -> None:
        informer.on(DEFINITIONS, _keys_of)

    async def reconcile(self, key: str) -> Outcome:
        await self._client.change(DEFINITIONS, *split_key(key), _release)
        return DONE


def _keys_of(change: Change) -> Iterable[str]:
    return (key_for("", name_of(change.any)),) if change.is_present and is_deleting(change.any) else ()


def _release(draft: Object) -> bool:
    held = draft["metadata"].get("finalizers") or []
    draft["metadata"]["finalizers"] = [each for each in held if each != DEFINITION_FINALIZER]
    return DEFINITION_FINALIZER in held
