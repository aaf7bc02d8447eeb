"""The images on one node: what is there already, pulling what is not, and backing off from what cannot be pulled.

Events and reasons follow `pkg/kubelet/images/image_manager.go`. A node pulls one image after the other, as the kubelet does by default.
"""

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from orrery.machinery.clock import Clock
from orrery.machinery.field_errors import go_quote
from orrery.machinery.objects import FrozenObject
from orrery.node.backoff import Backoff
from orrery.node.durations import go_duration
from orrery.node.images.catalogue import ImageCatalogue, PullFailed
from orrery.node.images.image import Image, size_bytes
from orrery.node.images.references import InvalidReference, Reference, invalid_image_message, parse_reference
from orrery.node.pace import Pace

Tell = Callable[[str, str, str], None]
"""Records an event about the container: type, reason, message."""


class ImageError(Exception):
    """The image is not to be had; `reason` and message become the container's waiting state."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Pulled(NamedTuple):
    reference: Reference
    image: Image


class ImageStore:
    """The images of one node."""

    def __init__(self, catalogue: ImageCatalogue, *, clock: Clock, pace: Pace) -> None:
        self._catalogue = catalogue
        self._clock = clock
        self._pace = pace
        self._present: set[str] = set()
        self._backoff = Backoff()
        self._refusals: dict[str, str] = {}
        self._turn = asyncio.Lock()

    def remember(self, image: str) -> None:
        """An image that a previous life of the process has pulled."""
        self._present.add(image)

    def forget(self, pod_uid: str, image: str) -> None:
        """The Pod is gone: so is its back-off."""
        self._backoff.forget(f"{pod_uid}_{image}")
        self._refusals.pop(f"{pod_uid}_{image}", None)

    async def ensure(self, container: FrozenObject, pod_uid: str, tell: Tell) -> Pulled:
        """Have the container's image on the node; ImageError when that fails."""
        text, policy = container["image"], container.get("imagePullPolicy") or "IfNotPresent"
        try:
            reference = parse_reference(text)
        except InvalidReference as error:
            message = invalid_image_message(text, error)
            tell("Warning", "InspectFailed", message)
            raise ImageError("InvalidImageName", message) from None
        is_present = str(reference) in self._present
        if is_present and policy != "Always":
            tell("Normal", "Pulled", f"Container image {go_quote(text)} already present on machine and can be accessed by the pod")
            return Pulled(reference, self._catalogue.pull(reference))
        if policy == "Never":
            message = f"Container image {go_quote(text)} is not present with pull policy of Never"
            tell("Warning", "ErrImageNeverPull", message)
            raise ImageError("ErrImageNeverPull", message)
        return Pulled(reference, await self._pull(reference, text, f"{pod_uid}_{text}", tell))

    async def _pull(self, reference: Reference, text: str, key: str, tell: Tell) -> Image:
        if self._backoff.is_waiting(key, self._clock.now_s()):
            message = f"Back-off pulling image {go_quote(text)}"
            tell("Normal", "BackOff", message)
            raise ImageError("ImagePullBackOff", f"{message}: {self._refusals[key]}" if key in self._refusals else message)
        tell("Normal", "Pulling", f"Pulling image {go_quote(text)}")
        asked_s = self._clock.now_s()
        async with self._turn:
            began_s = self._clock.now_s()
            try:
                image = await self._download(reference)
            except PullFailed as failure:
                tell("Warning", "Failed", f"Failed to pull image {go_quote(text)}: {failure}")
                self._backoff.grow(key, self._clock.now_s(), self._clock.now_s())
                self._refusals[key] = f"ErrImagePull: {failure}"
                raise ImageError("ErrImagePull", str(failure)) from None
        done_s = self._clock.now_s()
        self._refusals.pop(key, None)
        took, waited = go_duration(done_s - began_s), go_duration(done_s - asked_s)
        size = f"Image size: {size_bytes(image, reference)} bytes."
        tell("Normal", "Pulled", f"Successfully pulled image {go_quote(text)} in {took} ({waited} including waiting). {size}")
        return image

    async def _download(self, reference: Reference) -> Image:
        try:
            image = self._catalogue.pull(reference)
        except PullFailed:
            await self._clock.sleep(self._pace.refusal_s())
            raise
        name = str(reference)
        is_present = name in self._present
        await self._clock.sleep(self._pace.check_s() if is_present else self._pace.pull_s(size_bytes(image, reference)))
        self._present.add(name)
        return image
