"""Starting one container: image, configuration, creation, start, hook; each step with the kubelet's events and reasons.

Follows `startContainer` and `doBackOff` of upstream's runtime manager.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from orrery.machinery.field_errors import go_quote
from orrery.machinery.objects import FrozenObject, name_of, namespace_of, uid_of
from orrery.node.believed import believed_programs
from orrery.node.durations import go_duration
from orrery.node.environment import ConfigError, Surroundings, environment_of, expand_variables
from orrery.node.files.filesystem import Mounted
from orrery.node.grace import grace_s_of
from orrery.node.host import Host
from orrery.node.images.image import Image, image_id
from orrery.node.images.references import Reference
from orrery.node.images.store import ImageError, Pulled
from orrery.node.naming import field_path, pod_title, restart_key
from orrery.node.pod_state import PodState, Run, RunState, container_id
from orrery.node.privileges import privileges_of
from orrery.node.probing import named_ports, with_port_numbers
from orrery.node.programs.registry import HOMES
from orrery.node.resize import cpu_limit, cpu_request, memory_limit
from orrery.node.runtime import (
    START_ERROR_CODE,
    ContainerConfig,
    ContainerHandle,
    CreateFailed,
    Exit,
    SandboxConfig,
    StartFailed,
    first_done,
)
from orrery.node.sandbox_config import sandbox_of
from orrery.node.service_variables import service_variables
from orrery.node.termination import Killing
from orrery.node.volumes.pod_volumes import MountFailed
from orrery.store.log import key_of


class NotStarted(Exception):
    """The container does not run; reason and message become its waiting state."""

    def __init__(self, reason: str, message: str, *, retry_at_s: float = 0.0, run: Run | None = None, awaits: str = "") -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.retry_at_s = retry_at_s
        """When a new try is worth it; 0: at the usual pace."""
        self.run = run
        """What was created and could not be started."""
        self.awaits = awaits
        """Key of the object that is missing."""


@dataclass(slots=True)
class ContainerStart:
    """One try to start one container of a Pod."""

    host: Host
    pod: FrozenObject
    state: PodState
    container: FrozenObject

    async def run(self) -> Run:
        """Start the container; NotStarted when it does not run."""
        self._back_off()
        try:
            pulled = await self.host.images.ensure(self.container, uid_of(self.pod), self.tell)
        except ImageError as error:
            self.tell("Warning", "Failed", f"Error: {error.reason}")
            raise NotStarted(error.reason, str(error)) from None
        config = self._configure(pulled.image, pulled.reference.tag)
        run = self._new_run(config.id, pulled)
        await self.host.clock.sleep(self.host.pace.create_s())
        try:
            self.host.runtime.check(config)
        except CreateFailed as failure:
            self.tell("Warning", "Failed", f"Error: {failure}")
            raise NotStarted("CreateContainerError", str(failure)) from None
        self.tell("Normal", "Created", "Container created")
        try:
            run.handle = await self.host.runtime.start(config)
        except StartFailed as failure:
            self.tell("Warning", "Failed", f"Error: {failure}")
            run.started_s = 0.0
            run.finish(Exit(START_ERROR_CODE, "StartError", str(failure)), self.host.clock.now_s())
            raise NotStarted("RunContainerError", str(failure), run=run) from None
        run.started_s, run.identity = self.host.clock.now_s(), run.handle.identity
        self.tell("Normal", "Started", "Container started")
        if hook := (self.container.get("lifecycle") or {}).get("postStart"):
            await self._run_hook(run, run.handle, hook)
        return run

    async def _run_hook(self, run: Run, handle: ContainerHandle, hook: FrozenObject) -> None:
        """A postStart hook that fails takes its container down; one whose container ends is over."""
        task = asyncio.ensure_future(handle.run_hook(with_port_numbers(hook, self.container)))
        await first_done(task, handle.exited)
        if not task.done():
            task.cancel()
            return
        if task.result().warning:
            self.host.recorder.event(self.pod, "Warning", "LifecycleHTTPFallback", task.result().warning)
        if not task.result().has_passed:
            self.tell("Warning", "FailedPostStartHook", "PostStartHook failed")
            self.tell("Normal", "Killing", "FailedPostStartHook")
            await Killing(self.host, self.pod, self.container, handle).run(grace_s_of(self.pod))
            run.finish(handle.exited.result(), self.host.clock.now_s())
            raise NotStarted("PostStartHookError", self._hook_failure(hook, task.result().message), run=run)

    def _hook_failure(self, hook: FrozenObject, error: str) -> str:
        if "exec" in hook:
            what = f"Exec lifecycle hook ([{' '.join(hook['exec'].get('command') or ())}])"
        else:
            what = f"HTTP lifecycle hook ({(hook.get('httpGet') or {}).get('path') or '/'})"
        where = f"for Container {go_quote(self.container['name'])} in Pod {go_quote(pod_title(self.pod))}"
        return f"{what} {where} failed - error: {error}"

    def tell(self, type_: str, reason: str, message: str) -> None:
        """An event about the container."""
        self.host.recorder.event(self.pod, type_, reason, message, field_path=field_path(self.pod, self.container))

    def _back_off(self) -> None:
        """A container that ended waits longer every time before it is started again."""
        last = self.state.current.get(self.container["name"])
        if last is None or last.state is not RunState.EXITED:
            return
        key, now_s, backoff = restart_key(self.pod, self.container), self.host.clock.now_s(), self.host.restarts
        if not backoff.is_waiting_since(key, last.finished_s, now_s):
            backoff.grow(key, last.finished_s, now_s)
            return
        name, delay_s = self.container["name"], backoff.delay_s(key)
        self.tell("Warning", "BackOff", f"Back-off restarting failed container {name} in pod {pod_title(self.pod)}")
        message = f"back-off {go_duration(delay_s)} restarting failed container={name} pod={pod_title(self.pod)}"
        raise NotStarted("CrashLoopBackOff", message, retry_at_s=last.finished_s + delay_s)

    def _configure(self, image: Image, tag: str) -> ContainerConfig:
        pod, container = self.pod, self.container
        try:
            self._check_target()
            environment = environment_of(container, self._surroundings())
            self._check_user(image)
        except ConfigError as error:
            self.tell("Warning", "Failed", f"Error: {error}")
            bucket, name = error.missing or ("", "")
            awaits = key_of(bucket, namespace_of(pod), name) if bucket else ""
            raise NotStarted("CreateContainerConfigError", str(error), awaits=awaits) from None
        mounts = self._mounts(environment)
        command = tuple(expand_variables(word, environment) for word in container.get("command") or ())
        arguments = tuple(expand_variables(word, environment) for word in container.get("args") or ())
        argv = command + arguments if command else _own_argv(image, arguments)
        return ContainerConfig(
            id=container_id(uid_of(pod), container["name"], self._attempt(), self.state.sandboxes),
            pod_namespace=namespace_of(pod),
            pod_name=name_of(pod),
            pod_uid=uid_of(pod),
            name=container["name"],
            image=image,
            argv=argv,
            attempt=self._attempt(),
            tag=tag,
            environment=environment,
            workdir=container.get("workingDir") or image.workdir,
            has_stdin=bool(container.get("stdin")),
            has_tty=bool(container.get("tty")),
            uid=self._setting("runAsUser"),
            gid=self._setting("runAsGroup"),
            groups=self._groups(),
            has_only_these_groups=(pod["spec"].get("securityContext") or {}).get("supplementalGroupsPolicy") == "Strict",
            memory_bytes=memory_limit(container.get("resources") or {}),
            cpu_cores=cpu_limit(container.get("resources") or {}),
            cpu_request=cpu_request(container.get("resources") or {}),
            is_root_read_only=bool((container.get("securityContext") or {}).get("readOnlyRootFilesystem")),
            termination_path=container.get("terminationMessagePath") or "/dev/termination-log",
            falls_back_to_logs=container.get("terminationMessagePolicy") == "FallbackToLogsOnError",
            target=container.get("targetContainerName", ""),
            privileges=privileges_of(pod, container),
            believed=believed_programs(pod, container, argv) if image.is_believed else None,
            sandbox=self._sandbox(),
            ports=named_ports(container),
            mounts=mounts,
        )

    def _attempt(self) -> int:
        last = self.state.current.get(self.container["name"])
        return last.attempt + 1 if last is not None else 0

    def _new_run(self, id_: str, pulled: Pulled) -> Run:
        return Run(
            id=id_,
            attempt=self._attempt(),
            image=_shown_name(pulled.reference),
            image_id=image_id(pulled.reference),
            started_s=self.host.clock.now_s(),
            wanted_image=self.container["image"],
            is_started=not self.container.get("startupProbe"),
            is_ready=not (self.container.get("startupProbe") or self.container.get("readinessProbe")),
            resources=self.container.get("resources") or {},
        )

    def _security(self, name: str, otherwise: int) -> int:
        value = self._setting(name)
        return otherwise if value is None else value

    def _setting(self, name: str) -> int | None:
        """A setting of the container's security context, else of the Pod's."""
        for holder in (self.container, self.pod["spec"]):
            value = (holder.get("securityContext") or {}).get(name)
            if value is not None:
                return int(value)
        return None

    def _groups(self) -> tuple[int, ...]:
        """The Pod's supplemental groups and that of its volumes."""
        context = self.pod["spec"].get("securityContext") or {}
        groups = [*(context.get("supplementalGroups") or ()), context.get("fsGroup")]
        return tuple(int(group) for group in groups if group is not None)

    def _mounts(self, environment: Mapping[str, str]) -> tuple[Mounted, ...]:
        """The volumes this container sees; `PodStart` has set them up."""
        if self.state.volumes is None or not self.container.get("volumeMounts"):
            return ()
        try:
            return self.state.volumes.mounts(self.container, environment)
        except (MountFailed, OSError) as error:
            self.tell("Warning", "Failed", f"Error: {error}")
            raise NotStarted("CreateContainerConfigError", str(error)) from None

    def _sandbox(self) -> SandboxConfig:
        host = self.host
        return sandbox_of(self.pod, self._pod_ip(), node=host.name, domain=host.cluster_domain, dns=host.dns_address)

    def _check_target(self) -> None:
        target = self.container.get("targetContainerName")
        if target and target not in self.state.current:
            raise ConfigError(f"unable to find target container {target}")

    def _check_user(self, image: Image) -> None:
        if not self._security("runAsNonRoot", 0):
            return
        user = self._security("runAsUser", -1)
        where = f"(pod: {go_quote(pod_title(self.pod))}, container: {self.container['name']})"
        if user == 0:
            raise ConfigError(f"container's runAsUser breaks non-root policy {where}")
        if user < 0 and image.uid == 0:
            raise ConfigError(f"container has runAsNonRoot and image will run as root {where}")

    def _pod_ip(self) -> str:
        return self.host.facts.ip if self.pod["spec"].get("hostNetwork") else self.state.pod_ip

    def _surroundings(self) -> Surroundings:
        namespace, client = namespace_of(self.pod), self.host.client
        host_ip = self.host.facts.ip
        return Surroundings(
            pod=self.pod,
            pod_ip=self._pod_ip(),
            host_ip=host_ip,
            lookup=lambda bucket, name: client.get(bucket, namespace, name),
            services=service_variables(client, self.pod),
            allocatable=self.host.allocatable,
        )


@lru_cache(maxsize=4096)
def _own_argv(image: Image, arguments: tuple[str, ...]) -> tuple[str, ...]:
    """What an image starts by itself. Arguments of one nobody knows are for its own program, unless they begin with a program."""
    if image.is_believed and arguments and "/" not in arguments[0] and arguments[0] not in HOMES:
        return image.command + arguments
    return image.entrypoint + (arguments or image.command)


def _shown_name(reference: Reference) -> str:
    """As `image` in a container status: the tag in normal form, or the bare digest reference."""
    return f"{reference.repository}:{reference.tag}" if reference.tag else str(reference)
