"""Who may concern whom, kept event by event so that nothing is looked for among all that is stored.

Volumes by class while they are free and by the claim they are promised to, claims that wait by class and by the volume they name,
Pods by the claims they mount. Only names are kept; objects are read from the watch cache.
"""

from collections.abc import Iterable, Sequence

from orrery.controllers.engine.controller import key_for
from orrery.controllers.engine.informer import Change
from orrery.controllers.pods import is_terminal
from orrery.controllers.volumes.annotations import VOLUMES
from orrery.controllers.volumes.matching import class_of, has_class, is_fully_bound
from orrery.machinery.objects import FrozenObject, name_of, namespace_of
from orrery.verbs.client import Client

_MOUNTS = (b'"persistentVolumeClaim"', b'"ephemeral"')


class Groups:
    """Names under one key each, both ways."""

    __slots__ = ("_key_of", "_names")

    def __init__(self) -> None:
        self._names: dict[str, dict[str, None]] = {}
        self._key_of: dict[str, str] = {}

    def put(self, name: str, key: str | None) -> None:
        """Have `name` under `key` only; None takes it out."""
        before = self._key_of.pop(name, None)
        if before is not None:
            names = self._names[before]
            del names[name]
            if not names:
                del self._names[before]
        if key is not None:
            self._key_of[name] = key
            self._names.setdefault(key, {})[name] = None

    def under(self, key: str) -> Sequence[str]:
        return tuple(self._names.get(key, ()))


class VolumeIndex:
    """Free volumes by class, all others by claim. `see` takes in every event of persistentvolumes."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._free = Groups()
        self._promised = Groups()

    def see(self, change: Change) -> None:
        volume = change.new
        reference = volume["spec"].get("claimRef") if volume is not None else None
        is_free = volume is not None and not reference
        self._free.put(change.name, class_of(volume) if volume is not None and is_free else None)
        self._promised.put(change.name, key_for(reference.get("namespace", ""), reference.get("name", "")) if reference else None)

    def candidates(self, claim: FrozenObject) -> list[FrozenObject]:
        """Volumes set aside for the claim, then free ones of its class."""
        key = key_for(namespace_of(claim), name_of(claim))
        return self._objects((*self._promised.under(key), *sorted(self._free.under(class_of(claim)))))

    def promised_to(self, claim_key: str) -> Sequence[str]:
        """Names of the volumes that refer to the claim."""
        return self._promised.under(claim_key)

    def _objects(self, names: Iterable[str]) -> list[FrozenObject]:
        found = (self._client.get(VOLUMES, "", name) for name in names)
        return [volume for volume in found if volume is not None]


_UNNAMED = "\0"
"""Stands for the class of claims that say nothing about it."""


class WaitingClaims:
    """Keys of the claims without a volume, by class and by the volume they ask for."""

    def __init__(self) -> None:
        self._by_class = Groups()
        self._by_volume = Groups()

    def see(self, change: Change) -> None:
        claim, key = change.new, key_for(change.namespace, change.name)
        wanted = claim["spec"].get("volumeName") if claim is not None else None
        waits = claim is not None and not is_fully_bound(claim)
        self._by_class.put(key, _group(claim) if claim is not None and waits and not wanted else None)
        self._by_volume.put(key, wanted or None)

    def of_class(self, name: str) -> Sequence[str]:
        """Claims that want this class, or, with an empty name, none."""
        return (*self._by_class.under(name), *(self._by_class.under(_UNNAMED) if not name else ()))

    def without_class(self) -> Sequence[str]:
        """Claims that would take the default class."""
        return self._by_class.under(_UNNAMED)

    def naming(self, volume: str) -> Sequence[str]:
        """Claims bound to the volume, or asking for it."""
        return self._by_volume.under(volume)


def _group(claim: FrozenObject) -> str:
    return class_of(claim) if has_class(claim) else _UNNAMED


def claims_mounted(pod: FrozenObject) -> Sequence[str]:
    """Names of the claims behind the Pod's volumes, each once; one of an ephemeral volume is named after both."""
    names: dict[str, None] = {}
    for volume in pod["spec"].get("volumes") or ():
        if (source := volume.get("persistentVolumeClaim")) is not None:
            names[str(source.get("claimName", ""))] = None
        elif volume.get("ephemeral") is not None:
            names[f"{name_of(pod)}-{volume['name']}"] = None
    return tuple(names)


def mounts_claims(change: Change) -> bool:
    """Whether the bytes speak of claims; most Pods have none, and are not parsed for that."""
    return any(map(change.has, _MOUNTS))


class ClaimUsers:
    """Keys of the Pods that mount a claim; those that have ended only `with_ended`."""

    def __init__(self, *, with_ended: bool = False) -> None:
        self._with_ended = with_ended
        self._pods: dict[str, dict[str, None]] = {}
        self._claims_of: dict[str, Sequence[str]] = {}

    def see(self, change: Change) -> None:
        key = key_for(change.namespace, change.name)
        if key not in self._claims_of and (change.former is not None or not mounts_claims(change)):
            return  # A Pod's volumes stay as they were made: what mounted no claim never will.
        pod = change.new
        is_there = pod is not None and (self._with_ended or not is_terminal(pod))
        claims = tuple(key_for(change.namespace, name) for name in claims_mounted(pod)) if pod is not None and is_there else ()
        if claims == self._claims_of.get(key, ()):
            return
        for claim in self._claims_of.pop(key, ()):
            users = self._pods[claim]
            users.pop(key, None)
            if not users:
                del self._pods[claim]
        if claims:
            self._claims_of[key] = claims
            for claim in claims:
                self._pods.setdefault(claim, {})[key] = None

    def of(self, claim_key: str) -> Sequence[str]:
        return tuple(self._pods.get(claim_key, ()))
