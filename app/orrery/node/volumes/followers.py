"""Who wants to hear of every change of an object: Pods that have it mounted."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Followers:
    """Callbacks by object key and Pod uid."""

    by_key: dict[str, dict[str, Callable[[], None]]] = field(default_factory=dict)

    def follow(self, key: str, pod_uid: str, callback: Callable[[], None]) -> None:
        self.by_key.setdefault(key, {})[pod_uid] = callback

    def drop(self, key: str, pod_uid: str) -> None:
        followers = self.by_key.get(key)
        if followers is not None:
            followers.pop(pod_uid, None)
            if not followers:
                del self.by_key[key]

    def tell(self, key: str) -> None:
        for callback in list(self.by_key.get(key, {}).values()):
            callback()
