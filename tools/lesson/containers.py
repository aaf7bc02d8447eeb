"""Story 6: several containers in one Pod, and the three patterns of them."""

from tools.lesson.steps import Chapter, File, Run

_SIMPLE = """\
apiVersion: v1
kind: Pod
metadata:
  name: simple-webapp
  labels:
    name: simple-webapp
spec:
  containers:
  - name: simple-webapp
    image: simple-webapp
    ports:
    - containerPort: 8080
  - name: log-agent
    image: log-agent
"""
_SIDECAR = """\
apiVersion: v1
kind: Pod
metadata:
  name: sidecar
spec:
  containers:
  - name: web
    image: nginx:1.25
    volumeMounts:
    - name: logs
      mountPath: /var/log/nginx
  - name: tail
    image: busybox
    command: ["sh", "-c", "until test -f /logs/access.log; do sleep 1; done; tail -f /logs/access.log"]
    volumeMounts:
    - name: logs
      mountPath: /logs
  volumes:
  - name: logs
    emptyDir: {}
"""
_ADAPTER = """\
apiVersion: v1
kind: Pod
metadata:
  name: adapter
spec:
  containers:
  - name: app
    image: busybox
    command: ["sh", "-c", "while true; do echo \\"load 0.7 users 3\\" > /data/raw; sleep 1; done"]
    volumeMounts:
    - name: data
      mountPath: /data
  - name: adapter
    image: busybox
    command: ["sh", "-c", "while sleep 1; do awk '{print \\"app_load \\" $2; print \\"app_users \\" $4}' /data/raw > /data/metrics; done"]
    volumeMounts:
    - name: data
      mountPath: /data
  volumes:
  - name: data
    emptyDir: {}
"""
_AMBASSADOR = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: ambassador
data:
  default.conf: |
    server {
      listen 9000;
      location / { proxy_pass http://simple-webapp; }
    }
---
apiVersion: v1
kind: Pod
metadata:
  name: ambassador
spec:
  containers:
  - name: app
    image: busybox
    command: ["sleep", "3600"]
  - name: ambassador
    image: nginx:1.25
    volumeMounts:
    - name: conf
      mountPath: /etc/nginx/conf.d
  volumes:
  - name: conf
    configMap:
      name: ambassador
"""
_ASK = "kubectl exec ambassador -c app -- wget -qO- http://localhost:9000"

CONTAINERS = Chapter(
    "Several containers in a Pod",
    (
        File("webapp.yaml", _SIMPLE, "Two containers that live and die together, in"),
        Run("kubectl apply -f webapp.yaml"),
        Run("kubectl wait --for=condition=Ready pod/simple-webapp"),
        Run("kubectl get pod simple-webapp"),
        Run("kubectl logs simple-webapp -c log-agent", shows="started"),
        Run("kubectl logs simple-webapp --all-containers --prefix --tail=1 | sort", shows="started\n.*quit"),
        Run("kubectl logs simple-webapp -c agent"),
        Run(
            "kubectl exec simple-webapp -c log-agent -- wget -qO- http://localhost:8080 | grep h1",
            "They share one network: what one serves the other finds on localhost.",
        ),
        File("sidecar.yaml", _SIDECAR, "A sidecar that shows the log file which the web server writes, in"),
        Run("kubectl apply -f sidecar.yaml"),
        Run("kubectl wait --for=condition=Ready pod/sidecar"),
        Run("kubectl exec sidecar -c tail -- wget -qO /dev/null http://localhost"),
        Run("kubectl exec sidecar -c tail -- wget -q http://localhost/nothing"),
        Run("kubectl logs sidecar -c tail", shows=r"GET / (.*\n)*.*nothing"),
        File("adapter.yaml", _ADAPTER, "An adapter that gives the application's output another form, in"),
        Run("kubectl apply -f adapter.yaml"),
        Run("kubectl wait --for=condition=Ready pod/adapter"),
        Run(
            "kubectl exec adapter -c adapter -- cat /data/raw /data/metrics",
            shows="load 0.7 users 3\napp_load 0.7\napp_users 3\n",
        ),
        File("ambassador.yaml", _AMBASSADOR, "An ambassador: the application speaks to localhost, and nginx passes it on to a Service, in"),
        Run("kubectl apply -f ambassador.yaml"),
        Run(
            "kubectl logs ambassador -c ambassador | tail -n 1",
            "That Service does not exist, and nginx does not start without.",
            shows="not found",
        ),
        Run("kubectl get pod ambassador", shows="CrashLoopBackOff"),
        Run("kubectl expose pod simple-webapp --port=80 --target-port=8080"),
        Run("kubectl replace --force --grace-period=1 -f ambassador.yaml"),
        Run("kubectl wait --for=condition=Ready pod/ambassador"),
        Run(f"{_ASK} | grep h1", shows="h1"),
        Run("kubectl delete pods --all --now"),
        Run("kubectl delete service simple-webapp"),
    ),
)
