"""Getting a Pod to run: its volumes, its sandbox, its containers one after the other, and when to try again what failed.

Follows `SyncPod` of upstream's kubelet and runtime manager.
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from orrery.machinery.objects import FrozenObject, namespace_of, uid_of
from orrery.node.addresses import AddressesExhausted
from orrery.node.container_start import ContainerStart, NotStarted
from orrery.node.environment import ConfigError, Surroundings, Unattached
from orrery.node.grace import grace_s_of
from orrery.node.host import Host
from orrery.node.plan import Actions
from orrery.node.pod_state import PodState, Reason, Run
from orrery.node.restart import is_sidecar
from orrery.node.termination import Killing, tell_killing
from orrery.node.volumes.growth import ClaimGrowth
from orrery.node.volumes.pod_volumes import PodVolumes
from orrery.node.volumes.refresh import VolumeRefresh
from orrery.node.volumes.tokens import PodTokens
from orrery.store.log import key_of

RETRY_S: Final = 10.0
_RETRY_S_MAX: Final = 60.0
_JITTER: Final = 0.5
_MOUNT_RETRY_S: Final = 0.5
_MOUNT_RETRY_S_MAX: Final = 122.0
_NO_ADDRESS: Final = (
    "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox: no IP addresses available"
)


class Outcome(NamedTuple):
    """What came of a step."""

    has_changed: bool = False
    """Whether something was started: the Pod is to be looked at again at once."""
    retry_s: float | None = None
    """After how many seconds what failed is to be tried again."""
    is_backing_off: bool = False
    """Whether a container waits out its back-off."""


class PodStart:
    """The steps of one Pod. `pod` gives its newest version, `is_unwanted` says that it must not be started any further."""

    __slots__ = ("_has_mounted", "_host", "_is_unwanted", "_mount_retry_s", "_on_start", "_pod", "_state", "_wake")

    def __init__(
        self,
        host: Host,
        state: PodState,
        *,
        pod: Callable[[], FrozenObject],
        is_unwanted: Callable[[], bool],
        on_start: Callable[[str, Run], None],
        wake: Callable[[], None],
    ) -> None:
        self._host = host
        self._state = state
        self._pod = pod
        self._is_unwanted = is_unwanted
        self._on_start = on_start
        self._wake = wake
        self._has_mounted = False
        self._mount_retry_s = 0.0

    def mount(self) -> Outcome:
        """Look whether all volumes are there; when not, there is something to retry."""
        if self._has_mounted:
            return Outcome()
        pod, namespace = self._pod(), namespace_of(self._pod())
        errors = self._set_up_volumes(pod)
        for error in errors:
            is_quiet = isinstance(error, Unattached)
            if not is_quiet:
                self._host.recorder.event(pod, "Warning", "FailedMount", str(error))
            if error.missing:
                self._await(key_of(error.missing[0], "" if is_quiet else namespace, error.missing[1]))
        if not errors:
            self._has_mounted = True
            return Outcome()
        self._mount_retry_s = min(max(self._mount_retry_s * 2, _MOUNT_RETRY_S), _MOUNT_RETRY_S_MAX)
        return Outcome(retry_s=self._mount_retry_s)

    def _set_up_volumes(self, pod: FrozenObject) -> list[ConfigError]:
        if not pod["spec"].get("volumes"):
            return []
        host, state, around = self._host, self._state, self._surroundings(pod)
        if state.volumes is None:
            tokens = PodTokens(host.client, host.clock, host.sign) if host.sign is not None else None
            state.volumes = PodVolumes(host.disks, host.clock, host.name, tokens, on_overfull=self._wake)
        errors = state.volumes.set_up(around, lambda bucket, name: host.client.get(bucket, "", name))
        if not errors:
            state.volumes.follows = VolumeRefresh(host.clock, host.pace, host.followers, self._refresh, uid_of(pod), state.volumes.due_s)
            state.volumes.follows.begin(pod, around.lookup)
            self._let_claims_grow(pod, state.volumes)
        return errors

    def _let_claims_grow(self, pod: FrozenObject, volumes: PodVolumes) -> None:
        host = self._host
        volumes.grows = ClaimGrowth(
            host.client, host.clock, host.pace, host.disks, host.followers, node=host.name, tell=host.recorder.event, pod=pod
        )
        volumes.grows.begin()

    def _refresh(self) -> None:
        """Something that is shown in volumes has changed."""
        if self._state.volumes is not None and not self._is_unwanted():
            self._state.volumes.refresh(self._surroundings(self._pod()))

    def _surroundings(self, pod: FrozenObject) -> Surroundings:
        """What volumes draw from: neither addresses of the Pod nor Services."""
        client, namespace, host_ip = self._host.client, namespace_of(pod), self._host.facts.ip
        return Surroundings(pod, "", host_ip, lambda bucket, name: client.get(bucket, namespace, name), {}, self._host.allocatable)

    async def act(self, actions: Actions) -> Outcome:
        """Do what was planned."""
        if actions.creates_sandbox and not await self._create_sandbox():
            return Outcome(retry_s=RETRY_S)
        await self._replace(actions.replace)
        wanted = [*actions.start_ephemeral, *actions.start_init, *actions.start]
        if wanted:
            self._check_pull_secrets()
        has_changed = actions.creates_sandbox
        failures: list[NotStarted] = []
        for container in wanted:
            if self._is_unwanted():
                return Outcome(has_changed=True)
            failure = await self._start(container)
            if failure is None or failure.run is not None:
                has_changed = True
            if failure is not None:
                failures.append(failure)
                if container in actions.start_init and not is_sidecar(container):
                    break
        if has_changed:  # What ends at once has ended by then, and is never told to run.
            await self._host.clock.sleep(self._host.pace.look_s())
        return self._outcome(failures, has_changed=has_changed)

    def _check_pull_secrets(self) -> None:
        pod = self._pod()
        names = [one["name"] for one in pod["spec"].get("imagePullSecrets") or () if one.get("name")]
        missing = [name for name in dict.fromkeys(names) if self._host.client.get("secrets", namespace_of(pod), name) is None]
        if missing:
            message = f"Unable to retrieve some image pull secrets ({', '.join(missing)}); attempting to pull the image may not succeed."
            self._host.recorder.event(pod, "Warning", "FailedToRetrieveImagePullSecret", message)

    def _outcome(self, failures: Sequence[NotStarted], *, has_changed: bool) -> Outcome:
        """Failures are tried again when a back-off ends, else at the kubelet's usual pace."""
        if not failures:
            return Outcome(has_changed)
        now_s = self._host.clock.now_s()
        ends = [failure.retry_at_s for failure in failures if failure.retry_at_s]
        delay_s = min(max(min(ends) - now_s, 0.0), _RETRY_S_MAX) if ends else RETRY_S
        return Outcome(has_changed, delay_s * (1 + self._host.clock.random.random() * _JITTER), bool(ends))

    async def _create_sandbox(self) -> bool:
        host, state = self._host, self._state
        if state.sandboxes:
            host.recorder.event(self._pod(), "Normal", "SandboxChanged", "Pod sandbox changed, it will be killed and re-created.")
        await host.clock.sleep(host.pace.sandbox_s())
        if not self._pod()["spec"].get("hostNetwork"):
            try:
                state.pod_ip = host.addresses.take()
            except AddressesExhausted:
                host.recorder.event(self._pod(), "Warning", "FailedCreatePodSandBox", _NO_ADDRESS)
                return False
        state.has_sandbox = True
        state.sandboxes += 1
        return True

    async def _replace(self, containers: Sequence[tuple[FrozenObject, str]]) -> None:
        """Stop containers that are to be started anew."""
        for container, message in containers:
            run = self._state.find(container["name"])
            if run is not None and run.handle is not None:
                tell_killing(self._host, self._pod(), container, message)
                await Killing(self._host, self._pod(), container, run.handle).run(grace_s_of(self._pod()))

    async def _start(self, container: FrozenObject) -> NotStarted | None:
        """Start one container; what kept it from running, if anything did."""
        name, state = container["name"], self._state
        try:
            run = await ContainerStart(self._host, self._pod(), state, container).run()
        except NotStarted as failure:
            state.reasons[name] = Reason(failure.reason, failure.message)
            if failure.run is not None:
                state.replace(name, failure.run)
            if failure.awaits:
                self._await(failure.awaits)
            return failure
        state.reasons.pop(name, None)
        state.replace(name, run)
        self._on_start(name, run)
        return None

    def _await(self, key: str) -> None:
        # DIFFERS: upstream looks again at its own pace; we look as soon as the object that was missing is written, too.
        self._host.wait_for(key, self._wake)
