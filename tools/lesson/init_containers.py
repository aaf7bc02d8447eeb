"""Story 7: init containers."""

from tools.lesson.steps import Chapter, File, Run

_APP = """\
apiVersion: v1
kind: Pod
metadata:
  name: myapp-pod
  labels:
    app: myapp
spec:
  containers:
  - name: myapp-container
    image: busybox:1.28
    command: ['sh', '-c', 'echo The app is running! && sleep 3600']
  initContainers:
  - name: init-myservice
    image: busybox:1.28
    command: ['sh', '-c', 'until nslookup myservice; do echo waiting for myservice; sleep 2; done;']
  - name: init-mydb
    image: busybox:1.28
    command: ['sh', '-c', 'until nslookup mydb; do echo waiting for mydb; sleep 2; done;']
"""
_SLIP = _APP.replace(
    "'until nslookup myservice; do echo waiting for myservice; sleep 2; done;'",
    "'git clone <some-repository-that-will-be-used-by-application> ; done;'",
)
_SIDECAR = """\
apiVersion: v1
kind: Pod
metadata:
  name: with-sidecar
spec:
  initContainers:
  - name: logshipper
    image: busybox
    restartPolicy: Always
    command: ["sh", "-c", "touch /opt/logs.txt; tail -f /opt/logs.txt"]
    volumeMounts:
    - name: data
      mountPath: /opt
  - name: prepare
    image: busybox
    command: ["sh", "-c", "echo prepared >> /opt/logs.txt"]
    volumeMounts:
    - name: data
      mountPath: /opt
  containers:
  - name: myapp
    image: busybox
    command: ["sh", "-c", "echo running >> /opt/logs.txt; sleep 3600"]
    volumeMounts:
    - name: data
      mountPath: /opt
  volumes:
  - name: data
    emptyDir: {}
"""
_NEVER = """\
apiVersion: v1
kind: Pod
metadata:
  name: never
spec:
  restartPolicy: Never
  initContainers:
  - name: init
    image: busybox
    command: ["sh", "-c", "echo no database; exit 3"]
  containers:
  - name: app
    image: nginx:1.25
"""
_LOOK = "kubectl get pod myapp-pod"

INIT_CONTAINERS = Chapter(
    "Init containers",
    (
        File("pod-definition.yaml", _APP, "Two init containers that wait for Services, in"),
        Run("kubectl apply -f pod-definition.yaml"),
        Run(_LOOK, after="kubectl logs myapp-pod -c init-myservice", shows="waiting"),
        Run("kubectl logs myapp-pod -c init-myservice | head -n 5"),
        Run("kubectl logs myapp-pod -c init-mydb"),
        Run("kubectl create service clusterip myservice --tcp=80:9376"),
        Run(_LOOK, shows="1/2"),
        Run("kubectl logs myapp-pod -c init-myservice | tail -n 5"),
        Run("kubectl create service clusterip mydb --tcp=80:9377", after="kubectl logs myapp-pod -c init-mydb", shows="waiting"),
        Run("kubectl wait --for=condition=Ready pod/myapp-pod"),
        Run(_LOOK),
        Run("kubectl logs myapp-pod"),
        Run("kubectl describe pod myapp-pod | sed -n '/^Init Containers/,/^Conditions/p'", until="Containers:\n  myapp"),
        Run(
            "kubectl get events --field-selector involvedObject.name=myapp-pod"
            " -o custom-columns=FROM:.involvedObject.fieldPath,REASON:.reason",
            only="spec|FROM",
        ),
        Run("kubectl delete -f pod-definition.yaml --now"),
        File("pod-definition.yaml", _SLIP, "The same with a slip: the first script ends in a `done` that nothing begins, in"),
        Run("kubectl apply -f pod-definition.yaml"),
        Run(
            _LOOK,
            "An init container that fails is tried again, later each time. The Pod never starts.",
            shows="Init:CrashLoopBackOff",
        ),
        Run("kubectl logs myapp-pod -c init-myservice", shows="."),
        Run("kubectl get pod myapp-pod -o jsonpath='{.status.initContainerStatuses[0].lastState.terminated.exitCode}'; echo"),
        Run("kubectl logs myapp-pod"),
        File("never.yaml", _NEVER, "Where nothing is restarted, the Pod fails with it, in"),
        Run("kubectl apply -f never.yaml"),
        Run("kubectl get pod never", after="kubectl get pod never -o jsonpath='{.status.phase}'", shows="Failed"),
        Run("kubectl get pod never -o jsonpath='{.status.phase}'; echo"),
        Run("kubectl logs never -c init", shows="."),
        File("with-sidecar.yaml", _SIDECAR, "An init container that is always restarted is a sidecar: it runs on beside the others, in"),
        Run("kubectl apply -f with-sidecar.yaml"),
        Run("kubectl wait --for=condition=Ready pod/with-sidecar"),
        Run("kubectl get pod with-sidecar"),
        Run("kubectl logs with-sidecar -c logshipper", shows="running"),
        Run("kubectl delete pods --all --now"),
        Run("kubectl delete service myservice mydb"),
    ),
)
