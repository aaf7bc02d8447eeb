"""Story 4: where a container's environment comes from, and what happens when it does not come."""

from tools.lesson.steps import Chapter, File, Run

_POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: simple-webapp-color
  labels:
    app: webapp
spec:
  containers:
  - name: simple-webapp-color
    image: simple-webapp-color
    ports:
    - containerPort: 8080
    resources:
      limits:
        memory: 128Mi
    env:
    - name: APP_COLOR
      value: pink
"""
_FULL = (
    _POD
    + """\
    - name: GREETING
      value: a $(APP_COLOR) page, $$(APP_COLOR), $(NOBODY)
    - name: MODE
      valueFrom:
        configMapKeyRef:
          name: app-config
          key: APP_MODE
    - name: DB_Password
      valueFrom:
        secretKeyRef:
          name: app-secret
          key: DB_Password
    - name: POD_NAME
      valueFrom:
        fieldRef:
          fieldPath: metadata.name
    - name: APP
      valueFrom:
        fieldRef:
          fieldPath: metadata.labels['app']
    - name: MEMORY_MB
      valueFrom:
        resourceFieldRef:
          resource: limits.memory
          divisor: 1Mi
    envFrom:
    - configMapRef:
        name: app-config
    - prefix: SECRET_
      secretRef:
        name: app-secret
"""
)
_NAME = "simple-webapp-color"
_EVENTS = f"kubectl get events --field-selector involvedObject.name={_NAME},reason=Failed -o custom-columns=MESSAGE:.message"

ENVIRONMENT = Chapter(
    "Environment variables",
    (
        File("color.yaml", _POD, "A variable with a value, in"),
        Run("kubectl apply -f color.yaml"),
        Run(f"kubectl wait --for=condition=Ready pod/{_NAME}"),
        Run(f"kubectl logs {_NAME}"),
        Run(f"kubectl exec {_NAME} -- sh -c 'echo $APP_COLOR'"),
        Run(f"kubectl delete pod {_NAME} --now"),
        File("color.yaml", _FULL, "All that a value can come from, in"),
        Run("kubectl apply -f color.yaml"),
        Run(f"kubectl get pod {_NAME}", "What it refers to is not there.", shows="ConfigError"),
        Run(_EVENTS, only="not found|MESSAGE", shows="not found"),
        Run("kubectl create configmap app-config --from-literal=APP_COLOR=blue --from-literal=APP_MODES=prod"),
        Run(
            "kubectl create secret generic app-secret"
            " --from-literal=DB_Host=mysql --from-literal=DB_User=root --from-literal=DB_Password=paswrd"
        ),
        Run(_EVENTS, "Now a key is missing.", shows="find key", only="find key|MESSAGE"),
        Run(
            'kubectl patch configmap app-config -p \'{"data":{"APP_MODE":"prod","APP_MODES":null}}\'',
            "It starts by itself once all is there.",
        ),
        Run(f"kubectl wait --for=condition=Ready pod/{_NAME}"),
        Run(f"kubectl exec {_NAME} -- env", "`env` wins over `envFrom`. The last ones are those of Services."),
        Run(f"kubectl describe pod {_NAME}", until="Mounts:"),
        Run(f"kubectl logs {_NAME} | head -n 1", shows="."),
        Run(f"kubectl delete pod/{_NAME} configmap/app-config secret/app-secret --now"),
    ),
)
