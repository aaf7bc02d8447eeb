"""Story 3: commands and arguments."""

from tools.lesson.steps import Chapter, File, Run

_SLEEPER = """\
apiVersion: v1
kind: Pod
metadata:
  name: ubuntu-sleeper-pod
spec:
  containers:
    - name: ubuntu-sleeper
      image: ubuntu-sleeper
      args: ["10"]
"""
_POD = "ubuntu-sleeper-pod"
_REPLACE = "kubectl replace --force --grace-period=1 -f pod-definition.yaml"
_WHY = " -o custom-columns=REASON:.reason,MESSAGE:.message"

COMMANDS = Chapter(
    "Commands and arguments",
    (
        Run("kubectl run ubuntu --image=ubuntu", "ubuntu's command is bash. Without a terminal it has nothing to do, and completes."),
        Run("kubectl get pod ubuntu", shows="CrashLoopBackOff"),
        Run("kubectl get pod ubuntu -o jsonpath='{.status.containerStatuses[0].lastState.terminated.reason}'; echo"),
        Run(
            f"kubectl get events --field-selector involvedObject.name=ubuntu{_WHY}",
            "The Pod's restart policy is Always, so the kubelet starts it again, each time a little later.",
            only=r"Back|Created|Started|MESSAGE",
            shows="Back-off",
        ),
        File(
            "pod-definition.yaml",
            _SLEEPER,
            "The image ubuntu-sleeper has the entrypoint `sleep` and the command `5`. `args` replaces the command, in",
        ),
        Run("kubectl apply -f pod-definition.yaml"),
        Run(f"kubectl wait --for=condition=Ready pod/{_POD}"),
        Run(f"kubectl exec {_POD} -- ps -o pid,args", shows="sleep 10"),
        Run(
            """sed -i 's/args: .*/command: ["sleep", "20"]/' pod-definition.yaml""",
            "`command` replaces the entrypoint, and the image's own command with it.",
        ),
        Run("kubectl apply -f pod-definition.yaml", "A Pod's command cannot be changed.", until="core.PodSpec"),
        Run(_REPLACE, "So it is made anew."),
        Run(f"kubectl wait --for=condition=Ready pod/{_POD}"),
        Run(f"kubectl exec {_POD} -- ps -o pid,args", shows="sleep 20"),
        Run("""sed -i 's/command: .*/command: ["sleep2.0"]\\n      args: ["10"]/' pod-definition.yaml""", "There is no such program:"),
        Run(_REPLACE),
        Run(f"kubectl get pod {_POD}", shows="CrashLoopBackOff"),
        Run(f"kubectl describe pod {_POD}", until="Conditions:", shows="CrashLoopBackOff"),
        Run(
            f"kubectl get events --field-selector involvedObject.name={_POD},type=Warning{_WHY}",
            only=r"sleep2.0|Back|MESSAGE",
            shows="Back-off",
        ),
        Run("""sed -i '/command:/d; s/"10"/"ten"/' pod-definition.yaml""", "A program that does start, and complains:"),
        Run(_REPLACE),
        Run(f"kubectl logs {_POD}", shows="more information"),
        Run("""sed -i 's/"ten"/10/' pod-definition.yaml""", "An argument is a string."),
        Run("kubectl create -f pod-definition.yaml"),
        Run("kubectl delete pod ubuntu ubuntu-sleeper-pod --now"),
    ),
)
