"""The steps of docs/lesson.md: stories 1, 2, 5 (its API half) and 8 of the lesson, as a newcomer types them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class File:
    """A file that the newcomer writes; shown if there is something to say about it."""

    name: str
    text: str
    say: str = ""


@dataclass(frozen=True)
class Run:
    """A command line."""

    command: str
    say: str = ""
    until: str = ""
    """The output is cut before this text."""
    only: str = ""
    """Only lines that this pattern finds, each once: for commands that tell their progress in more or fewer lines."""
    after: str = ""
    """A look that is repeated, unseen, before the command until it shows what the pattern `shows` finds."""
    shows: str = "."


Step = File | Run


@dataclass(frozen=True)
class Chapter:
    """A part of the page."""

    title: str
    steps: tuple[Step, ...]


DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: myapp-deployment
  labels:
    app: myapp
    type: front-end
spec:
  template:
    metadata:
      name: myapp-pod
      labels:
        app: myapp
        type: front-end
    spec:
      containers:
      - name: nginx
        image: nginx:1.7.1
  replicas: 3
  selector:
    matchLabels:
      type: front-end
"""
MYAPP = "deployment/myapp-deployment"
STATUS = f"kubectl rollout status {MYAPP}"
# What a rollout of three says at every pace; between these lines there may be more.
PROGRESS = r"\b[12] out of 3|successfully|1 old replicas"
SETTLED = {"after": "kubectl get pods --no-headers | grep -vc 'Running' ; kubectl get pods --no-headers | wc -l", "shows": r"^0\n3\n"}
POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: {name}
spec:
  containers:
  - name: app
    image: nginx:1.25
"""

ROLLING_UPDATE = Chapter(
    "A rolling update",
    (
        File("deployment-definition.yml", DEPLOYMENT, "A Deployment of three Pods, in"),
        Run("kubectl apply -f deployment-definition.yml"),
        Run(STATUS, "`rollout status` waits until the Deployment has what it wants.", only="successfully"),
        Run("kubectl get deployments", **SETTLED),
        Run("kubectl get rs", "It made a ReplicaSet, which made the Pods."),
        Run("kubectl get pods"),
        Run("kubectl apply -f deployment-definition.yml", "Applying the same again changes nothing."),
        Run("sed -i s/nginx:1.7.1/nginx:1.7.9/ deployment-definition.yml", "Another image in the file:"),
        Run("kubectl diff -f deployment-definition.yml"),
        Run("kubectl apply -f deployment-definition.yml"),
        Run(STATUS, only="successfully"),
        Run("kubectl get rs", "A changed template is a new ReplicaSet; the old one stays, empty, as a way back.", **SETTLED),
        Run(f"kubectl set image {MYAPP} nginx=nginx:1.9.1", "The same without a file."),
        Run(STATUS, only="successfully"),
        Run(f"EDITOR='sed -i s/nginx:1.9.1$/nginx:1.14.2/' kubectl edit {MYAPP}", "And in an editor (here one that works by itself)."),
        Run(STATUS, only="successfully"),
        Run(
            f'kubectl patch {MYAPP} -p \'{{"spec":{{"minReadySeconds":1}}}}\'',
            "What lies outside the template makes no new revision. This makes rollouts slow enough to watch.",
        ),
        Run(f"kubectl set image {MYAPP} nginx=nginx:1.16.1"),
        Run(STATUS, "Not more than one Pod above three, and none below.", only=PROGRESS),
        Run(f"kubectl describe {MYAPP}", until="Conditions:", **SETTLED),
        Run(f"kubectl rollout history {MYAPP}"),
        Run(
            f'kubectl patch {MYAPP} -p \'{{"spec":{{"minReadySeconds":0,"strategy":{{"type":"Recreate","rollingUpdate":null}}}}}}\'',
            "The other strategy takes all Pods down before it makes new ones.",
        ),
        Run(f"kubectl set image {MYAPP} nginx=nginx:1.17"),
        Run(STATUS, only="successfully"),
        Run("kubectl delete -f deployment-definition.yml", "Its Pods go with it."),
        Run("kubectl get all", after="kubectl get pods,rs -o name", shows="^$", until="\n\n"),
    ),
)

ROLLBACK = Chapter(
    "A bad rollout, and back",
    (
        Run("kubectl create deployment web --image=nginx:1.25 --replicas=3"),
        Run("kubectl rollout status deployment/web", only="successfully"),
        Run("kubectl annotate deployment/web kubernetes.io/change-cause='nginx 1.25'", "A change cause is an annotation."),
        Run("kubectl set image deployment/web nginx=nginx:1.161", "A tag that does not exist:", after="kubectl get pods", shows="Running"),
        Run("kubectl annotate deployment/web kubernetes.io/change-cause='a slip of the finger' --overwrite"),
        Run("kubectl rollout status deployment/web --timeout=1s", only="1 out of 3|error", after="kubectl get pods", shows="ErrImagePull"),
        Run(
            "kubectl get deployments,rs,pods",
            "The old Pods keep serving, and the rollout stands.",
            after="kubectl get pods",
            shows="ErrImagePull",
        ),
        Run("kubectl get events --field-selector reason=Failed -o custom-columns=MESSAGE:.message | sort -u | grep pull"),
        Run("kubectl rollout history deployment/web"),
        Run("kubectl rollout history deployment/web --revision=2"),
        Run("kubectl rollout undo deployment/web", "Back to the revision before."),
        Run("kubectl rollout status deployment/web", only="successfully"),
        Run("kubectl rollout history deployment/web", "A rollback is a new rollout of an old template: revision 1 is now revision 3."),
        Run("kubectl rollout undo deployment/web --to-revision=7"),
        Run(
            'kubectl patch deployment/web -p \'{"spec":{"progressDeadlineSeconds":1}}\'',
            "With a deadline `rollout status` does not wait for ever.",
        ),
        Run("kubectl set image deployment/web nginx=nginx:1.999"),
        Run("kubectl rollout status deployment/web", only="1 out of 3|error"),
        Run("kubectl rollout undo deployment/web"),
        Run("kubectl rollout status deployment/web", only="successfully"),
        Run("kubectl rollout pause deployment/web", "While it is paused, changes are collected."),
        Run("kubectl set image deployment/web nginx=nginx:1.26"),
        Run("kubectl set env deployment/web COLOR=blue"),
        Run("kubectl rollout undo deployment/web"),
        Run("kubectl rollout resume deployment/web"),
        Run("kubectl rollout status deployment/web", only="successfully"),
        Run("kubectl get rs -o wide"),
        Run("kubectl rollout restart deployment/web", "New Pods of the same template:"),
        Run("kubectl rollout status deployment/web", only="successfully"),
        Run("kubectl rollback undo deployment/web", "There is no such command, though many type it."),
        Run("kubectl delete deployment web"),
    ),
)

CONFIGURATION = Chapter(
    "ConfigMaps and Secrets",
    (
        Run("kubectl create configmap app-config --from-literal=APP_COLOR=blue --from-literal=APP_MODE=prod"),
        Run("kubectl get configmap app-config -o yaml"),
        Run("kubectl describe configmap app-config"),
        File("app.properties", "APP_COLOR=blue\nAPP_MODE=prod\n"),
        Run("kubectl create configmap from-file --from-file=app.properties"),
        Run("kubectl create configmap from-env --from-env-file=app.properties"),
        Run("kubectl get configmaps"),
        Run("kubectl create configmap from-env --from-literal=a"),
        Run(
            "kubectl create secret generic app-secret"
            " --from-literal=DB_Host=mysql --from-literal=DB_User=root --from-literal=DB_Password=paswrd"
        ),
        Run("kubectl get secret app-secret -o yaml", "Values are encoded, not encrypted."),
        Run("kubectl get secret app-secret -o jsonpath='{.data.DB_Host}' | base64 --decode; echo"),
        Run("kubectl describe secret app-secret"),
        File(
            "secret-data.yaml",
            "apiVersion: v1\nkind: Secret\nmetadata:\n  name: slip\ndata:\n  DB_Host: mysql!\n",
            "A Secret whose value is not base64, in",
        ),
        Run("kubectl create -f secret-data.yaml"),
        Run("sed -i 's/mysql!/bXlzcWn=/' secret-data.yaml", "Here the last character holds bits that no byte needs. They are dropped:"),
        Run("kubectl create -f secret-data.yaml"),
        Run("kubectl get secret slip -o jsonpath='{.data.DB_Host}'; echo"),
        Run(
            "kubectl create secret docker-registry regcred --docker-service=registry.example --docker-username=jane --docker-password=pw",
            "The option is called `--docker-server`.",
        ),
        Run("kubectl create secret docker-registry regcred --docker-server=registry.example --docker-username=jane --docker-password=pw"),
        Run(
            "kubectl create secret generic web-tls --type=kubernetes.io/tls --from-literal=x=y",
            "Types of Secrets have keys that they need.",
        ),
        Run("kubectl get secrets"),
        Run("kubectl patch configmap app-config -p '{\"immutable\":true}'", "What is immutable cannot be changed, not even back."),
        Run('kubectl patch configmap app-config -p \'{"data":{"APP_COLOR":"red"}}\''),
        Run("kubectl delete configmap app-config"),
    ),
)

PHASES = Chapter(
    "The life of a Pod",
    (
        Run("kubectl run web --image=nginx:1.25 --port=80"),
        Run("kubectl wait --for=condition=Ready pod/web"),
        Run(
            "kubectl run done --image=busybox --restart=Never -- true",
            "Pods that end, well and badly; one that has nothing to do; and three that cannot start:",
        ),
        Run("kubectl run failed --image=busybox --restart=Never -- false"),
        Run("kubectl run ubuntu --image=ubuntu"),
        Run("kubectl run sleeper --image=ubuntu --restart=Never --command -- sleep2.0 10"),
        Run("kubectl run typo --image=nginx:1.161"),
        Run('kubectl run picky --image=nginx --overrides=\'{"spec":{"nodeSelector":{"disk":"ssd"}}}\''),
        Run(
            "kubectl get pods",
            after="kubectl get pods | sort",
            shows=r"(?s)Completed.*Error.*Pending.*StartError.*ErrImagePull.*CrashLoopBackOff.*Running",
        ),
        Run("kubectl get pods -o custom-columns=NAME:.metadata.name,PHASE:.status.phase"),
        Run("kubectl describe pod web"),
        Run("kubectl describe pod failed", until="Conditions:"),
        Run("kubectl get pod sleeper -o jsonpath='{.status.containerStatuses[0].state.terminated.message}'; echo"),
        Run("kubectl get pod ubuntu -o jsonpath='{.status.containerStatuses[0].lastState.terminated.reason}'; echo"),
        Run("kubectl events --for pod/picky", after="kubectl events --for pod/picky", shows="FailedScheduling"),
        File(
            "env-pod.yaml",
            POD.format(name="needy") + "    envFrom:\n    - configMapRef:\n        name: app-config\n",
            "A Pod that needs a ConfigMap, in",
        ),
        Run("kubectl apply -f env-pod.yaml"),
        Run("kubectl get pod needy", after="kubectl get pod needy", shows="ConfigError"),
        Run("kubectl create configmap app-config --from-literal=APP_COLOR=blue", "It starts by itself once the ConfigMap is there."),
        Run("kubectl get pod needy", after="kubectl get pod needy", shows="Running"),
        Run("kubectl delete pod web"),
    ),
)

SLIP = POD.format(name="slip") + "    env:\n    - name: APP_COLOR\n      valueFrom:\n        configMapRef:\n          name: app-config\n"
SLIPS = Chapter(
    "Slips, and their answers",
    (
        File("slip.yaml", SLIP, "A reference in the wrong place, in"),
        Run("kubectl apply -f slip.yaml"),
        Run("sed -i 's/apiVersion/appVersion/' slip.yaml"),
        Run("kubectl apply -f slip.yaml"),
        File(
            "slip.yaml", POD.format(name="slip") + "    envFrom:\n    - configMapRef: app-config\n", "A name where an object should be, in"
        ),
        Run("kubectl apply -f slip.yaml"),
        File("slip.yaml", POD.format(name="slip") + "    env:\n    - name: APP_COLOR\n    - value: blue\n", "One entry split in two, in"),
        Run("kubectl apply -f slip.yaml"),
        Run("kubectl create -f slip.yaml --from-file=app.properties"),
        Run("kubectl get pod slip"),
    ),
)

LESSON = (ROLLING_UPDATE, ROLLBACK, CONFIGURATION, PHASES, SLIPS)
