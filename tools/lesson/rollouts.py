"""Stories 1 and 2: a rolling update; a bad rollout, and back."""

from tools.lesson.steps import Chapter, File, Run

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
_NO_IMAGE = "ErrImagePull|ImagePullBackOff"
SETTLED = {"after": "kubectl get pods --no-headers | grep -vc 'Running' ; kubectl get pods --no-headers | wc -l", "shows": r"^0\n3\n"}

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
            f'kubectl patch {MYAPP} -p \'{{"spec":{{"minReadySeconds":5}}}}\'',
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
        Run("kubectl rollout status deployment/web --timeout=5s", only="1 out of 3|error", after="kubectl get pods", shows=_NO_IMAGE),
        Run(
            "kubectl get deployments,rs,pods",
            "The old Pods keep serving, and the rollout stands.",
            shows=_NO_IMAGE,
        ),
        Run("kubectl get events --field-selector reason=Failed -o custom-columns=MESSAGE:.message | sort -u | grep pull", shows="pull"),
        Run("kubectl rollout history deployment/web"),
        Run("kubectl rollout history deployment/web --revision=2"),
        Run("kubectl rollout undo deployment/web", "Back to the revision before."),
        Run("kubectl rollout status deployment/web", only="successfully"),
        Run("kubectl rollout history deployment/web", "A rollback is a new rollout of an old template: revision 1 is now revision 3."),
        Run("kubectl rollout undo deployment/web --to-revision=7"),
        Run(
            'kubectl patch deployment/web -p \'{"spec":{"progressDeadlineSeconds":8}}\'',
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
