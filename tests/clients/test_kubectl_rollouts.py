"""Stories 1 and 2 of the lesson with real kubectl: a Deployment rolls out, a bad image stands still, and back again."""

import re

import pytest

from tests.clients.conftest import KubectlRunner, until
from tools.lesson.rollouts import DEPLOYMENT as MANIFEST

pytestmark = pytest.mark.client

DEPLOYMENT = "deployment/myapp-deployment"
DONE = 'deployment "myapp-deployment" successfully rolled out\n'


@pytest.fixture
def rolled_out(kubectl: KubectlRunner) -> KubectlRunner:
    """A kubectl in whose namespace the first revision of the Deployment runs, as its users have made it run."""
    kubectl.file("deployment-definition.yml", MANIFEST)
    assert kubectl("apply", "-f", "deployment-definition.yml") == "deployment.apps/myapp-deployment created\n"
    assert kubectl("rollout", "status", DEPLOYMENT).endswith(DONE)
    return kubectl


def revisions(kubectl: KubectlRunner) -> dict[str, str]:
    """Image and size of each ReplicaSet, by revision."""
    fields = '{range .items[*]}{.metadata.annotations.deployment\\.kubernetes\\.io/revision} {..image} {.spec.replicas}{"\\n"}{end}'
    lines = kubectl("get", "rs", "--output", f"jsonpath={fields}").splitlines()
    return {revision: f"{image} x{size}" for revision, image, size in (line.split() for line in lines)}


def test_a_file_is_applied_changed_and_applied_again(rolled_out: KubectlRunner) -> None:
    kubectl = rolled_out
    assert kubectl("apply", "-f", "deployment-definition.yml") == "deployment.apps/myapp-deployment unchanged\n"

    kubectl.file("deployment-definition.yml", MANIFEST.replace("1.7.1", "1.7.9"))
    assert kubectl("apply", "-f", "deployment-definition.yml") == "deployment.apps/myapp-deployment configured\n"

    assert kubectl("rollout", "status", DEPLOYMENT).endswith(DONE)
    assert revisions(kubectl) == {"1": "nginx:1.7.1 x0", "2": "nginx:1.7.9 x3"}


def test_tables_show_the_deployment_and_what_it_owns(rolled_out: KubectlRunner) -> None:
    kubectl = rolled_out
    deployments = kubectl("get", "deployments", "-o", "wide").splitlines()
    replicasets = kubectl("get", "rs", "-o", "wide").splitlines()
    pods = kubectl("get", "pods", "-o", "wide").splitlines()

    assert deployments[0].split() == ["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE", "CONTAINERS", "IMAGES", "SELECTOR"]
    assert re.fullmatch(r"myapp-deployment +3/3 +3 +3 +[\dms]+ +nginx +nginx:1.7.1 +type=front-end", deployments[1])
    assert replicasets[0].split() == ["NAME", "DESIRED", "CURRENT", "READY", "AGE", "CONTAINERS", "IMAGES", "SELECTOR"]
    row = r"(myapp-deployment-(\w{5,10})) +3 +3 +3 +[\dms]+ +nginx +nginx:1.7.1 +pod-template-hash=\2,type=front-end"
    replicaset = re.fullmatch(row, replicasets[1])
    assert replicaset
    assert " ".join(pods[0].split()) == "NAME READY STATUS RESTARTS AGE IP NODE NOMINATED NODE READINESS GATES"
    for pod in pods[1:]:
        row = rf"{replicaset[1]}-\w{{5}} +1/1 +Running +0 +[\dms]+ +10\.244\.\d\.\d+ +orrery-worker\d? +<none> +<none>"
        assert re.fullmatch(row, pod)
    assert len(pods) == 4


def test_get_all_shows_them_together(rolled_out: KubectlRunner) -> None:
    names = [line.split()[0] for line in rolled_out("get", "all", "--no-headers").splitlines() if line]

    assert [name.split("/")[0] for name in names] == ["pod"] * 3 + ["deployment.apps", "replicaset.apps"]


def test_diff_shows_what_apply_would_change(rolled_out: KubectlRunner) -> None:
    kubectl = rolled_out
    assert kubectl("diff", "-f", "deployment-definition.yml") == ""
    kubectl.file("deployment-definition.yml", MANIFEST.replace("1.7.1", "1.7.9"))

    shown = kubectl.run("diff", "-f", "deployment-definition.yml")

    assert shown.returncode == 1
    changed = [line for line in shown.stdout.splitlines() if re.match(r"[-+] ", line)]
    assert changed == ["-  generation: 1", "+  generation: 2", "-      - image: nginx:1.7.1", "+      - image: nginx:1.7.9"]


def test_an_editor_changes_it(rolled_out: KubectlRunner) -> None:
    kubectl = rolled_out
    assert kubectl("edit", DEPLOYMENT, editor="sed -i s/1.7.1$/1.7.9/") == "deployment.apps/myapp-deployment edited\n"
    assert kubectl("rollout", "status", DEPLOYMENT).endswith(DONE)
    assert revisions(kubectl) == {"1": "nginx:1.7.1 x0", "2": "nginx:1.7.9 x3"}

    unchanged = kubectl.run("edit", DEPLOYMENT, editor="true")
    assert (unchanged.returncode, unchanged.stdout, unchanged.stderr) == (0, "", "Edit cancelled, no changes made.\n")
    refused = kubectl.error("edit", DEPLOYMENT, editor="sed -i s/RollingUpdate/Rolling/").splitlines()
    assert refused[0] == 'error: deployments.apps "myapp-deployment" is invalid'
    assert refused[-1] == "error: Edit cancelled, no valid changes were saved."


def test_set_image_and_undo(rolled_out: KubectlRunner) -> None:
    kubectl = rolled_out
    assert kubectl("set", "image", DEPLOYMENT, "nginx=nginx:1.9.1") == "deployment.apps/myapp-deployment image updated\n"
    assert kubectl("rollout", "status", DEPLOYMENT).endswith(DONE)
    assert revisions(kubectl) == {"1": "nginx:1.7.1 x0", "2": "nginx:1.9.1 x3"}
    assert kubectl.error("set", "image", DEPLOYMENT, "apache=httpd") == 'error: unable to find container named "apache"\n'

    assert kubectl("rollout", "undo", DEPLOYMENT) == "deployment.apps/myapp-deployment rolled back\n"
    assert kubectl("rollout", "status", DEPLOYMENT).endswith(DONE)
    assert revisions(kubectl) == {"2": "nginx:1.9.1 x0", "3": "nginx:1.7.1 x3"}


def test_what_is_not_in_the_template_makes_no_revision(rolled_out: KubectlRunner) -> None:
    kubectl = rolled_out
    assert kubectl("scale", DEPLOYMENT, "--replicas=5") == "deployment.apps/myapp-deployment scaled\n"
    assert kubectl("label", DEPLOYMENT, "tier=front") == "deployment.apps/myapp-deployment labeled\n"
    assert kubectl("rollout", "status", DEPLOYMENT).endswith(DONE)

    assert revisions(kubectl) == {"1": "nginx:1.7.1 x5"}


def test_rollout_status_tells_the_steps_and_ends_by_itself(rolled_out: KubectlRunner) -> None:
    kubectl = rolled_out
    kubectl("rollout", "pause", DEPLOYMENT)  # Until somebody looks.
    kubectl("patch", DEPLOYMENT, "-p", '{"spec":{"minReadySeconds":1}}')
    kubectl("set", "image", DEPLOYMENT, "nginx=nginx:1.9.1")

    with kubectl.watching("rollout", "status", DEPLOYMENT) as next_row:
        told = [" ".join(next_row())]
        if "to be observed" in told[0]:
            told = [" ".join(next_row())]
        kubectl("rollout", "resume", DEPLOYMENT)
        while told[-1] != DONE.rstrip():
            told.append(" ".join(next_row()))

    waiting = 'Waiting for deployment "myapp-deployment" rollout to finish: '
    assert told[0] == f"{waiting}0 out of 3 new replicas have been updated..."
    assert f"{waiting}1 out of 3 new replicas have been updated..." in told
    assert f"{waiting}2 out of 3 new replicas have been updated..." in told
    assert f"{waiting}1 old replicas are pending termination..." in told


def test_a_watch_of_replicasets_shows_the_numbers_move(rolled_out: KubectlRunner) -> None:
    kubectl = rolled_out
    with kubectl.watching("get", "rs", "--watch", "--no-headers") as next_row:
        first = next_row()
        kubectl("set", "image", DEPLOYMENT, "nginx=nginx:1.9.1")
        rows = [first]
        while rows[-1][:4] != [first[0], "0", "0", "0"]:
            rows.append(next_row())

    sizes = {first[0]: 3}
    for name, desired, *_ in rows:
        sizes[name] = int(desired)
        assert 3 <= sum(sizes.values()) <= 4
    old = [int(desired) for name, desired, *_ in rows if name == first[0]]
    assert old == sorted(old, reverse=True)


def test_recreate_takes_all_pods_down_first(rolled_out: KubectlRunner) -> None:
    kubectl = rolled_out
    kubectl("patch", DEPLOYMENT, "-p", '{"spec":{"strategy":{"type":"Recreate","rollingUpdate":null}}}')
    old = set(kubectl("get", "pods", "-o", "name").split())
    gone: set[str] = set()
    with kubectl.watching("get", "pods", "--watch", "--output-watch-events", "--no-headers") as next_row:
        assert {f"pod/{next_row()[1]}" for _ in old} == old
        kubectl("set", "image", DEPLOYMENT, "nginx=nginx:1.9.1")
        event, name, _, status, *_ = next_row()
        while f"pod/{name}" in old:
            if event == "DELETED" or status in ("Completed", "Error"):  # What has ended is as good as gone: nobody waits for its deletion.
                gone.add(f"pod/{name}")
            event, name, _, status, *_ = next_row()

    assert gone == old
    assert kubectl("rollout", "status", DEPLOYMENT).endswith(DONE)
    assert "StrategyType:       Recreate\n" in kubectl("describe", DEPLOYMENT)


def test_a_bad_image_stands_at_its_limits_and_undo_saves_it(rolled_out: KubectlRunner) -> None:
    kubectl = rolled_out
    kubectl("set", "image", DEPLOYMENT, "nginx=nginx:1.161")
    until(lambda: waiting_reasons(kubectl) & {"ErrImagePull", "ImagePullBackOff"}, "a failed pull")

    standing = 'Waiting for deployment "myapp-deployment" rollout to finish: 1 out of 3 new replicas have been updated...'
    with kubectl.watching("rollout", "status", DEPLOYMENT) as next_row:
        assert " ".join(next_row()) == standing
    assert kubectl.error("rollout", "status", DEPLOYMENT, "--timeout=1s") == "error: timed out waiting for the condition\n"
    assert revisions(kubectl) == {"1": "nginx:1.7.1 x3", "2": "nginx:1.161 x1"}
    assert re.search(r"myapp-deployment +3/3 +1 +3 ", kubectl("get", "deployment", "myapp-deployment"))

    said = (
        'Failed to pull image "nginx:1.161": rpc error: code = NotFound desc = failed to pull and unpack image'
        ' "docker.io/library/nginx:1.161": failed to resolve reference "docker.io/library/nginx:1.161":'
        " docker.io/library/nginx:1.161: not found"
    )
    until(lambda: said in kubectl("get", "events", "--field-selector", "reason=Failed"), "the event")
    assert kubectl("rollout", "undo", DEPLOYMENT) == "deployment.apps/myapp-deployment rolled back\n"
    assert kubectl("rollout", "status", DEPLOYMENT).endswith(DONE)
    assert revisions(kubectl) == {"2": "nginx:1.161 x0", "3": "nginx:1.7.1 x3"}


def waiting_reasons(kubectl: KubectlRunner) -> set[str]:
    return set(kubectl("get", "pods", "-o", "jsonpath={..state.waiting.reason}").split())


def test_the_progress_deadline_ends_rollout_status(rolled_out: KubectlRunner) -> None:
    kubectl = rolled_out
    change = '{"spec":{"progressDeadlineSeconds":1,"template":{"spec":{"containers":[{"name":"nginx","image":"nginx:1.999"}]}}}}'
    assert kubectl("patch", DEPLOYMENT, "-p", change) == "deployment.apps/myapp-deployment patched\n"

    status = kubectl.run("rollout", "status", DEPLOYMENT)

    assert (status.returncode, status.stderr) == (1, 'error: deployment "myapp-deployment" exceeded its progress deadline\n')
    shown = kubectl("describe", DEPLOYMENT)
    assert "  Available      True    MinimumReplicasAvailable\n  Progressing    False   ProgressDeadlineExceeded\n" in shown
    message = kubectl.value(DEPLOYMENT, '.status.conditions[?(@.type=="Progressing")].message')
    assert re.fullmatch(r'ReplicaSet "myapp-deployment-\w+" has timed out progressing\.', message)


def test_history_lists_causes_and_shows_templates(rolled_out: KubectlRunner) -> None:
    kubectl = rolled_out
    for image, cause in (("nginx:1.7.1", "first"), ("nginx:1.9.1", "a newer nginx")):
        kubectl("set", "image", DEPLOYMENT, f"nginx={image}")
        kubectl("annotate", DEPLOYMENT, f"kubernetes.io/change-cause={cause}", "--overwrite")
        kubectl("rollout", "status", DEPLOYMENT)

    table = "deployment.apps/myapp-deployment \nREVISION  CHANGE-CAUSE\n1         first\n2         a newer nginx\n\n"
    until(lambda: kubectl("rollout", "history", DEPLOYMENT) == table, "both causes")
    template = kubectl("rollout", "history", DEPLOYMENT, "--revision=1")
    assert re.sub(r"hash=\w+", "hash=X", template).splitlines()[:9] == [
        "deployment.apps/myapp-deployment with revision #1",
        "Pod Template:",
        "  Labels:\tapp=myapp",
        "\tpod-template-hash=X",
        "\ttype=front-end",
        "  Annotations:\tkubernetes.io/change-cause: first",
        "  Containers:",
        "   nginx:",
        "    Image:\tnginx:1.7.1",
    ]
    assert kubectl.error("rollout", "history", DEPLOYMENT, "--revision=9") == "error: unable to find the specified revision\n"


def test_undo_goes_to_any_revision(rolled_out: KubectlRunner) -> None:
    kubectl = rolled_out
    for image in ("nginx:1.7.9", "nginx:1.9.1"):
        kubectl("set", "image", DEPLOYMENT, f"nginx={image}")
        kubectl("rollout", "status", DEPLOYMENT)

    missing = "error: unable to find specified revision 9 in history\n"
    assert kubectl.error("rollout", "undo", DEPLOYMENT, "--to-revision=9") == missing
    assert kubectl("rollout", "undo", DEPLOYMENT, "--to-revision=1") == "deployment.apps/myapp-deployment rolled back\n"
    assert kubectl("rollout", "status", DEPLOYMENT).endswith(DONE)
    assert revisions(kubectl) == {"2": "nginx:1.7.9 x0", "3": "nginx:1.9.1 x0", "4": "nginx:1.7.1 x3"}
    skipped = kubectl("rollout", "undo", DEPLOYMENT, "--to-revision=4")
    assert skipped == "deployment.apps/myapp-deployment skipped rollback (current template already matches revision 4)\n"


def test_a_paused_deployment_collects_changes(rolled_out: KubectlRunner) -> None:
    kubectl = rolled_out
    kubectl("set", "image", DEPLOYMENT, "nginx=nginx:1.7.9")
    assert kubectl("rollout", "status", DEPLOYMENT).endswith(DONE)
    assert kubectl("rollout", "pause", DEPLOYMENT) == "deployment.apps/myapp-deployment paused\n"
    assert kubectl.error("rollout", "pause", DEPLOYMENT) == 'error: deployments.apps "myapp-deployment" is already paused\n'
    kubectl("set", "image", DEPLOYMENT, "nginx=nginx:1.9.1")
    kubectl("set", "env", DEPLOYMENT, "COLOR=blue")
    assert "  Progressing    Unknown  DeploymentPaused\n" in until(lambda: when_paused(kubectl), "the condition")
    refused = "you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again\n"
    assert kubectl.error("rollout", "undo", DEPLOYMENT) == f"error: {refused}"
    assert revisions(kubectl) == {"1": "nginx:1.7.1 x0", "2": "nginx:1.7.9 x3"}

    assert kubectl("rollout", "resume", DEPLOYMENT) == "deployment.apps/myapp-deployment resumed\n"
    assert kubectl("rollout", "status", DEPLOYMENT).endswith(DONE)
    assert revisions(kubectl) == {"1": "nginx:1.7.1 x0", "2": "nginx:1.7.9 x0", "3": "nginx:1.9.1 x3"}


def when_paused(kubectl: KubectlRunner) -> str:
    shown = kubectl("describe", DEPLOYMENT)
    return shown if "DeploymentPaused" in shown else ""


def test_restart_replaces_the_pods(rolled_out: KubectlRunner) -> None:
    kubectl = rolled_out
    old = set(kubectl("get", "pods", "-o", "name").split())

    assert kubectl("rollout", "restart", DEPLOYMENT) == "deployment.apps/myapp-deployment restarted\n"
    assert kubectl("rollout", "status", DEPLOYMENT).endswith(DONE)

    assert kubectl.value(DEPLOYMENT, ".spec.template.metadata.annotations.kubectl\\.kubernetes\\.io/restartedAt")
    assert revisions(kubectl) == {"1": "nginx:1.7.1 x0", "2": "nginx:1.7.1 x3"}
    until(lambda: not old & set(kubectl("get", "pods", "-o", "name").split()), "the end of the old Pods")
