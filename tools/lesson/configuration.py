"""Story 5: ConfigMaps and Secrets, in the API and mounted."""

from tools.lesson.steps import Chapter, File, Run

_MOUNTED = """\
apiVersion: v1
kind: Pod
metadata:
  name: mounted
spec:
  containers:
  - name: app
    image: busybox
    command: ["sleep", "3600"]
    env:
    - name: APP_COLOR
      valueFrom:
        configMapKeyRef:
          name: app-config
          key: APP_COLOR
    volumeMounts:
    - name: app-secret-volume
      mountPath: /opt/app-secret-volumes
      readOnly: true
    - name: app-config-volume
      mountPath: /etc/app
    - name: app-config-volume
      mountPath: /etc/color
      subPath: APP_COLOR
    - name: all
      mountPath: /etc/all
  volumes:
  - name: app-secret-volume
    secret:
      secretName: app-secret
  - name: app-config-volume
    configMap:
      name: app-config
  - name: all
    projected:
      defaultMode: 0440
      sources:
      - secret:
          name: app-secret
          items:
          - key: DB_Password
            path: db/password
            mode: 0400
      - configMap:
          name: not-there
          optional: true
      - downwardAPI:
          items:
          - path: name
            fieldRef:
              fieldPath: metadata.name
"""
_IN = "kubectl exec mounted --"

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
        File("mounted.yaml", _MOUNTED, "Both as volumes, in"),
        Run("kubectl apply -f mounted.yaml"),
        Run("kubectl wait --for=condition=Ready pod/mounted"),
        Run(f"{_IN} ls /opt/app-secret-volumes"),
        Run(f"{_IN} cat /opt/app-secret-volumes/DB_Password; echo", "Mounted, the values are decoded."),
        Run(f"{_IN} ls -la /opt/app-secret-volumes", "The files are links, so that all of them can change at once."),
        Run(f"{_IN} sh -c 'echo mysql > /opt/app-secret-volumes/DB_Host'"),
        Run(
            f"{_IN} sh -c 'cd /etc/all; ls -lL name db/password; cat name; echo; cat db/password; echo'",
            "Items have paths and modes of their own.",
        ),
        Run("kubectl describe pod mounted | sed -n '/^Volumes:/,/kube-api-access/p' | sed '$d'"),
        Run(
            'kubectl patch configmap app-config -p \'{"data":{"APP_COLOR":"green"}}\'',
            "An update reaches the mounted files (at a real pace within about a minute), but neither the environment nor a file that is"
            " mounted with `subPath`.",
        ),
        Run(
            f"{_IN} sh -c 'cat /etc/app/APP_COLOR; echo; cat /etc/color; echo; echo $APP_COLOR'",
            after=f"{_IN} cat /etc/app/APP_COLOR",
            shows="green",
        ),
        Run("kubectl delete pod mounted --now"),
        Run("kubectl patch configmap app-config -p '{\"immutable\":true}'", "What is immutable cannot be changed, not even back."),
        Run('kubectl patch configmap app-config -p \'{"data":{"APP_COLOR":"red"}}\''),
        Run("kubectl delete configmap app-config"),
    ),
)
