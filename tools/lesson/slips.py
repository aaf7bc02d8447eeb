"""The slips of the notes, and the answers to them."""

from tools.lesson.steps import Chapter, File, Run

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
        File(
            "slip.yaml",
            POD.format(name="slip") + "    env:\n    - name: APP_COLOR\n    - valueFrom:\n        configMapKeyRef: app-config\n",
            "As the notes have it, in",
        ),
        Run("kubectl apply -f slip.yaml"),
        File("slip.yaml", SLIP.replace("APP_COLOR", "DB_Password").replace("configMapRef", "secretRef"), "For Secrets the same, in"),
        Run("kubectl apply -f slip.yaml"),
        File(
            "config-map.yaml",
            "appVersion: v1\nkind: ConfigMap\nmetadata:\n  name: app-config\ndata:\n  APP_COLOR: pink\n",
            "A slip in the first word, in",
        ),
        Run("kubectl create -f config-map.yaml"),
        Run("kubectl create -f config-map.yaml --from-file=app.properties", "Files are for `create configmap`."),
        Run("kubectl create configmap \\\\ app-config --from-literal=APP_COLOR=pink", "A backslash is for the end of a line."),
        Run("kubectl get pod slip"),
    ),
)
